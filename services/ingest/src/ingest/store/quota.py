"""The quota of a site: open uploads, bytes a day, originals in all. Counted in Postgres, so for all replicas together.

Bytes are counted when they arrive. What an open upload declared and has not sent is reserved: that is computed from its
row, so that no reservation can leak. An advisory lock for each site makes check and reservation atomic.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg

from ingest.refusals import DailyBytesExceeded, SiteStorageFull, TooManyUploads

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

RESERVED_BYTES = 16 * 1024 * 1024  # counted before they arrive, where no length is declared
UNCOUNTED_BYTES = 64 * 1024 * 1024  # most that a request with a declared length is ahead of its count
BUSY_RETRY_S = 30

# Without the lock of the site: it only turns reserved bytes into counted ones
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
        WHERE site_id = $1 AND status IN ('receiving', 'received') AND video_id <> $3) AS uploads,
       (SELECT coalesce(sum(CASE status WHEN 'receiving' THEN greatest(coalesce(length, 0), counted_bytes)
                                        ELSE size_bytes END), 0)::bigint
        FROM uploads WHERE site_id = $1 AND status <> 'rejected' AND video_id <> $3) AS originals,
       coalesce((SELECT original_bytes FROM site_limits WHERE site_id = $1), $4::bigint) AS original_limit
"""
_SET_LIMIT = """
INSERT INTO site_limits VALUES ($1, $2, $3) ON CONFLICT (site_id) DO UPDATE
SET version = excluded.version, original_bytes = excluded.original_bytes WHERE site_limits.version < excluded.version
"""


@dataclass(frozen=True, slots=True)
class SiteLimits:
    """Most open uploads, and most bytes a day (UTC), of one site; and most bytes of originals, where it has no own."""

    uploads: int
    day_bytes: int
    original_bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Open uploads of a site, bytes of the day, and bytes of originals with their limit; without the upload that asks.

    Bytes are counted and reserved ones.
    """

    uploads: int
    bytes: int
    originals: int
    original_limit: int


@dataclass(frozen=True, slots=True)
class UploadQuota:
    """What one upload has of the quota: `length` as declared (None: deferred), `counted` bytes of it so far."""

    site_id: str
    video_id: str
    length: int | None
    counted: int


def check(used: Usage, limits: SiteLimits, length: int, now: datetime) -> None:
    """Check that an upload of `length` bytes may begin. Raises TooManyUploads, SiteStorageFull, DailyBytesExceeded."""
    if used.uploads >= limits.uploads:
        raise TooManyUploads(
            f"{used.uploads} are open, {limits.uploads} may be.", headers={"Retry-After": str(BUSY_RETRY_S)}
        )
    check_storage(used, length)
    check_bytes(used.bytes, limits, length, now)


def check_storage(used: Usage, size: int) -> None:
    """Check that an original of `size` bytes has room beside the others. Raises SiteStorageFull.

    One of unknown length needs a byte, so that it is refused before it is sent.
    """
    if used.originals + max(1, size) > used.original_limit:
        left = max(0, used.original_limit - used.originals)
        raise SiteStorageFull(f"{size} bytes are wanted; of {used.original_limit} for originals, {left} are left.")


def check_bytes(used: int, limits: SiteLimits, more: int, now: datetime) -> None:
    """Check that the day has room for `more` bytes. Raises DailyBytesExceeded."""
    if used + more > limits.day_bytes:
        left = max(0, limits.day_bytes - used)
        headers = {} if more > limits.day_bytes else {"Retry-After": str(seconds_to_midnight(now))}
        detail = f"{more} bytes are wanted; of {limits.day_bytes} a day, {left} are left."
        raise DailyBytesExceeded(detail, headers=headers)


def seconds_to_midnight(now: datetime) -> int:
    """Until the next day in UTC begins, at least 1 s."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, math.ceil((tomorrow - now).total_seconds()))


async def lock(conn: "PoolConnectionProxy", site_id: str) -> None:
    """Lock the quota of the site until the transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('ingest site ' || $1, 0))", site_id)


async def used(conn: "PoolConnectionProxy", site_id: str, video_id: str, limits: SiteLimits, now: datetime) -> Usage:
    """What the site uses, of bytes on the day of `now`, without `video_id`."""
    (row,) = await conn.fetch(_USED, site_id, now.date(), video_id, limits.original_bytes)
    return Usage(**dict(row))


async def set_limit(conn: "PoolConnectionProxy", site_id: str, version: int, original_bytes: int | None) -> None:
    """As an admin changed it; an older version changes nothing."""
    await conn.execute(_SET_LIMIT, site_id, version, original_bytes)


async def forget_limit(conn: "PoolConnectionProxy", site_id: str) -> None:
    """The site is deleted."""
    await conn.execute("DELETE FROM site_limits WHERE site_id = $1", site_id)


async def add(conn: "PoolConnectionProxy", site_id: str, more: int, now: datetime) -> None:
    """Count bytes that arrived and were discarded since."""
    if more > 0:
        await conn.execute(_ADD, site_id, now.date(), more)


class Meter:
    """Counts the bytes of one request while they arrive: call `reserve` before the size passes `reserved`.

    Without a declared length bytes are counted before they are written. With one they are reserved by the row, and
    counted every UNCOUNTED_BYTES, so that a crash or a cancellation loses no more than that.
    """

    def __init__(self, pool: asyncpg.Pool, limits: SiteLimits, upload: UploadQuota, now: datetime) -> None:
        self._pool, self._limits, self._upload, self._now = pool, limits, upload, now
        self.reserved = upload.counted + (UNCOUNTED_BYTES if upload.length is not None else 0)

    async def reserve(self, size: int) -> None:
        """Reserve or count the first `size` bytes of the upload. Raises DailyBytesExceeded, SiteStorageFull."""
        if self._upload.length is not None:
            await self._pool.execute(COUNT, self._upload.video_id, size, self._now.date(), None)
            self.reserved = size + UNCOUNTED_BYTES
            return
        async with self._pool.acquire() as conn, conn.transaction():
            await lock(conn, self._upload.site_id)
            usage = await used(conn, self._upload.site_id, self._upload.video_id, self._limits, self._now)
            more = size - self.reserved
            check_storage(usage, size)
            check_bytes(usage.bytes, self._limits, more, self._now)
            left = min(self._limits.day_bytes - usage.bytes - more, usage.original_limit - usage.originals - size)
            to = size + min(RESERVED_BYTES, left)
            await conn.execute(COUNT, self._upload.video_id, to, self._now.date(), None)
        self.reserved = to
