"""Where the crops of a live frame lie in their object: read back from crop.ready, for they have no rows.

A row a live frame would be a thousand a second at the size that we design for, and nearly none is ever asked for. The
topic keeps what it said for longer than pictures are kept, and its key and the frame's time say where to look.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from api.pictures import frame_owner, live_time
from chassis.lanes import partition_for
from chassis.records import Partition, Record
from tablewatch_schemas import ContractError, CropReady, decode
from tablewatch_schemas.times import to_ms

Place = tuple[str, int, int]
"""Object key, offset and length."""

# Of the broker's time of a record against the light: clocks of recorders run ahead, and crops are cut a while later.
BEFORE_MS, AFTER_MS = 30_000, 180_000
AT_ONCE = 4
KNOWN_FRAMES = 500
PATIENCE_S = 2.0


class Topics(Protocol):
    """What can be read back."""

    def written(self, place: Partition, since_ms: int, until_ms: int) -> AsyncGenerator[Record, None]:
        """Records of a partition between two times of the broker."""
        ...


class LiveCrops:
    """Looks frames up, and remembers those that it came by."""

    def __init__(self, topics: Topics, partitions: int, patience_s: float = PATIENCE_S) -> None:
        self._topics, self._partitions, self._patience_s = topics, partitions, patience_s
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._known: OrderedDict[str, dict[str, Place]] = OrderedDict()

    async def of(self, frame_id: str, table_id: str) -> Place | None:
        """The crop of a table from a live frame; None where crop.ready says of none. Raises ConnectionError."""
        if frame_id not in self._known:
            try:
                async with asyncio.timeout(self._patience_s), self._turn:
                    await self._look(frame_id)
            except TimeoutError as error:
                raise ConnectionError(f"crop.ready was not read in {self._patience_s:g} s") from error
        return self._known.get(frame_id, {}).get(table_id)

    async def _look(self, frame_id: str) -> None:
        at = live_time(frame_id)
        if at is None:
            return
        place = Partition(CropReady.TOPIC, partition_for(frame_owner(frame_id).encode(), "live", self._partitions))
        at_ms = to_ms(at)
        async with aclosing(self._topics.written(place, at_ms - BEFORE_MS, at_ms + AFTER_MS)) as records:
            async for record in records:
                if self._note(record) == frame_id:
                    return

    def _note(self, record: Record) -> str | None:
        """The frame that a record is about."""
        try:
            event = decode(record.topic, record.key, record.value, record.headers).event
        except ContractError:
            return None
        if not isinstance(event, CropReady) or event.run_id is not None or event.crops_key is None:
            return None
        self._known[event.frame_id] = {c.table_id: (event.crops_key, c.offset, c.length) for c in event.crops}
        while len(self._known) > KNOWN_FRAMES:
            self._known.popitem(last=False)
        return event.frame_id
