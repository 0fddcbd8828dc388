"""Where the crops of a live frame lie in their object: read back from crop.ready, for they have no rows.

A row a live frame would be a thousand a second at the size that we design for, and nearly none is ever asked for. The
topic keeps what it said for longer than pictures are kept, and its key and the frame's time say where to look.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Protocol

from api.pictures import frame_owner, live_time
from chassis.lanes import partition_for
from chassis.records import Partition, Record
from tablewatch_schemas import ContractError, CropReady, decode
from tablewatch_schemas.times import to_ms

Place = tuple[str, int, int]
"""Object key, offset and length."""
Places = dict[str, Place]
"""The crops of one frame, by table."""

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
    """Looks frames up, and remembers those that it came by. Whoever asks for the same frame shares one look."""

    def __init__(self, topics: Topics, partitions: int, patience_s: float = PATIENCE_S) -> None:
        self._topics, self._partitions, self._patience_s = topics, partitions, patience_s
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._known: OrderedDict[str, Places] = OrderedDict()
        self._looks: dict[str, asyncio.Task[Places]] = {}

    async def of(self, frame_id: str, table_id: str, now: datetime) -> Place | None:
        """The crop of a table from a live frame; None where crop.ready says of none. Raises ConnectionError."""
        found = self._known.get(frame_id)
        if found is None:
            found = await asyncio.shield(self._look_for(frame_id, now))
        return found.get(table_id)

    def _look_for(self, frame_id: str, now: datetime) -> "asyncio.Task[Places]":
        look = self._looks.get(frame_id)
        if look is None:
            look = self._looks[frame_id] = asyncio.create_task(self._look_in_turn(frame_id, now))
            look.add_done_callback(partial(self._over, frame_id))
        return look

    def _over(self, frame_id: str, look: "asyncio.Task[Places]") -> None:
        del self._looks[frame_id]
        if not look.cancelled():
            look.exception()  # those who asked may be gone

    async def _look_in_turn(self, frame_id: str, now: datetime) -> Places:
        try:
            async with asyncio.timeout(self._patience_s), self._turn:
                return await self._look(frame_id, now)
        except TimeoutError as error:
            raise ConnectionError(f"crop.ready was not read in {self._patience_s:g} s") from error

    async def _look(self, frame_id: str, now: datetime) -> Places:
        at, camera = live_time(frame_id), frame_owner(frame_id).encode()
        if at is None:
            return {}
        place = Partition(CropReady.TOPIC, partition_for(camera, "live", self._partitions))
        at_ms = to_ms(at)
        async with aclosing(self._topics.written(place, at_ms - BEFORE_MS, at_ms + AFTER_MS)) as records:
            async for record in records:
                if record.key == camera and (noted := self._note(record)) is not None and noted[0] == frame_id:
                    return noted[1]
        if to_ms(now) > at_ms + AFTER_MS:  # it does not come any more
            self._remember(frame_id, {})
        return {}

    def _note(self, record: Record) -> tuple[str, Places] | None:
        """The frame that a record is about, and its crops. Other cameras of the partition are not even decoded."""
        try:
            event = decode(record.topic, record.key, record.value, record.headers).event
        except ContractError:
            return None
        if not isinstance(event, CropReady) or event.run_id is not None:
            return None
        key = event.crops_key
        places = {} if key is None else {crop.table_id: (key, crop.offset, crop.length) for crop in event.crops}
        self._remember(event.frame_id, places)
        return event.frame_id, places

    def _remember(self, frame_id: str, places: Places) -> None:
        self._known[frame_id] = places
        while len(self._known) > KNOWN_FRAMES:
            self._known.popitem(last=False)
