"""Periodic work: progress of running jobs, the end of failed runs, the objects of deleted runs, recounts of bytes."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from extractor.files.rows import chores, deletions, jobs, recounts
from objects.store import ObjectStore
from tablewatch_schemas import TOPICS, keys

INTERVAL_S = 0.5
RETENTION = timedelta(hours=max(TOPICS[topic].retention_hours or 0 for topic in ("video.uploaded", "video.command")))
NEXT_SWEEPS = (timedelta(seconds=3), timedelta(seconds=30), timedelta(minutes=10), RETENTION + timedelta(hours=1))
"""After each sweep but the last: for a worker that had not noticed yet, for one that was stopped, and after the longest
retention, when no record can bring the run back and its deletion may be forgotten."""


class Housekeeping:
    """Any number of processes may run it."""

    def __init__(
        self, pool: asyncpg.Pool, store: ObjectStore, retry_within_s: float, *, clock: Clock, log: Any
    ) -> None:
        self._pool, self._store, self._clock, self._log = pool, store, clock, log
        self._retry_within = timedelta(seconds=retry_within_s)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what fails is retried in the next round."""
        while not stop.is_set():
            try:
                await self.round()
            except (*DISCONNECTED, OSError) as error:
                self._log.warning("chores_put_off", error=repr(error))
            await wait_or_stop(self._clock, INTERVAL_S, stop)

    async def round(self) -> None:
        """All that is due."""
        async with self._pool.acquire() as conn:
            due = await chores.due(conn, self._retry_within)
        if due.progress:
            async with self._pool.acquire() as conn, conn.transaction():
                await jobs.enqueue_due_progress(conn, self._clock.now())
        if due.give_up:
            async with self._pool.acquire() as conn, conn.transaction():
                await jobs.give_up(conn, self._retry_within, self._clock.now())
        while due.sweep and await self.sweep():
            pass
        if due.recount:
            await self.recount()

    async def recount(self) -> bool:
        """List the objects of one run and correct what is counted of it; False if none is due."""
        async with self._pool.acquire() as conn:
            run = await recounts.due(conn)
        if run is None:
            return False
        stored = await self._stored(run["site_id"], run["run_id"])
        async with self._pool.acquire() as conn, conn.transaction():
            corrected = await recounts.correct(conn, run, stored)
        self._log.info("run_recounted", run_id=run["run_id"], frames=stored.frames, crops=stored.crops, held=corrected)
        return True

    async def _stored(self, site_id: str, run_id: str) -> recounts.Stored:
        frames = crops = 0
        cropped = set()
        async for found in self._store.list(keys.frames_prefix(site_id, run_id)):
            frames += found.size
        async for found in self._store.list(keys.crops_prefix(site_id, run_id)):
            crops += found.size
            cropped.add(_index(found.key))
        async for found in self._store.list(keys.judgements_prefix(site_id, run_id)):
            crops += found.size
            cropped.add(_index(found.key))  # one that named the crops of an earlier frame
        return recounts.Stored(frames, crops, cropped)

    async def sweep(self) -> bool:
        """Delete the objects of one deleted run; False if none is due."""
        async with self._pool.acquire() as conn, conn.transaction():
            due = await deletions.lock_due(conn)
            if due is None:
                return False
            run_id, sweeps = due["run_id"], due["sweeps"]
            deleted = await self._store.delete_prefix(keys.frames_prefix(due["site_id"], run_id))
            deleted += await self._store.delete_prefix(keys.thumbs_prefix(due["site_id"], run_id))
            if sweeps < len(NEXT_SWEEPS):
                await deletions.schedule_next(conn, run_id, NEXT_SWEEPS[sweeps])
            else:
                await deletions.forget(conn, run_id)
        self._log.info("run_swept", run_id=run_id, objects=deleted, sweep=sweeps)
        return True


def _index(key: str) -> int:
    """Of the frame of a run that an object belongs to."""
    return int(key.rpartition("/")[2].partition(".")[0])
