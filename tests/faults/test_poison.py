"""A poison record of every kind on every topic, in front of a good run's own records: each consumer group buries it, or
passes it over as documented, and goes on."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest
from tests.faults.proof import Proof, Tell
from tests.support.load import Load
from tests.support.poison import KINDS, Kind, Put, places, put
from tests.support.private_stack import PrivateStack, until
from tests.support.road import hear

from tablewatch_cli.broker import connected
from tablewatch_schemas import TOPICS, dlq_name

pytestmark = pytest.mark.timeout(1800)
READ = {
    "ingest": {"video.command"},
    "extractor": {"video.uploaded", "video.command"},
    "cropper": {"frame.extracted", "video.command"},
    "classifier-gateway-dispatch": {"crop.ready", "video.command", "camera.status", "table.signal"},
    "classifier-gateway-fold": {"table.evidence"},
    "hazard-detect": {"frame.extracted", "video.command"},
    "hazard-follow": {"hazard.candidate", "hazard.command"},
    "api-projector": {
        "video.uploaded", "video.rejected", "video.progress", "frame.extracted", "crop.ready", "table.state",
        "hazard.candidate", "hazard.alert", "camera.status", "table.group",
    },
}  # fmt: skip
"""What each group reads at least; camera.config is read without a group, where a bad record is passed over."""


def test_poison_on_every_topic(stack: PrivateStack, load: Load, proof: Proof, tell: Tell) -> None:
    table_id = next(iter(load.place.labels))
    lying: list[Put] = []
    for kind in KINDS:
        sent = load.start(1, lambda job, kind=kind: lying.extend(_poison(stack, kind, job, table_id)))  # type: ignore[misc]
        proof.check(f"poison, {kind.name}, on {len(TOPICS)} topics", load, sent)
    until(lambda: _all_read(stack, lying), 120, "every group being past the poison", every_s=1)
    buried = _buried(stack)
    for each in lying:
        for group in _readers(each.topic):
            _is_right(each, group, buried[group, each.topic, each.partition, each.offset])
    tell(f"poison: {len(lying)} records, {sum(map(len, buried.values()))} dead letters of {len(READ)} groups")


def _poison(stack: PrivateStack, kind: Kind, job: dict[str, Any], table_id: str) -> list[Put]:
    return put(stack.run()["kafka_bootstrap"], kind, places(job, table_id))


def _readers(topic: str) -> list[str]:
    return [group for group, topics in READ.items() if topic in topics]


def _is_right(each: Put, group: str, codes: list[str]) -> None:
    """Buried with the reason that fits. A record without a value is a tombstone: most have nothing to do."""
    if each.kind.code is None:
        assert set(codes) <= {"not_a_command", "no_value"}, (each, group, codes)
    else:
        assert set(codes) == {each.kind.code}, (each, group, codes)


def _all_read(stack: PrivateStack, lying: list[Put]) -> bool | None:
    committed = asyncio.run(_committed(stack.run()["kafka_bootstrap"]))
    behind = [
        (group, each.topic)
        for each in lying
        for group in _readers(each.topic)
        if committed[group].get((each.topic, each.partition), 0) <= each.offset
    ]
    return None if behind else True


async def _committed(bootstrap: str) -> dict[str, dict[tuple[str, int], int]]:
    async with connected(bootstrap) as broker:
        found = {group: await broker.committed(group) for group in READ}
    return {group: {(at.topic, at.partition): offset for at, offset in of.items()} for group, of in found.items()}


def _buried(stack: PrivateStack) -> dict[tuple[str, str, int, int], list[str]]:
    """Reason codes by group and original place."""
    names = [dlq_name(topic, group) for group, topics in READ.items() for topic in topics]
    found: dict[tuple[str, str, int, int], list[str]] = defaultdict(list)
    for record in hear(stack, *names):
        said = {name: value.decode() for name, value in record.headers if name.startswith("dlq-")}
        place = (said["dlq-group"], said["dlq-topic"], int(said["dlq-partition"]), int(said["dlq-offset"]))
        found[place].append(said["dlq-reason-code"])
    return found
