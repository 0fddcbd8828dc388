"""A broker in memory: partitions, groups, eager rebalances, commits."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from chassis import lanes
from chassis.broker import Revoked
from chassis.records import Record, Sendable, TopicPartition


class MemoryBroker:
    """Topics exist as soon as they are named, with `partitions` partitions (dead-letter topics with one)."""

    def __init__(self, partitions: int = 6) -> None:
        self.count = partitions
        self.waits_for: str | None = None
        self.records: dict[TopicPartition, list[Record]] = defaultdict(list)
        self.committed: dict[tuple[str, TopicPartition], int] = {}
        self._members: dict[str, list[MemorySubscription]] = defaultdict(list)
        self._changed = asyncio.Event()

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> "MemorySubscription":
        """Join a group, which rebalances: all partitions are revoked and assigned anew."""
        member = MemorySubscription(self, group, topics, revoked)
        await self._rebalance(group, [*self._members[group], member])
        return member

    async def read(self, topic: str, *, newest: bool = False) -> "MemorySubscription":
        reader = MemorySubscription(self, None, [topic], _nothing)
        reader.assign({each: len(self.records[each]) if newest else 0 for each in self._partitions([topic])})
        return reader

    async def partitions(self, topic: str) -> int:
        return 1 if topic.endswith(".dlq") else self.count

    async def read_earlier(self, record: Record, since_ms: int) -> list[Record]:
        before = self.records[record.topic_partition][: record.offset]
        return [one for one in before if one.key == record.key and one.timestamp_ms >= since_ms]

    def append(self, message: Sendable, number: int) -> int:
        log = self.records[TopicPartition(message.topic, number)]
        stamp = int(time.time() * 1000)
        log.append(Record(message.topic, number, len(log), stamp, message.key, message.value, message.headers))
        self._changed.set()
        return len(log) - 1

    def topic(self, name: str) -> list[Record]:
        """All records of a topic, by partition and offset."""
        return [record for of in sorted(self.records) if of.topic == name for record in self.records[of]]

    async def leave(self, member: "MemorySubscription") -> None:
        """Remove a member; its partitions are assigned to the others."""
        if member.group is not None and member in self._members[member.group]:
            remaining = [other for other in self._members[member.group] if other is not member]
            await self._rebalance(member.group, remaining)

    def wake(self) -> None:
        """Wake the polls that wait."""
        self._changed.set()

    async def wait_change(self, timeout_s: float) -> None:
        """Wait until something is written or assigned, at most `timeout_s`."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)

    async def _rebalance(self, group: str, members: "list[MemorySubscription]") -> None:
        for member in self._members[group]:
            if member in members:
                await member.revoked()
            member.assign({})
        self._members[group] = members
        for topic in {topic for member in members for topic in member.topics}:
            takers = [member for member in members if topic in member.topics]
            for position, partition in enumerate(self._partitions([topic])):
                takers[position % len(takers)].add(partition, self.committed.get((group, partition), 0))
        self._changed.set()

    def _partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [
            TopicPartition(topic, number)
            for topic in topics
            for number in range(1 if topic.endswith(".dlq") else self.count)
        ]


class MemorySubscription:
    """A member of a group of a MemoryBroker, or a reader without one."""

    def __init__(self, broker: MemoryBroker, group: str | None, topics: Sequence[str], revoked: Revoked) -> None:
        self.group, self.topics, self.revoked = group, tuple(topics), revoked
        self._broker = broker
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def assign(self, positions: dict[TopicPartition, int]) -> None:
        """Replace the assignment; nothing is paused in a new one."""
        self._positions, self._paused = positions, set()

    def add(self, partition: TopicPartition, position: int) -> None:
        self._positions[partition] = position

    async def poll(self, timeout_s: float, max_records: int) -> Sequence[Record]:
        if not (found := self._fetch(max_records)):
            await self._broker.wait_change(timeout_s)
            found = self._fetch(max_records)
        return found

    @property
    def complaint(self) -> str | None:
        return None

    def assigned(self) -> set[TopicPartition]:
        return set(self._positions)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        self._paused.difference_update(partitions)
        self._broker.wake()

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        if not set(offsets) <= set(self._positions):
            return False
        if self.group is not None:
            self._broker.committed |= {(self.group, partition): offset for partition, offset in offsets.items()}
        return True

    async def lag(self) -> dict[TopicPartition, int] | None:
        return {
            partition: len(self._broker.records[partition]) - position
            for partition, position in self._positions.items()
        }

    async def close(self) -> None:
        await self._broker.leave(self)
        self._positions = {}

    def _fetch(self, max_records: int) -> list[Record]:
        found: list[Record] = []
        for partition in sorted(set(self._positions) - self._paused):
            start = self._positions[partition]
            batch = self._broker.records[partition][start : start + max_records - len(found)]
            self._positions[partition] = start + len(batch)
            found.extend(batch)
        return found


class MemoryProducer:
    """Sends into a MemoryBroker; `sent` has the messages in order."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        self.sent: list[Sendable] = []

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(self, message: Sendable) -> tuple[int, int]:
        """Append to the partition that KafkaProducer would choose."""
        number = lanes.partition_of(message, self.broker.count)
        await asyncio.sleep(0)  # as a real one would: other tasks run meanwhile
        self.sent.append(message)
        return number, self.broker.append(message, number)

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        for message in messages:
            await self.send(message)


async def _nothing() -> None: ...
