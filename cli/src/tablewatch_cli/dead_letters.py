"""Dead letters: read from `<topic>.<group>.dlq`, and replayed to the topic that they came from.

A dead letter is the record as it came plus `dlq-*` headers; its topic has one partition.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from tablewatch_cli.broker import Broker
from tablewatch_cli.errors import NoOrigin, NotDeadLetters, UnknownOffset
from tablewatch_schemas.foreign import header_texts

PREFIX = "dlq-"
REPLAYED_FROM = "dlq-replayed-from"
REPLAYS = "dlq-replays"
SHOWN = ("reason-code", "reason", "attempts", "group", "first-seen", "stack", "replayed-from", "replays")
"""Headers, without their prefix, that `dlq show` shows."""
Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record of a dead-letter topic."""

    partition: TopicPartition
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @classmethod
    def of(cls, record: ConsumerRecord) -> DeadLetter:
        partition = TopicPartition(record.topic, record.partition)
        return cls(partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))

    @property
    def header_texts(self) -> dict[str, str]:
        """Its headers as text; of two with one name the last, which is the latest failure's."""
        return header_texts(self.headers)

    @property
    def origin(self) -> tuple[TopicPartition, int] | None:
        """Partition and offset at which the consumer that failed read it; None when no header names them."""
        headers = self.header_texts
        try:
            return TopicPartition(headers["dlq-topic"], _whole(headers["dlq-partition"])), _whole(headers["dlq-offset"])
        except (KeyError, ValueError):
            return None

    def replay_headers(self) -> Headers:
        """The original headers, ce_id among them, and those that mark a replay."""
        try:
            replays = _whole(self.header_texts.get(REPLAYS, "0")) + 1
        except ValueError:  # a stranger's header
            replays = 1
        original = [(name, value) for name, value in self.headers if not name.startswith(PREFIX)]
        mark = f"{self.partition.topic}/{self.offset}".encode()
        return [*original, (REPLAYED_FROM, mark), (REPLAYS, str(replays).encode())]

    def document(self) -> dict[str, object]:
        """For --json; bytes that are not UTF-8 are base64, and `value_encoding` says so."""
        texts = self.header_texts
        when = datetime.fromtimestamp(self.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
        origin = None if self.origin is None else {**self.origin[0]._asdict(), "offset": self.origin[1]}
        shown = {name.replace("-", "_"): texts.get(PREFIX + name) for name in SHOWN}
        headers = {name: text for name, text in texts.items() if not name.startswith(PREFIX)}
        return {
            "offset": self.offset, "dead_at": when, **shown, "origin": origin, "key": _text(self.key),
            "headers": headers, "value": _text(self.value), "value_encoding": _encoding(self.value),
        }  # fmt: skip


def _whole(text: str) -> int:
    """A count or an offset of a header. Raises ValueError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ValueError(f"{text[:40]!r} is no offset")
    return int(text)


def _encoding(data: bytes | None) -> str | None:
    if data is None:
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        return "base64"
    return "utf-8"


def _text(data: bytes | None) -> str | None:
    if data is None:
        return None
    return base64.b64encode(data).decode() if _encoding(data) == "base64" else data.decode()


async def partition_of(broker: Broker, topic: str) -> TopicPartition:
    """The partition of a dead-letter topic. Raises NotDeadLetters, UnknownTopic."""
    if not topic.endswith(".dlq"):
        raise NotDeadLetters(f"It was: {topic}.")
    return (await broker.partitions(topic))[0]


async def read(broker: Broker, partition: TopicPartition, offsets: Iterable[int] | None = None) -> list[DeadLetter]:
    """All dead letters, or those at the offsets. Raises UnknownOffset when one is not there (any more)."""
    edges = (await broker.edges([partition]))[partition]
    wanted = None if offsets is None else set(offsets)
    start = edges.first if not wanted else max(edges.first, min(wanted))
    end = edges.end if not wanted else min(edges.end, max(wanted) + 1)
    records = broker.read(partition, start, end)
    found = [DeadLetter.of(record) async for record in records if wanted is None or record.offset in wanted]
    missing = sorted((wanted or set()) - {letter.offset for letter in found})
    if missing:
        there = f"{edges.first} to {edges.end - 1}" if edges.count else "nothing"
        raise UnknownOffset(f"{partition.topic} has no {', '.join(map(str, missing))}; it holds {there}.")
    return found


async def superseded(broker: Broker, found: Iterable[DeadLetter], compacted: Collection[str]) -> set[int]:
    """Offsets of dead letters whose key has a later record on a compacted topic: replayed, the older would win."""
    origins = {letter.offset: (letter, *letter.origin) for letter in found if letter.origin}
    oldest: dict[TopicPartition, int] = {}
    for _, partition, offset in origins.values():
        if partition.topic in compacted:
            oldest[partition] = min(offset, oldest.get(partition, offset))
    newest = {partition: await _newest(broker, partition, start) for partition, start in oldest.items()}
    return {
        number
        for number, (letter, partition, offset) in origins.items()
        if newest.get(partition, {}).get(letter.key, -1) > offset
    }


async def _newest(broker: Broker, partition: TopicPartition, start: int) -> dict[bytes | None, int]:
    """The last offset of each key, from `start` on."""
    edges = (await broker.edges([partition]))[partition]
    records = broker.read(partition, max(start, edges.first), edges.end)
    return {record.key: record.offset async for record in records}


async def replay(producer: AIOKafkaProducer, letter: DeadLetter) -> tuple[TopicPartition, int]:
    """Send one with the same key, bytes and partition; returns where it is now. Raises NoOrigin."""
    if letter.origin is None:
        raise NoOrigin(f"It was: {letter.partition.topic}/{letter.offset}.")
    partition, _ = letter.origin
    sent = await producer.send_and_wait(
        partition.topic, letter.value, letter.key, partition=partition.partition, headers=letter.replay_headers()
    )
    return partition, sent.offset
