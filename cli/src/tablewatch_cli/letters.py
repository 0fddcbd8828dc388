"""Dead letters: what they say of themselves, and how one is sent again.

A dead letter is the record as it came plus `dlq-*` headers; the topic `<topic>.<group>.dlq` has one partition.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from tablewatch_cli.broker import Broker
from tablewatch_cli.errors import CliError

PREFIX = "dlq-"
REPLAYED_FROM = "dlq-replayed-from"
REPLAYS = "dlq-replays"
TOLD = ("reason-code", "reason", "attempts", "group", "first-seen", "stack", "replayed-from", "replays")
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `origin` None: nobody says where it came from, so that it cannot be sent again."""

    at: TopicPartition
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, record: ConsumerRecord) -> Letter:
        place = TopicPartition(record.topic, record.partition)
        return cls(place, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))

    @property
    def said(self) -> dict[str, str]:
        """Its headers as text; of two with one name the last, which is the latest failure's."""
        return {name: value.decode(errors="replace") for name, value in self.headers}

    @property
    def origin(self) -> tuple[TopicPartition, int] | None:
        """Where it was read by the consumer that failed."""
        said = self.said
        try:
            return TopicPartition(said["dlq-topic"], int(said["dlq-partition"])), int(said["dlq-offset"])
        except (KeyError, ValueError):
            return None

    def replay_headers(self) -> Headers:
        """The original headers, ce_id among them, and the mark of a replay."""
        again = int(self.said.get(REPLAYS, "0")) + 1
        kept = [(name, value) for name, value in self.headers if not name.startswith(PREFIX)]
        mark = f"{self.at.topic}/{self.offset}".encode()
        return [*kept, (REPLAYED_FROM, mark), (REPLAYS, str(again).encode())]

    def document(self) -> dict[str, object]:
        """For --json; bytes that are not UTF-8 are given as base64 and said to be so."""
        said = self.said
        when = datetime.fromtimestamp(self.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
        origin = None if self.origin is None else {**self.origin[0]._asdict(), "offset": self.origin[1]}
        told = {name.replace("-", "_"): said.get(PREFIX + name) for name in TOLD}
        headers = {name: text for name, text in said.items() if not name.startswith(PREFIX)}
        return {
            "offset": self.offset, "dead_at": when, **told, "origin": origin, "key": _text(self.key),
            "headers": headers, "value": _text(self.value), "value_encoding": _encoding(self.value),
        }  # fmt: skip


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


async def place_of(broker: Broker, topic: str) -> TopicPartition:
    """The partition of a dead-letter topic. Raises CliError `not_dead_letters`, `unknown_topic`."""
    if not topic.endswith(".dlq"):
        raise CliError("not_dead_letters", f"{topic} is no dead-letter topic: `tablewatch dlq list` names them")
    return (await broker.partitions(topic))[0]


async def read(broker: Broker, at: TopicPartition, offsets: Iterable[int] | None = None) -> list[Letter]:
    """All letters, or those at the offsets. Raises CliError `unknown_offset` when one is not there (any more)."""
    edges = (await broker.edges([at]))[at]
    wanted = None if offsets is None else set(offsets)
    start = edges.first if not wanted else max(edges.first, min(wanted))
    end = edges.end if not wanted else min(edges.end, max(wanted) + 1)
    found = [Letter.of(r) async for r in broker.read(at, start, end) if wanted is None or r.offset in wanted]
    missing = sorted((wanted or set()) - {letter.offset for letter in found})
    if missing:
        there = f"{edges.first} to {edges.end - 1}" if edges.count else "nothing"
        raise CliError("unknown_offset", f"{at.topic} has no {', '.join(map(str, missing))}; it holds {there}")
    return found


async def superseded(broker: Broker, found: Iterable[Letter], compacted: Collection[str]) -> set[int]:
    """Offsets of letters whose key has had a later record on a compacted topic: sent again, the older would win."""
    origins = {letter.offset: (letter, *letter.origin) for letter in found if letter.origin}
    oldest: dict[TopicPartition, int] = {}
    for _, at, offset in origins.values():
        if at.topic in compacted:
            oldest[at] = min(offset, oldest.get(at, offset))
    newest = {at: await _newest(broker, at, start) for at, start in oldest.items()}
    return {
        number for number, (letter, at, offset) in origins.items() if newest.get(at, {}).get(letter.key, -1) > offset
    }


async def _newest(broker: Broker, at: TopicPartition, start: int) -> dict[bytes | None, int]:
    """The last offset of each key of a partition."""
    edges = (await broker.edges([at]))[at]
    return {record.key: record.offset async for record in broker.read(at, max(start, edges.first), edges.end)}


async def send_again(producer: AIOKafkaProducer, letter: Letter) -> tuple[TopicPartition, int]:
    """Replay one: same key, bytes and partition; where it is now."""
    if letter.origin is None:
        raise CliError("no_origin", f"{letter.at.topic}/{letter.offset} does not say where it came from")
    at, _ = letter.origin
    sent = await producer.send_and_wait(
        at.topic, letter.value, letter.key, partition=at.partition, headers=letter.replay_headers()
    )
    return at, sent.offset
