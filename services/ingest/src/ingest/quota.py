"""What one site may send: uploads in flight and bytes a day, counted in Postgres, so by all replicas together.

Counted is what arrived. What an open upload declared and has not sent yet is held free for it, derived from its row, so
that a reservation can never be forgotten. One advisory lock a site makes "look, then take" atomic.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg

from ingest.refusals import Refused

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

AHEAD_BYTES = 16 * 1024 * 1024  # counted before they come, where no length is declared
BEHIND_BYTES = 64 * 1024 * 1024  # of a long request with a declared length, not counted yet
BUSY_RETRY_S = 30

# One statement, and no lock of the site: it only turns what is reserved into what is counted
COUNT = """
WITH was AS (SELECT video_id, site_id, counted_bytes FROM uploads WHERE video_id = $1 FOR UPDATE),
     now_is AS (UPDATE uploads SET counted_bytes = $2, expires_at = coalesce($4, uploads.expires_at)
                FROM was WHERE uploads.video_id = was.video_id
                RETURNING was.site_id, $2 - was.counted_bytes AS more)
INSERT INTO site_days SELECT site_id, $3, greatest(more, 0) FROM now_is WHERE more <> 0
ON CONFLICT (site_id, day) DO UPDATE SET bytes = greatest(0, site_days.bytes + (SELECT more FROM now_is))
"""
_ADD = """
INSERT INTO site_days VALUES ($1, $2, $3)
ON CONFLICT (site_id, day) DO UPDATE SET bytes = site_days.bytes + excluded.bytes
"""
_USED = """
SELECT coalesce((SELECT bytes FROM site_days WHERE site_id = $1 AND day = $2), 0)
     + coalesce((SELECT sum(greatest(coalesce(length, 0) - counted_bytes, 0)) FROM uploads
                 WHERE site_id = $1 AND status = 'receiving' AND video_id <> $3), 0)::bigint AS bytes,
       (SELECT count(*) FROM uploads
        WHERE site_id = $1 AND status IN ('receiving', 'received') AND video_id <> $3) AS uploads
"""


@dataclass(frozen=True, slots=True)
class SiteLimits:
    """Most uploads that are not decided on, and most bytes a day in UTC, of one site."""

    uploads: int
    day_bytes: int


@dataclass(frozen=True, slots=True)
class Used:
    """What the site has taken up already, without the upload that asks; bytes that are reserved among them."""

    uploads: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Share:
    """One upload's part: `length` as declared (None: not known), `counted` of it so far."""

    site_id: str
    video_id: str
    length: int | None
    counted: int


def check(used: Used, limits: SiteLimits, coming: int, now: datetime) -> None:
    """Whether an upload of `coming` bytes may begin. Raises Refused: too_many_uploads, daily_bytes_exceeded."""
    if used.uploads >= limits.uploads:
        raise Refused(
            "too_many_uploads", f"{used.uploads} are open, {limits.uploads} may be.", {"Retry-After": str(BUSY_RETRY_S)}
        )
    check_bytes(used.bytes, limits, coming, now)


def check_bytes(used: int, limits: SiteLimits, coming: int, now: datetime) -> None:
    """Whether the day has room for `coming` more bytes. Raises Refused(daily_bytes_exceeded)."""
    if used + coming > limits.day_bytes:
        left = max(0, limits.day_bytes - used)
        again = {} if coming > limits.day_bytes else {"Retry-After": str(seconds_to_midnight(now))}
        raise Refused(
            "daily_bytes_exceeded", f"{coming} bytes are wanted; of {limits.day_bytes} a day, {left} are left.", again
        )


def seconds_to_midnight(now: datetime) -> int:
    """Until the next day in UTC begins, at least 1 s."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, math.ceil((tomorrow - now).total_seconds()))


async def lock(conn: "PoolConnectionProxy", site_id: str) -> None:
    """Nobody else takes room of the site until the transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('ingest site ' || $1, 0))", site_id)


async def used(conn: "PoolConnectionProxy", site_id: str, video_id: str, now: datetime) -> Used:
    """What the site uses on the day of `now`, without what `video_id` holds reserved."""
    row = await conn.fetchrow(_USED, site_id, now.date(), video_id)
    return Used(row["uploads"], row["bytes"]) if row else Used(0, 0)


async def add(conn: "PoolConnectionProxy", site_id: str, more: int, now: datetime) -> None:
    """Count bytes that came and were thrown away since."""
    if more > 0:
        await conn.execute(_ADD, site_id, now.date(), more)


class Meter:
    """Counts the bytes of one request while they come: `cover` before `covered` is passed.

    Without a declared length every byte is counted before it is written. With one its room is reserved, so that it is
    counted behind, for a crash or a cancellation to lose little of it.
    """

    def __init__(self, pool: asyncpg.Pool, limits: SiteLimits, share: Share, now: datetime) -> None:
        self._pool, self._limits, self._share, self._now = pool, limits, share, now
        self.covered = share.counted + (BEHIND_BYTES if share.length is not None else 0)

    async def cover(self, size: int) -> None:
        """Count up to `size` bytes. Raises Refused(daily_bytes_exceeded)."""
        if self._share.length is not None:
            await self._pool.execute(COUNT, self._share.video_id, size, self._now.date(), None)
            self.covered = size + BEHIND_BYTES
            return
        async with self._pool.acquire() as conn, conn.transaction():
            await lock(conn, self._share.site_id)
            taken = (await used(conn, self._share.site_id, self._share.video_id, self._now)).bytes
            check_bytes(taken, self._limits, size - self.covered, self._now)
            to = size + min(AHEAD_BYTES, self._limits.day_bytes - taken - (size - self.covered))
            await conn.execute(COUNT, self._share.video_id, to, self._now.date(), None)
        self.covered = to
