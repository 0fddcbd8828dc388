"""Counts the crops of runs, which the cropper stores, in the storage quota of their site.

The judgement that the classifier gateway stores of each of these frames is counted with them, as what it usually takes:
it is made later, and nothing that comes once a frame tells its size. A recount lists what is really there.
"""

from typing import Any

import asyncpg

from chassis import logs
from chassis.clock import Clock
from chassis.lanes import is_live
from chassis.records import Record
from events.decode import decode_record_as
from extractor.files.rows import jobs, storage
from extractor.model.storage import full
from tablewatch_schemas import CropReady, about, keys
from tablewatch_schemas.judgement import usual_bytes


class CropCount:
    """Handler of group `extractor-crops` on crop.ready. One statement a record; a redelivered one changes nothing."""

    def __init__(self, pool: asyncpg.Pool, default_limit: int, partitions: int, *, clock: Clock, log: Any) -> None:
        self._pool, self._default_limit, self._partitions = pool, default_limit, partitions
        self._clock, self._log = clock, log

    async def handle(self, record: Record) -> None:
        """Crops of live frames are not counted: they have their own retention. Raises Invalid."""
        if self._partitions > 1 and is_live(record.partition, self._partitions):
            return
        event = decode_record_as(CropReady, record).event
        if event is None or event.run_id is None or event.index is None:
            return
        logs.bind(**about(event))
        await self._count(event, event.run_id, event.index)

    async def _count(self, event: CropReady, run_id: str, index: int) -> None:
        size = stored_bytes(event, run_id, index)
        async with self._pool.acquire() as conn:
            if not await storage.count_crops(conn, run_id, index, size, event.last):
                return
        # In a transaction of its own: the lock of the site comes before the run's row, here as elsewhere
        async with self._pool.acquire() as conn, conn.transaction():
            use = await storage.extend_crops(conn, event.site_id, run_id, self._default_limit)
            if use is not None:
                failure = full(0, use)
                self._log.warning("site_storage_full", site_id=event.site_id, detail=failure.detail)
                await jobs.fail(conn, run_id, failure, self._clock.now())


def stored_bytes(event: CropReady, run_id: str, index: int) -> int:
    """What the frame adds: its judgement, and its crops unless it names those of an earlier frame. Bytes."""
    if not event.crops:
        return 0
    is_own = event.crops_key == keys.run_crops(event.site_id, run_id, index)
    return usual_bytes(len(event.crops)) + (sum(crop.length for crop in event.crops) if is_own else 0)
