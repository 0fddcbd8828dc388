"""Jobs in figures: how many are open, how old the oldest is, how many are stuck."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics

EVERY_S = 10.0

# Uploaded and not ended: before that a job waits for its uploader, who may take as long as the upload token holds.
_OPEN = """
SELECT count(*) AS open,
       count(*) FILTER (WHERE updated_at < $1::timestamptz - $2::interval) AS stuck,
       coalesce(extract(epoch FROM $1::timestamptz - min(
           coalesce(to_timestamp((facts->>'uploaded_ms')::float8 / 1000), created_at))), 0)::float8 AS oldest_s
FROM videos
WHERE finished_at IS NULL AND deleting_at IS NULL
  AND (facts->>'video' IS NOT NULL OR facts->>'extract' IS NOT NULL)
"""


class JobMeter:
    """Asks the read model every few seconds; several processes say the same."""

    def __init__(self, pool: asyncpg.Pool, stuck_after_s: float, clock: Clock, metrics: Metrics) -> None:
        self._pool, self._stuck_after, self._clock, self._metrics = (
            pool,
            timedelta(seconds=stuck_after_s),
            clock,
            metrics,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; a database that is away leaves the last figures standing."""
        while not stop.is_set():
            with suppress(*DISCONNECTED):
                await self.measure()
            await wait_or_stop(self._clock, EVERY_S, stop)

    async def measure(self) -> None:
        """Once."""
        async with self._pool.acquire() as conn:
            (row,) = await conn.fetch(_OPEN, self._clock.now(), self._stuck_after)
        self._metrics.gauge("jobs_open", row["open"])
        self._metrics.gauge("jobs_stuck", row["stuck"])
        self._metrics.gauge("job_oldest_seconds", max(0.0, row["oldest_s"]))
