"""The outcome of a run, comparable with that of an undisturbed one; one content for each event id; every frame
accounted for."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tests.support.pipeline import Records, Site, event_id, of_run, ok, read_topics, run_of, states
from tests.support.private_stack import PrivateStack

from tablewatch_cli.commands.ledger import count
from tablewatch_schemas import TableState, to_ms

Crop = tuple[str, int, bool]
Ends = tuple[int, dict[str, int], int]


@dataclass(frozen=True)
class Outcome:
    """A run without what differs from run to run (ids, times of processing).

    `frames` are index and media time, `crops` by frame the table, length in bytes and whether it changed, `transitions`
    state and since (capture time, ms) by table, `ledger` by stage how many frames were done, dropped and dead-lettered.
    """

    frames: list[tuple[int, int]]
    crops: dict[int, list[Crop]]
    transitions: dict[str, list[tuple[str, int]]]
    final: dict[str, str]
    hazards: list[tuple[str, str]]
    ledger: dict[str, Ends]


def assert_same_outcome(found: Outcome, undisturbed: Outcome) -> None:
    """Raises with the fields that differ alone: an outcome whole is too long to be read."""
    pairs = {each.name: (getattr(found, each.name), getattr(undisturbed, each.name)) for each in fields(Outcome)}
    assert not (differing := {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}), (
        f"not as undisturbed (found, undisturbed): {differing}"
    )


def outcome(stack: PrivateStack, site: Site, run_id: str, records: Records) -> Outcome:
    """Of a finished run, from the topics and from the API."""
    mine = of_run(records, run_id)
    with stack.client() as client:
        listed = ok(client.get("/v1/states", params={"run_id": run_id}))["items"]
        hazards = ok(client.get("/v1/hazards", params={"run_id": run_id}))["items"]
    return Outcome(
        frames=sorted({(frame["index"], frame["media_ms"]) for frame in _values(mine, "frame.extracted")}),
        crops={ready["index"]: _crops(ready, site) for ready in _values(mine, "crop.ready")},
        transitions={label: transitions(versions) for label, versions in states(mine, site).items()},
        final={site.labels[state["table_id"]]: state["state"] for state in listed},
        hazards=sorted((hazard["kind"], hazard["opened_at"]) for hazard in hazards),
        ledger=accounts(stack, run_id),
    )


def _values(records: Records, topic: str) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"{}") for record in records if record.topic == topic]


def _crops(ready: Mapping[str, Any], site: Site) -> list[Crop]:
    return [(site.labels[crop["table_id"]], crop["length"], crop["changed"]) for crop in ready["crops"]]


def transitions(versions: list[TableState]) -> list[tuple[str, int]]:
    """State and since of each transition; how often a state is republished in between may differ."""
    found: list[tuple[str, int]] = []
    for version in versions:
        if not found or found[-1][0] != version.state:
            found.append((version.state, to_ms(version.since)))
    return found


def assert_one_content_per_id(records: Records) -> None:
    """Delivery is at least once: an id may come more than once, but never with other content."""
    contents: dict[tuple[str, str], bytes | None] = {}
    for record in records:
        first = contents.setdefault((record.topic, event_id(record)), record.value)
        was = f"{record.topic} {event_id(record)} was published with different content"
        assert first == record.value, f"{was}: {first!r} and then {record.value!r}"


def republished(records: Records) -> dict[str, int]:
    """How many records of each topic have the id of an earlier one."""
    times = Counter((record.topic, event_id(record)) for record in records)
    by_topic: Counter[str] = Counter()
    for (topic, _), count_of_id in times.items():
        by_topic[topic] += count_of_id - 1
    return {topic: surplus for topic, surplus in sorted(by_topic.items()) if surplus}


def accounts(stack: PrivateStack, run_id: str) -> dict[str, Ends]:
    """What became of every frame, by stage; raises unless extracted = done + dropped by reason + dead-lettered."""
    found = asyncio.run(count(stack.run()["kafka_bootstrap"], run_id))
    for each in found:
        ends = each.done + sum(each.dropped.values()) + each.dead_lettered
        assert each.extracted == ends > 0, each
    return {each.stage: (each.done, dict(each.dropped), each.dead_lettered) for each in found}


def records_of(stack: PrivateStack, run_ids: set[str]) -> Records:
    """Every record of these runs on every topic."""
    return [record for record in read_topics(stack) if run_of(record) in run_ids]
