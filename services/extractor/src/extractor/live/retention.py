"""What comes of live frames is deleted when it is older than its retention: pictures, crops and judgements.

Layouts that are not proposed any more go too, with their pictures.

Crops and judgements are made by others, who know no list of cameras; one sweep by the rows of cameras serves them too.
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
PROPOSED = timedelta(hours=1)
"""For as long as that a proposal that is none any more is kept: somebody may be looking at it."""
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
        deleted += await self._delete_proposals(due)
        if deleted:
            self._log.info("live_frames_deleted", camera_id=due.camera_id, objects=deleted)
        return True

    async def _delete_proposals(self, due: rows.Sweep) -> int:
        """Objects of those that do not stand any more; of a deleted camera at once."""
        deleted, oldest = 0, self._clock.now() - (timedelta() if due.deleted else PROPOSED)
        for prefix in (keys.layout_proposals_prefix, keys.snapshots_prefix):
            async for found in self._store.list(prefix(due.site_id, due.camera_id)):
                proposal_id = proposal_of(found.key)
                if proposal_id not in (None, due.proposal_id) and found.modified < oldest:
                    await self._store.delete(found.key)
                    deleted += 1
        return deleted

    async def _delete(self, prefix: str, oldest: datetime) -> int:
        """Everything below the prefix that was captured before; how much that was."""
        deleted = 0
        async for found in self._store.list(prefix):
            if not is_older(found.key, oldest):
                break
            await self._store.delete(found.key)
            deleted += 1
        return deleted


def proposal_of(key: str) -> str | None:
    """The id of the proposal that an object belongs to; None: to none, as the last good snapshot."""
    part = key.split("/")[3].partition(".")[0]
    return part if part.startswith("prop_") else None


def is_older(key: str, than: datetime) -> bool:
    """Of an object of a live frame, whose name is its capture time; keys in their order are ordered by time."""
    return int(key.rpartition("/")[2].partition(".")[0]) < than.timestamp() * 1000
