"""Flow control: bounds the frames of runs that are published and not yet consumed, by default by the cropper."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.clock import Clock
from chassis.lanes import run_partitions

REFRESH_S = 0.5
TIMEOUT_S = 10.0
UNBOUNDED = 1 << 30


class Lag(Protocol):
    """How many frames of runs a consumer group has not processed yet."""

    async def lag(self) -> int | None:
        """None if that cannot be known now."""
        ...


class PublishWindow:
    """At most `size` frames of runs under way; 0: no limit.

    The lag is read at most every REFRESH_S; what was published since then counts as under way.
    """

    def __init__(self, size: int, group: Lag, clock: Clock) -> None:
        self._size, self._group, self._clock = size, group, clock
        self._room, self._read_at = 0, float("-inf")

    async def room(self) -> int:
        """Frames that may be published now; 0 while the lag is unknown."""
        if self._size == 0:
            return UNBOUNDED
        if self._clock.monotonic() - self._read_at >= REFRESH_S:
            lag = await self._group.lag()
            self._room = 0 if lag is None else max(0, self._size - lag)
            self._read_at = self._clock.monotonic()
        return self._room

    def published(self, frames: int) -> None:
        self._room = max(0, self._room - frames)


class GroupLag:
    """The lag of a consumer group on the run partitions of a topic, read from the broker."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int) -> None:
        self._bootstrap, self._group = bootstrap, group
        self._partitions = [TopicPartition(topic, number) for number in run_partitions(partitions)]
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def lag(self) -> int | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._read()
        except (KafkaError, OSError, TimeoutError):
            await self.stop()
            return None

    async def _read(self) -> int:
        if self._admin is None or self._reader is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="extractor-window")
            self._reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, client_id="extractor-window")
            await self._admin.start()
            await self._reader.start()
        committed = await self._admin.list_consumer_group_offsets(self._group, partitions=self._partitions)
        ends = await self._reader.end_offsets(self._partitions)
        begins = await self._reader.beginning_offsets(self._partitions)
        return sum(max(0, ends[each] - max(begins[each], _offset(committed, each))) for each in self._partitions)

    async def stop(self) -> None:
        """Close the connections; the next call of `lag` opens them again."""
        admin, reader, self._admin, self._reader = self._admin, self._reader, None, None
        if admin is not None:
            await admin.close()
        if reader is not None:
            await reader.stop()


def _offset(committed: Mapping[TopicPartition, Any], partition: TopicPartition) -> int:
    """-1 where the group has committed nothing."""
    found = committed.get(partition)
    return -1 if found is None else int(found.offset)
