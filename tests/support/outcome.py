"""What a run came to, to be compared with an undisturbed one; that nothing took effect twice; that every frame is
accounted for."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.private_stack import PrivateStack
from tests.support.road import Heard, Place, event_id, hear, of_run, ok, run_of, states

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


def outcome(stack: PrivateStack, place: Place, run_id: str, heard: Heard) -> Outcome:
    """Of a finished run, from the topics and from the API."""
    mine = of_run(heard, run_id)
    with stack.client() as client:
        listed = ok(client.get("/v1/states", params={"run_id": run_id}))["items"]
        hazards = ok(client.get("/v1/hazards", params={"run_id": run_id}))["items"]
    return Outcome(
        frames=sorted({(frame["index"], frame["media_ms"]) for frame in _values(mine, "frame.extracted")}),
        crops={ready["index"]: _crops(ready, place) for ready in _values(mine, "crop.ready")},
        transitions={label: transitions(versions) for label, versions in states(mine, place).items()},
        final={place.labels[state["table_id"]]: state["state"] for state in listed},
        hazards=sorted((hazard["kind"], hazard["opened_at"]) for hazard in hazards),
        ledger=accounts(stack, run_id),
    )


def _values(heard: Heard, topic: str) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"{}") for record in heard if record.topic == topic]


def _crops(ready: Mapping[str, Any], place: Place) -> list[Crop]:
    return [(place.labels[crop["table_id"]], crop["length"], crop["changed"]) for crop in ready["crops"]]


def transitions(versions: list[TableState]) -> list[tuple[str, int]]:
    """State and since of each transition; what is said again in between may differ."""
    found: list[tuple[str, int]] = []
    for version in versions:
        if not found or found[-1][0] != version.state:
            found.append((version.state, to_ms(version.since)))
    return found


def nothing_twice(heard: Heard) -> None:
    """Delivery is at least once: the same id may come again, but never with other content."""
    contents: dict[tuple[str, str], bytes | None] = {}
    for record in heard:
        first = contents.setdefault((record.topic, event_id(record)), record.value)
        assert first == record.value, f"{record.topic} {event_id(record)} was said twice with different content"


def repeated(heard: Heard) -> dict[str, int]:
    """How many records of each topic came again."""
    said = Counter((record.topic, event_id(record)) for record in heard)
    again: Counter[str] = Counter()
    for (topic, _), times in said.items():
        again[topic] += times - 1
    return {topic: times for topic, times in sorted(again.items()) if times}


def accounts(stack: PrivateStack, run_id: str) -> dict[str, Ends]:
    """What became of every frame, by stage; raises unless extracted = done + dropped by reason + dead-lettered."""
    found = asyncio.run(count(stack.run()["kafka_bootstrap"], run_id))
    for each in found:
        ends = each.done + sum(each.dropped.values()) + each.dead_lettered
        assert each.extracted == ends > 0, each
    return {each.stage: (each.done, dict(each.dropped), each.dead_lettered) for each in found}


def heard_of(stack: PrivateStack, run_ids: set[str]) -> Heard:
    """Every record of these runs on every topic."""
    return [record for record in hear(stack) if run_of(record) in run_ids]
