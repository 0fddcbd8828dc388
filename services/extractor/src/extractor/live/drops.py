"""Frames that were taken of cameras and not published: counted by camera, hour and reason, kept, and published.

A count stands in memory for FLUSH_S at most, or until the database is back; that much is lost with a process that is
killed. In the database it is added up over all processes, and `frame.dropped` tells each hour's counts as they grow.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from chassis import outbox
from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics
from events.recent import RecentFrames
from extractor.metrics import LIVE_FRAMES
from tablewatch_schemas import FrameDropped, encode
from tablewatch_schemas.events import FrameDroppedReason
from tablewatch_schemas.topics import TOPICS

Connection = asyncpg.Connection | PoolConnectionProxy

SOURCE = "tablewatch/extractor"
FLUSH_S = 5.0
RETENTION = timedelta(hours=TOPICS[FrameDropped.TOPIC].retention_hours or 0)
"""No longer than the topic's: the ledger reads both."""

_ADD = """
INSERT INTO live_drops (camera_id, hour, reason, frames) VALUES ($1, $2, $3, $4)
ON CONFLICT (camera_id, hour, reason) DO UPDATE SET frames = live_drops.frames + excluded.frames
"""
_OF_HOUR = "SELECT reason, frames FROM live_drops WHERE camera_id = $1 AND hour = $2 ORDER BY reason"
_FORGET = "DELETE FROM live_drops WHERE hour < $1"


@dataclass(frozen=True, slots=True)
class CameraHour:
    """`hour` is its beginning."""

    camera_id: str
    site_id: str
    hour: datetime


class Drops:
    """Of all cameras of a process."""

    def __init__(self, pool: asyncpg.Pool, recent: RecentFrames, *, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._pool, self.recent, self._clock, self._metrics, self._log = pool, recent, clock, metrics, log
        self._counts: dict[CameraHour, Counter[str]] = {}
        self._forgot_at: datetime | None = None

    def count(self, camera_id: str, site_id: str, reason: str) -> None:
        """A frame that was taken now and is not published."""
        self._metrics.count(LIVE_FRAMES, outcome="dropped", reason=reason)
        self.recent.count(reason)
        at = CameraHour(camera_id, site_id, beginning(self._clock.now()))
        self._counts.setdefault(at, Counter())[reason] += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while the database is away the counts stay in memory."""
        while not stop.is_set():
            await self.flush()
            await wait_or_stop(self._clock, FLUSH_S, stop)

    async def flush(self) -> None:
        """Store what was counted since the last time."""
        try:
            for at in list(self._counts):
                await self._store(at)
            await self._forget_old(beginning(self._clock.now()))
        except DISCONNECTED as error:
            self._log.warning("database_away", error=type(error).__name__)

    async def _store(self, at: CameraHour) -> None:
        counts = self._counts.pop(at)
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                await _add(conn, at, counts, self._clock.now())
        except BaseException:
            self._counts.setdefault(at, Counter()).update(counts)
            raise

    async def _forget_old(self, hour: datetime) -> None:
        """Once an hour."""
        if hour != self._forgot_at:
            async with self._pool.acquire() as conn:
                await conn.execute(_FORGET, hour - RETENTION)
            self._forgot_at = hour


def beginning(at: datetime) -> datetime:
    """Of its hour."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


async def _add(conn: Connection, at: CameraHour, counts: Mapping[str, int], now: datetime) -> None:
    """The rows of an hour, and the event that tells them."""
    for reason, frames in sorted(counts.items()):  # in one order: two processes may have had the camera in this hour
        await conn.execute(_ADD, at.camera_id, at.hour, reason, frames)
    found = await conn.fetch(_OF_HOUR, at.camera_id, at.hour)
    reasons = tuple(FrameDroppedReason(reason=row["reason"], frames=row["frames"]) for row in found)
    event = FrameDropped(
        camera_id=at.camera_id,
        site_id=at.site_id,
        hour=at.hour,
        frames=sum(each.frames for each in reasons),
        reasons=reasons,
    )
    await outbox.enqueue(conn, encode(event, source=SOURCE, time=now))
