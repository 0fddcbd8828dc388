"""Metrics of unfinished jobs: how many are open, how old the oldest is, how many are stuck."""

import asyncio
from datetime import timedelta

import asyncpg

from api.metrics import JOB_OLDEST_SECONDS, JOBS_OPEN, JOBS_STUCK
from api.project.measuring import measure_every
from api.store import videos
from chassis.clock import Clock
from chassis.metrics import Metrics

EVERY_S = 10.0


class JobMetrics:
    """Measures the read model every EVERY_S; several processes publish the same values."""

    def __init__(self, pool: asyncpg.Pool, stuck_after_s: float, clock: Clock, metrics: Metrics) -> None:
        self._pool, self._clock, self._metrics = pool, clock, metrics
        self._stuck_after = timedelta(seconds=stuck_after_s)

    async def run(self, stop: asyncio.Event) -> None:
        """Measure until `stop`."""
        await measure_every(EVERY_S, self.measure, self._clock, stop)

    async def measure(self) -> None:
        """Measure once."""
        async with self._pool.acquire() as conn:
            jobs = await videos.unfinished(conn, self._clock.now(), self._stuck_after)
        self._metrics.set(JOBS_OPEN, jobs.open)
        self._metrics.set(JOBS_STUCK, jobs.stuck)
        self._metrics.set(JOB_OLDEST_SECONDS, max(0.0, jobs.oldest_s))
