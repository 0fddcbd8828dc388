"""Chores on a clock: progress told once a second, failed runs given up in the end, objects of deleted runs swept."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.objects import ObjectStore
from extractor.files import jobs
from tablewatch_schemas import TOPICS, keys

ROUND_S = 0.5
RETENTION = timedelta(hours=max(TOPICS[topic].retention_hours or 0 for topic in ("video.uploaded", "video.command")))
AGAIN = (timedelta(seconds=3), timedelta(seconds=30), timedelta(minutes=10), RETENTION + timedelta(hours=1))
"""After a sweep the next: a worker that had not noticed yet, one that was stopped, and after the last topic's retention
nothing can come back, so that the run itself may be forgotten."""

_DUE = (
    "SELECT run_id, site_id, sweeps FROM deletions WHERE next_sweep <= clock_timestamp() LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_NEXT = "UPDATE deletions SET sweeps = sweeps + 1, next_sweep = clock_timestamp() + $2 WHERE run_id = $1"


class Chores:
    """Any number of processes may run them."""

    def __init__(
        self, pool: asyncpg.Pool, store: ObjectStore, retry_within_s: float, *, clock: Clock, log: Any
    ) -> None:
        self._pool, self._store, self._clock, self._log = pool, store, clock, log
        self._retry_within = timedelta(seconds=retry_within_s)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what fails is tried again in the next round."""
        while not stop.is_set():
            try:
                await self.round()
            except (*DISCONNECTED, OSError) as error:
                self._log.warning("chores_put_off", error=repr(error))
            await wait_or_stop(self._clock, ROUND_S, stop)

    async def round(self) -> None:
        """Everything that is due."""
        async with self._pool.acquire() as conn, conn.transaction():
            await jobs.tell_due(conn, self._clock.now())
        async with self._pool.acquire() as conn, conn.transaction():
            await jobs.give_up(conn, self._retry_within, self._clock.now())
        while await self.sweep():
            pass

    async def sweep(self) -> bool:
        """Delete the objects of one deleted run; False if none is due."""
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(_DUE)
            if row is None:
                return False
            site, run = row["site_id"], row["run_id"]
            gone = await self._store.delete_prefix(keys.frames_prefix(site, run))
            gone += await self._store.delete_prefix(keys.thumbs_prefix(site, run))
            if row["sweeps"] < len(AGAIN):
                await conn.execute(_NEXT, run, AGAIN[row["sweeps"]])
            else:
                await conn.execute("DELETE FROM deletions WHERE run_id = $1", run)
        self._log.info("run_swept", run_id=run, objects=gone, sweep=row["sweeps"])
        return True
