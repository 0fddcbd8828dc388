"""A broker in memory: partitions, groups, eager rebalances, commits."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from chassis import lanes
from chassis.broker import Revoked
from chassis.records import Partition, Record, Sendable


class MemoryBroker:
    """Topics come into being by being named, with `partitions` partitions (dead-letter topics with one)."""

    def __init__(self, partitions: int = 6) -> None:
        self.count = partitions
        self.records: dict[Partition, list[Record]] = defaultdict(list)
        self.committed: dict[tuple[str, Partition], int] = {}
        self._members: dict[str, list[MemorySubscription]] = defaultdict(list)
        self._changed = asyncio.Event()

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> "MemorySubscription":
        """Join a group; its members are rebalanced, all partitions taken away and dealt anew."""
        member = MemorySubscription(self, group, topics, revoked)
        await self._rebalance(group, [*self._members[group], member])
        return member

    async def read(self, topic: str) -> "MemorySubscription":
        """Every partition of `topic` from its start, without a group."""
        reader = MemorySubscription(self, None, [topic], _nothing)
        reader.give(dict.fromkeys(self._places([topic]), 0))
        return reader

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        return 1 if topic.endswith(".dlq") else self.count

    async def earlier(self, record: Record, since_ms: int) -> list[Record]:
        """Records of the same key before `record` in its partition."""
        before = self.records[record.place][: record.offset]
        return [one for one in before if one.key == record.key and one.timestamp_ms >= since_ms]

    def append(self, message: Sendable, number: int) -> int:
        """Write a record; its offset."""
        log = self.records[Partition(message.topic, number)]
        stamp = int(time.time() * 1000)
        log.append(Record(message.topic, number, len(log), stamp, message.key, message.value, message.headers))
        self._changed.set()
        return len(log) - 1

    def topic(self, name: str) -> list[Record]:
        """All records of a topic, by partition and offset."""
        return [record for place in sorted(self.records) if place.topic == name for record in self.records[place]]

    async def leave(self, member: "MemorySubscription") -> None:
        """A member goes; what it had is dealt to the others."""
        if member.group is not None and member in self._members[member.group]:
            remaining = [other for other in self._members[member.group] if other is not member]
            await self._rebalance(member.group, remaining)

    def wake(self) -> None:
        """Let waiting polls look again."""
        self._changed.set()

    async def wait_change(self, timeout_s: float) -> None:
        """Until something is written or dealt, at most `timeout_s`."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            return

    async def _rebalance(self, group: str, members: "list[MemorySubscription]") -> None:
        for member in self._members[group]:
            if member in members:
                await member.revoked()
            member.give({})
        self._members[group] = members
        for topic in {topic for member in members for topic in member.topics}:
            takers = [member for member in members if topic in member.topics]
            for position, place in enumerate(self._places([topic])):
                takers[position % len(takers)].add(place, self.committed.get((group, place), 0))
        self._changed.set()

    def _places(self, topics: Iterable[str]) -> list[Partition]:
        return [
            Partition(topic, number)
            for topic in topics
            for number in range(1 if topic.endswith(".dlq") else self.count)
        ]


class MemorySubscription:
    """A member of a group of a MemoryBroker, or a reader without one."""

    def __init__(self, broker: MemoryBroker, group: str | None, topics: Sequence[str], revoked: Revoked) -> None:
        self.group, self.topics, self.revoked = group, tuple(topics), revoked
        self._broker = broker
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()

    def give(self, positions: dict[Partition, int]) -> None:
        """Replace the assignment; nothing is paused in a new one."""
        self._positions, self._paused = positions, set()

    def add(self, place: Partition, position: int) -> None:
        """Add a partition to the assignment."""
        self._positions[place] = position

    async def poll(self, timeout_s: float, most: int) -> Sequence[Record]:
        if not (found := self._fetch(most)):
            await self._broker.wait_change(timeout_s)
            found = self._fetch(most)
        return found

    def assigned(self) -> set[Partition]:
        return set(self._positions)

    def pause(self, partitions: Iterable[Partition]) -> None:
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        self._paused.difference_update(partitions)
        self._broker.wake()

    async def commit(self, offsets: Mapping[Partition, int]) -> bool:
        if not set(offsets) <= set(self._positions):
            return False
        if self.group is not None:
            self._broker.committed |= {(self.group, place): offset for place, offset in offsets.items()}
        return True

    async def lag(self) -> dict[Partition, int] | None:
        return {place: len(self._broker.records[place]) - position for place, position in self._positions.items()}

    async def close(self) -> None:
        await self._broker.leave(self)
        self._positions = {}

    def _fetch(self, most: int) -> list[Record]:
        found: list[Record] = []
        for place in sorted(set(self._positions) - self._paused):
            start = self._positions[place]
            batch = self._broker.records[place][start : start + most - len(found)]
            self._positions[place] = start + len(batch)
            found.extend(batch)
        return found


class MemoryProducer:
    """Sends into a MemoryBroker and remembers what was sent."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        self.sent: list[Sendable] = []

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(self, message: Sendable) -> tuple[int, int]:
        """Append to the partition that Kafka's producer would take."""
        number = message.partition
        if number is None:
            number = lanes.partition_for(message.key or b"", message.lane, self.broker.count)
        await asyncio.sleep(0)  # as a real one would: others get their turn
        self.sent.append(message)
        return number, self.broker.append(message, number)

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        """Append all in order."""
        for message in messages:
            await self.send(message)


async def _nothing() -> None: ...
