"""Where the crops of a live frame lie in their object: read back from crop.ready, because they have no rows.

A row for each live frame would be a thousand a second at the size that we design for, and nearly none is ever asked
for. The topic keeps its records for longer than pictures are kept; the camera's key and the frame's time lead to
the record.
"""

from datetime import datetime
from functools import partial

from cachetools import LRUCache

from api.model.pictures import frame_owner, live_time
from events.live_cuts import LiveCuts
from events.single_flight import SingleFlight
from tablewatch_schemas import CropReady
from tablewatch_schemas.times import to_ms

CropPart = tuple[str, int, int]
"""Object key, offset and length, bytes."""
FrameCrops = dict[str, CropPart]
"""The crops of one frame, by table."""

# Between the capture time and the broker's time of the record: recorders' clocks are fast, and crops are made later.
BEFORE_MS, AFTER_MS = 30_000, 180_000
CACHED_FRAMES = 500


class LiveCrops:
    """Reads the crops of live frames, and caches every frame that it comes by. One read serves all who wait for it."""

    def __init__(self, cuts: LiveCuts) -> None:
        self._cuts = cuts
        self._cache: LRUCache[str, FrameCrops] = LRUCache(CACHED_FRAMES)
        self._reads: SingleFlight[FrameCrops] = SingleFlight()

    async def of(self, frame_id: str, table_id: str, now: datetime) -> CropPart | None:
        """The crop of a table from a live frame; None where crop.ready has none. Raises ConnectionError."""
        crops = self._cache.get(frame_id)
        if crops is None:
            crops = await self._reads.run(frame_id, partial(self._read, frame_id, now))
        return crops.get(table_id)

    async def _read(self, frame_id: str, now: datetime) -> FrameCrops:
        captured_at = live_time(frame_id)
        if captured_at is None:
            return {}
        captured_ms, found = to_ms(captured_at), dict[str, FrameCrops]()

        def visit(event: CropReady) -> bool:
            self._cache[event.frame_id] = crops = _crops_of(event)
            if event.frame_id == frame_id:
                found[frame_id] = crops
            return frame_id in found

        await self._cuts.visit(frame_owner(frame_id), captured_ms - BEFORE_MS, captured_ms + AFTER_MS, visit)
        if not found and to_ms(now) > captured_ms + AFTER_MS:  # no record of the frame can come any more
            self._cache[frame_id] = {}
        return found.get(frame_id, {})


def _crops_of(event: CropReady) -> FrameCrops:
    key = event.crops_key
    return {} if key is None else {crop.table_id: (key, crop.offset, crop.length) for crop in event.crops}
