"""Rows of uploads, and the transitions between their statuses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import asyncpg

from ingest.refusals import Refusal, UploadGone
from ingest.store import quota
from ingest.store.quota import Meter, SiteLimits, UploadQuota
from ingest.tokens import UploadToken
from tablewatch_schemas.manifest import RunSpec

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Status = Literal["receiving", "received", "stored", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One row.

    `length` in bytes as declared (None: deferred), `size_bytes` as arrived, `counted_bytes` of it in the quota;
    `code` and `detail` of the refusal; `multipart_id` of the S3 upload that the bytes are sent by, None: through
    ingest.
    """

    run: RunSpec
    max_bytes: int
    max_duration_ms: int
    metadata: str
    length: int | None
    status: Status
    size_bytes: int | None
    sha256: str | None
    code: str | None
    expires_at: datetime
    received_at: datetime | None
    counted_bytes: int = 0
    multipart_id: str | None = None
    detail: str | None = None

    @property
    def video_id(self) -> str:
        """Primary key, and name of the partial file."""
        return self.run.video_id

    @property
    def site_id(self) -> str:
        """The site whose quota the upload uses."""
        return self.run.site_id


PAGE = 1000
"""Rows that are fetched at a time where all are wanted."""
UNLIMITED = SiteLimits(1 << 30, 1 << 62, 1 << 62)
_FIELDS = tuple(field.name for field in fields(Upload))
_COLUMNS = ", ".join(_FIELDS)
# Without this lock a start and a withdrawal of the same video would not see each other's row
_LOCK_VIDEO = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"
_START = f"""
INSERT INTO uploads (video_id, run_id, site_id, run,
                     max_bytes, max_duration_ms, metadata, length, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (video_id) DO UPDATE SET length = excluded.length, metadata = excluded.metadata,
                                     expires_at = excluded.expires_at, counted_bytes = 0
WHERE uploads.status = 'receiving'
RETURNING {_COLUMNS}
"""  # noqa: S608 (column names of our own)

_WITHDRAW = """
INSERT INTO withdrawn (video_id, withdrawn_at, site_id) VALUES ($1, $2, $3)
ON CONFLICT (video_id) DO UPDATE SET site_id = coalesce(excluded.site_id, withdrawn.site_id)
"""
OPEN: tuple[Status, ...] = ("receiving", "received")
ANY: tuple[Status, ...] = (*OPEN, "stored", "rejected")


class Uploads:
    """The table `uploads`, with the tombstones of `withdrawn`."""

    def __init__(self, pool: asyncpg.Pool, ttl_s: int, limits: SiteLimits = UNLIMITED) -> None:
        self.pool, self.ttl, self._limits = pool, timedelta(seconds=ttl_s), limits

    async def start(
        self,
        token: UploadToken,
        length: int | None,
        metadata: str,
        now: datetime,
        discarded_bytes: int = 0,
        discard: Callable[[], Awaitable[None]] | None = None,
    ) -> Upload | None:
        """Begin an upload, or restart it without the `discarded_bytes` that had arrived; None past receiving.

        `discard` is awaited before the row is committed: after a crash old bytes belong to the old row, never to the
        new one. Raises UploadGone, TooManyUploads, SiteStorageFull, DailyBytesExceeded.
        """
        run = token.run
        async with self.pool.acquire() as conn, conn.transaction():
            await quota.lock(conn, run.site_id)
            await conn.execute(_LOCK_VIDEO, run.video_id)
            if await conn.fetchval("SELECT true FROM withdrawn WHERE video_id = $1", run.video_id):
                raise UploadGone
            await self._reserve(conn, token, length or 0, now, discarded_bytes)
            row = await conn.fetchrow(
                _START,
                *(run.video_id, run.run_id, run.site_id, run.to_json().decode()),
                *(token.max_bytes, token.max_duration_ms, metadata, length, now, now + self.ttl),
            )
            if row is not None and discard is not None:
                await discard()
        return None if row is None else _upload(row)

    async def _reserve(
        self, conn: "PoolConnectionProxy", token: UploadToken, length: int, now: datetime, discarded_bytes: int
    ) -> None:
        before = await conn.fetchrow(
            "SELECT status, counted_bytes FROM uploads WHERE video_id = $1 FOR UPDATE", token.video_id
        )
        if before is not None and before["status"] != "receiving":
            return
        if before is not None:
            await quota.add(conn, token.run.site_id, discarded_bytes - before["counted_bytes"], now)
        if length <= token.max_bytes:  # a larger file is refused for its size, which is the better reason
            used = await quota.used(conn, token.run.site_id, token.video_id, self._limits, now)
            quota.check(used, self._limits, length, now)

    def meter(self, upload: Upload, now: datetime) -> Meter:
        """Counts the bytes of a request while they arrive."""
        quota_of_upload = UploadQuota(upload.site_id, upload.video_id, upload.length, upload.counted_bytes)
        return Meter(self.pool, self._limits, quota_of_upload, now)

    async def find(self, video_id: str) -> Upload | None:
        """The row, None without one."""
        row = await self.pool.fetchrow(f"SELECT {_COLUMNS} FROM uploads WHERE video_id = $1", video_id)  # noqa: S608
        return None if row is None else _upload(row)

    async def is_withdrawn(self, video_id: str) -> bool:
        """Whether the video was cancelled, terminated or deleted."""
        return await self.pool.fetchval("SELECT true FROM withdrawn WHERE video_id = $1", video_id) is True

    async def declare_length(self, upload: Upload, length: int, now: datetime) -> None:
        """Set the length of a deferred upload. Raises DailyBytesExceeded, SiteStorageFull."""
        async with self.pool.acquire() as conn, conn.transaction():
            await quota.lock(conn, upload.site_id)
            used = await quota.used(conn, upload.site_id, upload.video_id, self._limits, now)
            quota.check_storage(used, length)
            quota.check_bytes(used.bytes, self._limits, length - upload.counted_bytes, now)
            await conn.execute(
                "UPDATE uploads SET length = $2 WHERE video_id = $1 AND length IS NULL AND status = 'receiving'",
                *(upload.video_id, length),
            )

    async def record_progress(self, video_id: str, size: int, now: datetime) -> datetime:
        """Count the bytes that have arrived and postpone the expiry, which is returned."""
        until = now + self.ttl
        await self.pool.execute(quota.COUNT, video_id, size, now.date(), until)
        return until

    async def record_discarded(self, upload: Upload, size: int, discarded: int, now: datetime) -> None:
        """Of what had arrived `size` bytes are left; those that were discarded count for the day."""
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute(quota.COUNT, upload.video_id, size, now.date(), None)
            await quota.add(conn, upload.site_id, discarded, now)

    async def set_received(self, video_id: str, size: int, now: datetime) -> None:
        """receiving -> received: all bytes have arrived and are synced."""
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute(quota.COUNT, video_id, size, now.date(), None)
            await conn.execute(
                "UPDATE uploads SET status = 'received', size_bytes = $2, length = $2, received_at = $3"
                " WHERE video_id = $1 AND status = 'receiving'",
                *(video_id, size, now),
            )

    async def unfinished(self) -> list[str]:
        """Videos that are received and neither stored nor rejected, oldest first."""
        rows = await self.pool.fetch("SELECT video_id FROM uploads WHERE status = 'received' ORDER BY received_at")
        return [row["video_id"] for row in rows]

    async def complete_by_length(self) -> list[tuple[str, int]]:
        """Videos still receiving, with their declared length: the last byte may have arrived just before a crash."""
        rows = await self.pool.fetch(
            "SELECT video_id, length FROM uploads"
            " WHERE status = 'receiving' AND length IS NOT NULL AND multipart_id IS NULL"
        )
        return [(row["video_id"], row["length"]) for row in rows]

    async def withdraw(self, video_id: str, now: datetime, of: Sequence[Status]) -> bool:
        """Delete the upload and leave a tombstone, so that it cannot begin again; False if its status is not in `of`.

        A cancelled run keeps its original, a rejected upload its code; of a deleted video nothing is left.
        """
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute(_LOCK_VIDEO, video_id)
            site_id = await conn.fetchval(
                "DELETE FROM uploads WHERE video_id = $1 AND status = ANY($2) RETURNING site_id", video_id, of
            )
            if await conn.fetchval("SELECT true FROM uploads WHERE video_id = $1", video_id):
                return False
            await conn.execute(_WITHDRAW, video_id, now, site_id)
            return True

    async def set_site_limit(self, site_id: str, version: int, original_bytes: int | None) -> None:
        """Most bytes of originals of a site, None for the default; an older version changes nothing."""
        async with self.pool.acquire() as conn:
            await quota.set_limit(conn, site_id, version, original_bytes)

    async def forget_site_limit(self, site_id: str) -> None:
        """The site is deleted."""
        async with self.pool.acquire() as conn:
            await quota.forget_limit(conn, site_id)

    async def recently_withdrawn(self) -> AsyncIterator[tuple[str, str]]:
        """Site and video of tombstones for which a request that was running may still store bytes."""
        async for row in self._all("SELECT site_id, video_id FROM withdrawn WHERE site_id IS NOT NULL"):
            yield row["site_id"], row["video_id"]

    async def expire_tombstones(self, now: datetime) -> None:
        """Clear the site of tombstones so old that no request from before them is running."""
        await self.pool.execute(
            "UPDATE withdrawn SET site_id = NULL WHERE site_id IS NOT NULL AND withdrawn_at < $1", now - self.ttl
        )

    async def set_multipart(self, video_id: str, multipart_id: str) -> bool:
        """The bytes go to the bucket from now on; False when another request was first, or the upload is not open."""
        row = await self.pool.fetchval(
            "UPDATE uploads SET multipart_id = $2"
            " WHERE video_id = $1 AND multipart_id IS NULL AND status = 'receiving' RETURNING true",
            *(video_id, multipart_id),
        )
        return row is True

    async def set_completing(self, video_id: str, now: datetime) -> None:
        """S3 is about to be asked to make the object of the parts."""
        await self.pool.execute("UPDATE uploads SET joining_at = $2 WHERE video_id = $1", video_id, now)

    def completing_uploads(self) -> AsyncIterator[Upload]:
        """Multipart uploads whose object may exist though they are still receiving."""
        return self._multipart_uploads("status = 'receiving' AND joining_at IS NOT NULL")

    def receiving_multipart(self) -> AsyncIterator[Upload]:
        """Multipart uploads whose parts are on their way."""
        return self._multipart_uploads("status = 'receiving' AND joining_at IS NULL")

    def refused_multipart(self) -> AsyncIterator[Upload]:
        """Rejected multipart uploads whose object or parts may still exist."""
        return self._multipart_uploads("status = 'rejected'")

    async def has_multipart(self, multipart_id: str) -> bool:
        """Whether a row names this S3 upload."""
        return await self.pool.fetchval("SELECT true FROM uploads WHERE multipart_id = $1", multipart_id) is True

    async def clear_multipart(self, video_id: str) -> None:
        """Nothing of a rejected upload is left in the bucket."""
        await self.pool.execute(
            "UPDATE uploads SET multipart_id = NULL WHERE video_id = $1 AND status = 'rejected'", video_id
        )

    async def expired(self, now: datetime) -> AsyncIterator[str]:
        """Videos that are receiving and past their expiry."""
        async for row in self._all("SELECT video_id FROM uploads WHERE status = 'receiving' AND expires_at < $2", now):
            yield row["video_id"]

    async def _multipart_uploads(self, condition: str) -> AsyncIterator[Upload]:
        query = f"SELECT video_id, {_COLUMNS} FROM uploads WHERE multipart_id IS NOT NULL AND {condition}"  # noqa: S608
        async for row in self._all(query):
            yield _upload(row)

    async def _all(self, query: str, *arguments: object) -> AsyncIterator[asyncpg.Record]:
        """Every row of a query that ends with its WHERE, by video, a page at a time; `arguments` begin with $2.

        A row that stays as it is does not hide the next ones, and no connection is held between pages.
        """
        after = ""
        while rows := await self.pool.fetch(
            f"{query} AND video_id > $1 ORDER BY video_id LIMIT {PAGE}", after, *arguments
        ):
            for row in rows:
                yield row
            after = rows[-1]["video_id"]


def _upload(row: asyncpg.Record) -> Upload:
    return Upload(**({name: row[name] for name in _FIELDS} | {"run": RunSpec.parse(row["run"])}))


async def set_stored(conn: "PoolConnectionProxy", upload: Upload, sha256: str, now: datetime) -> bool:
    """received -> stored; False when the upload was withdrawn meanwhile. Part of the caller's transaction."""
    row = await conn.fetchval(
        "UPDATE uploads SET status = 'stored', sha256 = $2, finished_at = $3"
        " WHERE video_id = $1 AND status = 'received' RETURNING true",
        *(upload.video_id, sha256, now),
    )
    return row is True


async def set_rejected(
    conn: "PoolConnectionProxy", video_id: str, refusal: Refusal, size: int | None, now: datetime
) -> bool:
    """receiving or received -> rejected; False when it is in no such status. Part of the caller's transaction."""
    row = await conn.fetchval(
        "UPDATE uploads SET status = 'rejected', code = $2, detail = $3, size_bytes = $4, finished_at = $5"
        " WHERE video_id = $1 AND status IN ('receiving', 'received') RETURNING true",
        *(video_id, refusal.code, refusal.detail or None, size, now),
    )
    return row is True
