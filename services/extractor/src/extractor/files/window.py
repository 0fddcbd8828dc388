"""How many frames of runs are under way: published and not consumed yet. A bulk upload waits here."""

import asyncio
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.clock import Clock
from chassis.lanes import run_partitions

FRESH_S = 0.5
ANSWER_S = 10.0


class Backlog(Protocol):
    """Tells how many frames of runs a consumer group still has before it; None if that cannot be known now."""

    async def waiting(self) -> int | None: ...


class Window:
    """Room for frames of runs: at most `size` under way. What was released since the last look counts as under way."""

    def __init__(self, size: int, backlog: Backlog, clock: Clock) -> None:
        self._size, self._backlog, self._clock = size, backlog, clock
        self._room, self._looked = 0, float("-inf")

    async def room(self) -> int:
        """Frames that may be published now; 0 while the backlog cannot be known."""
        if self._size == 0:
            return 1 << 30
        if self._clock.monotonic() - self._looked >= FRESH_S:
            waiting = await self._backlog.waiting()
            self._room = 0 if waiting is None else max(0, self._size - waiting)
            self._looked = self._clock.monotonic()
        return self._room

    def released(self, frames: int) -> None:
        """Frames went out."""
        self._room = max(0, self._room - frames)


class GroupBacklog:
    """Lag of a group on the run partitions of a topic, asked of the broker."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int) -> None:
        self._bootstrap, self._group = bootstrap, group
        self._places = [TopicPartition(topic, number) for number in run_partitions(partitions)]
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def waiting(self) -> int | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._ask()
        except (KafkaError, OSError, TimeoutError):
            await self.stop()
            return None

    async def _ask(self) -> int:
        if self._admin is None or self._reader is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="extractor-window")
            self._reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, client_id="extractor-window")
            await self._admin.start()
            await self._reader.start()
        committed = await self._admin.list_consumer_group_offsets(self._group, partitions=self._places)
        ends = await self._reader.end_offsets(self._places)
        begins = await self._reader.beginning_offsets(self._places)
        return sum(_behind(committed.get(place), begins[place], ends[place]) for place in self._places)

    async def stop(self) -> None:
        """Let go of the connections; the next question opens them again."""
        admin, reader, self._admin, self._reader = self._admin, self._reader, None, None
        if admin is not None:
            await admin.close()
        if reader is not None:
            await reader.stop()


def _behind(committed: "object", begin: int, end: int) -> int:
    """Records between what a group committed (offset -1: nothing yet) and the end of the partition."""
    offset = getattr(committed, "offset", -1)
    return max(0, end - max(begin, offset))
