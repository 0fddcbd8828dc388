"""A poison record of every kind on every topic, in front of a good run's own records: each consumer group publishes it
as a dead letter, or skips it as documented, and goes on."""

import asyncio
import threading
import time
from collections import defaultdict
from functools import partial
from typing import Any

import pytest
from tests.faults.checks import TIMEOUT_S, Checks, Report, wait_ready
from tests.support.pipeline import read_topics
from tests.support.poison import KINDS, Kind, Poison, partitions_of, produce
from tests.support.private_stack import PrivateStack, until
from tests.support.side_by_side import ON_THE_SHARED_STACK
from tests.support.uploads import Uploads

from tablewatch_cli.broker import connected
from tablewatch_schemas import TOPICS, dlq_name

pytestmark = [pytest.mark.timeout(1800), ON_THE_SHARED_STACK]
ALL_PRODUCED_S = 120
JUST_STARTED = ("api", "classifier-gateway", "hazard")
READ = {
    "ingest": {"video.command", "site.config"},
    "extractor": {"video.uploaded", "video.command", "site.config"},
    "extractor-crops": {"crop.ready"},
    "cropper": {"frame.extracted", "video.command"},
    "classifier-gateway-dispatch": {"crop.ready", "video.command", "camera.status", "camera.config", "table.signal"},
    "classifier-gateway-fold": {"table.evidence"},
    "hazard-detect": {"frame.extracted", "video.command"},
    "hazard-follow": {"hazard.candidate", "hazard.command"},
    "api-projector": {
        "video.uploaded", "video.rejected", "upload.refused", "video.progress", "frame.extracted", "crop.ready",
        "table.state", "hazard.candidate", "hazard.alert", "camera.status", "table.group",
    },
}  # fmt: skip
"""What each group reads at least; others read camera.config without a group, where a bad record is skipped."""


def test_poison_on_every_topic(stack: PrivateStack, uploads: Uploads, checks: Checks, report: Report) -> None:
    table_id = next(iter(uploads.site.labels))
    for part in JUST_STARTED:  # no success in a fuse's window, so that the poison is all that it has seen
        stack.wait_restarted(part, stack.kill(part), TIMEOUT_S)
    wait_ready(stack, time.monotonic())
    produced: list[Poison] = []
    all_produced = threading.Barrier(len(KINDS))  # all of it in a row, as no upload has sent a byte

    def poison(kind: Kind, job: dict[str, Any]) -> None:
        produced.extend(_poison(stack, kind, job, table_id))
        all_produced.wait(ALL_PRODUCED_S)

    checked = [uploads.start(1, partial(poison, kind)) for kind in KINDS]
    for kind, started in zip(KINDS, checked, strict=True):
        checks.equal(f"poison, {kind.name}, on {len(TOPICS)} topics", uploads, started)
    until(lambda: _all_read(stack, produced), 120, "every group being past the poison", every_s=1)
    dead_letters = _dead_letters(stack)
    for each in produced:
        for group in _readers(each.topic):
            _check(each, group, dead_letters[group, each.topic, each.partition, each.offset])
    report(
        f"poison: {len(produced)} records, {sum(map(len, dead_letters.values()))} dead letters of {len(READ)} groups"
    )


def _poison(stack: PrivateStack, kind: Kind, job: dict[str, Any], table_id: str) -> list[Poison]:
    return produce(stack.run()["kafka_bootstrap"], kind, partitions_of(job, table_id))


def _readers(topic: str) -> list[str]:
    return [group for group, topics in READ.items() if topic in topics]


def _check(each: Poison, group: str, codes: list[str]) -> None:
    """The dead letters have the right code. A record without a value is a tombstone, which most groups may skip."""
    if each.kind.code is None:
        assert set(codes) <= {"not_a_command", "no_value"}, (each, group, codes)
    else:
        assert set(codes) == {each.kind.code}, (each, group, codes)


def _all_read(stack: PrivateStack, produced: list[Poison]) -> bool | None:
    committed = asyncio.run(_committed(stack.run()["kafka_bootstrap"]))
    behind = [
        (group, each.topic)
        for each in produced
        for group in _readers(each.topic)
        if committed[group].get((each.topic, each.partition), 0) <= each.offset
    ]
    return None if behind else True


async def _committed(bootstrap: str) -> dict[str, dict[tuple[str, int], int]]:
    async with connected(bootstrap) as broker:
        found = {group: await broker.committed(group) for group in READ}
    return {group: {(at.topic, at.partition): offset for at, offset in of.items()} for group, of in found.items()}


def _dead_letters(stack: PrivateStack) -> dict[tuple[str, str, int, int], list[str]]:
    """Reason codes by group and original topic, partition and offset."""
    names = [dlq_name(topic, group) for group, topics in READ.items() for topic in topics]
    found: dict[tuple[str, str, int, int], list[str]] = defaultdict(list)
    for record in read_topics(stack, *names):
        headers = {name: value.decode() for name, value in record.headers if name.startswith("dlq-")}
        origin = (headers["dlq-topic"], int(headers["dlq-partition"]), int(headers["dlq-offset"]))
        found[headers["dlq-group"], *origin].append(headers["dlq-reason-code"])
    return found
