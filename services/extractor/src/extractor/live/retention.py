"""What comes of live frames is deleted when it is older than its retention: pictures, crops and judgements.

Crops and judgements are made by others, who know no list of cameras; one sweep by the rows of cameras serves all three.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from extractor.live import rows
from extractor.live.secrets import Secrets
from objects.store import ObjectStore
from tablewatch_schemas import CropReady, FrameExtracted, keys
from tablewatch_schemas.defaults import CROPS_REUSED_MS
from tablewatch_schemas.topics import TOPICS

INTERVAL_S = 5.0
EVERY = timedelta(minutes=10)
"""Between two sweeps of one camera."""
FORGET = timedelta(hours=1 + max(TOPICS[each.TOPIC].retention_hours or 0 for each in (FrameExtracted, CropReady)))
"""A deleted camera is swept for so long: later no record can bring anything of it back, and its row goes."""
REUSED = timedelta(milliseconds=CROPS_REUSED_MS)
PREFIXES = ((keys.frames_prefix, timedelta()), (keys.crops_prefix, REUSED), (keys.judgements_prefix, timedelta()))
"""Of a run or of a camera, and how much longer its objects are kept: below that of a camera the keys begin with the
day, and later frames may name the crops of an earlier one."""


class Retention:
    """Any number of processes may run it: each sweep is claimed by its row."""

    def __init__(
        self, pool: asyncpg.Pool, store: ObjectStore, secrets: Secrets, keep: timedelta, *, clock: Clock, log: Any
    ) -> None:
        self._pool, self._store, self._secrets, self._keep = pool, store, secrets, keep
        self._clock, self._log = clock, log

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what fails is done in a later round."""
        while not stop.is_set():
            try:
                while await self.sweep():
                    pass
                async with self._pool.acquire() as conn:
                    await rows.forget_deleted(conn, FORGET)
            except (*DISCONNECTED, OSError) as error:
                self._log.warning("live_retention_put_off", error=repr(error))
            await wait_or_stop(self._clock, INTERVAL_S, stop)

    async def sweep(self) -> bool:
        """Delete what is too old of one camera, everything of a deleted one; False if none is due."""
        async with self._pool.acquire() as conn:
            due = await rows.next_sweep(conn, EVERY)
        if due is None:
            return False
        oldest = self._clock.now() if due.deleted else self._clock.now() - self._keep
        deleted = 0
        for prefix, longer in PREFIXES:
            before = oldest if due.deleted else oldest - longer
            deleted += await self._delete(prefix(due.site_id, due.camera_id), before)
        if due.deleted:
            await self._secrets.forget(due.site_id, due.camera_id)
            await self._store.delete(keys.last_good_snapshot(due.site_id, due.camera_id))
        if deleted:
            self._log.info("live_frames_deleted", camera_id=due.camera_id, objects=deleted)
        return True

    async def _delete(self, prefix: str, oldest: datetime) -> int:
        """Everything below the prefix that was captured before; how much that was."""
        deleted = 0
        async for found in self._store.list(prefix):
            if not is_older(found.key, oldest):
                break
            await self._store.delete(found.key)
            deleted += 1
        return deleted


def is_older(key: str, than: datetime) -> bool:
    """Of an object of a live frame, whose name is its capture time; keys in their order are ordered by time."""
    return int(key.rpartition("/")[2].partition(".")[0]) < than.timestamp() * 1000
