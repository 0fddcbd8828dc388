"""crop.ready of live frames, read back from the topic: live frames have no rows, and the topic keeps its records."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from chassis.lanes import partition_for
from chassis.records import Record, TopicPartition
from events.decode import event_or_none
from tablewatch_schemas import CropReady

MAX_READS = 4
TIMEOUT_S, PLACE_TIMEOUT_S = 2.0, 10.0
Visit = Callable[[CropReady], bool]
"""Takes one record; True: no more are needed."""


class Topics(Protocol):
    """A broker whose earlier records can be read."""

    def read_between(self, partition: TopicPartition, since_ms: int, until_ms: int) -> AsyncGenerator[Record, None]:
        """Records of a partition between two times of the broker."""
        ...


class LiveCuts:
    """Reads the records of one camera; a few reads at a time, each within `timeout_s`.

    The wait for one of the places counts apart: a read that began late has as long as any other.
    """

    def __init__(
        self, topics: Topics, partitions: int, timeout_s: float = TIMEOUT_S, place_timeout_s: float = PLACE_TIMEOUT_S
    ) -> None:
        self._topics, self._partitions = topics, partitions
        self._timeout_s, self._place_timeout_s = timeout_s, place_timeout_s
        self._places = asyncio.Semaphore(MAX_READS)

    async def visit(self, camera_id: str, since_ms: int, until_ms: int, visit: Visit) -> None:
        """Show `visit` the camera's records between two times of the broker, in order. Raises ConnectionError."""
        try:
            async with asyncio.timeout(self._place_timeout_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise ConnectionError(f"{MAX_READS} reads of crop.ready did not end") from error
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._read(camera_id.encode(), since_ms, until_ms, visit)
        except TimeoutError as error:
            raise ConnectionError(f"crop.ready was not read in {self._timeout_s:g} s") from error
        finally:
            self._places.release()

    async def _read(self, camera: bytes, since_ms: int, until_ms: int, visit: Visit) -> None:
        partition = TopicPartition(CropReady.TOPIC, partition_for(camera, "live", self._partitions))
        async with aclosing(self._topics.read_between(partition, since_ms, until_ms)) as records:
            async for record in records:
                # Records of the partition's other cameras are not decoded
                event = event_or_none(record) if record.key == camera else None
                if isinstance(event, CropReady) and event.run_id is None and visit(event):
                    return
