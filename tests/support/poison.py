"""Records that no consumer can use, produced to the partitions that a run's own records will follow in."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from tests.support.private_stack import REPO

from chassis.lanes import partition_for
from tablewatch_schemas import TOPICS, TopicInfo

PARTITIONS = 6
LARGE = 1_000_000
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Kind:
    """One way to be wrong. `code`: why it is dead-lettered; None where a record without a value may be ignored."""

    name: str
    code: str | None
    value: Callable[[TopicInfo], bytes | None]
    headers: Callable[[TopicInfo], Headers]


@dataclass(frozen=True)
class Poison:
    """One that was produced."""

    kind: Kind
    topic: str
    partition: int
    offset: int


def _headers(info: TopicInfo, version: int = 1) -> Headers:
    headers = {
        "ce_id": "5f0e4c1e-0000-5000-8000-000000000000",
        "ce_source": "tablewatch/nobody",
        "ce_specversion": "1.0",
        "ce_type": f"tablewatch.{info.name}.v{version}",
        "ce_time": "2026-11-01T12:00:00.000Z",
        "ce_version": "1",
    }
    return [(name, text.encode()) for name, text in headers.items()]


def _example(info: TopicInfo) -> bytes:
    first = next(path for path in sorted((REPO / "schemas" / info.name / "examples" / "v1").iterdir()))
    return json.dumps(json.loads(first.read_text())["value"]).encode()


KINDS = (
    Kind("not JSON", "not_json", lambda info: b"\xff\x00{ this is no JSON", _headers),
    Kind("wrong schema", "wrong_schema", lambda info: b'{"nothing": "of what is needed"}', _headers),
    Kind("unknown version", "unknown_version", _example, lambda info: _headers(info, 9)),
    Kind("1 MB", "wrong_schema", lambda info: json.dumps({"filler": "x" * LARGE}).encode(), _headers),
    Kind("tombstone", None, lambda info: None, _headers),
    Kind("missing headers", "missing_header", _example, lambda info: []),
)


def partitions_of(job: dict[str, Any], table_id: str) -> dict[str, int]:
    """The partition of every topic that a run's records go to: of states and evidence that of one of its tables."""
    fields = job | {"table_id": table_id}
    return {info.name: _partition(info, fields) for info in TOPICS.values()}


def _partition(info: TopicInfo, fields: dict[str, Any]) -> int:
    lane = "live" if info.lane == "live" else "run"
    template = (info.key_run or info.key_live or "") if lane == "run" else info.key_live or ""
    key = template.format_map(_Fields(fields))
    return partition_for(key.encode(), lane, PARTITIONS)


class _Fields(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "nothing"


def produce(bootstrap: str, kind: Kind, partitions: dict[str, int]) -> list[Poison]:
    """One record of this kind on each topic, `partitions` by topic."""
    return asyncio.run(_produce(bootstrap, kind, partitions))


async def _produce(bootstrap: str, kind: Kind, partitions: dict[str, int]) -> list[Poison]:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=LARGE + 40_000) as producer:
        produced = []
        for topic, partition in partitions.items():
            info = TOPICS[topic]
            value, headers = kind.value(info), kind.headers(info)
            sent = await producer.send_and_wait(topic, value, b"poison", partition=partition, headers=headers)
            produced.append(Poison(kind, topic, partition, sent.offset))
        return produced
