"""Rows of uploads: what ingest knows of each, and the steps that a row can take."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import asyncpg
import orjson

from ingest import quota
from ingest.quota import Meter, Share, SiteLimits
from ingest.refusals import Refused
from ingest.tokens import UploadToken

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Status = Literal["receiving", "received", "stored", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One row. `length` is what was declared (None: deferred), `size_bytes` what came; `code` why it was refused."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    layout_key: str | None
    manifest_key: str
    sampling: str
    make: list[str]
    started_at: datetime | None
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
    picture: str | None = None


UNLIMITED = SiteLimits(1 << 30, 1 << 62)
_COLUMNS = ", ".join(field.name for field in fields(Upload))
# A start and a withdrawal of the same video: unlocked, neither would see the other's row.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"
_START = f"""
INSERT INTO uploads (video_id, run_id, site_id, camera_id, layout_key, manifest_key, sampling, make, started_at,
                     max_bytes, max_duration_ms, metadata, length, created_at, expires_at, picture)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
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
    """The table. Methods with `conn` belong into the caller's transaction."""

    def __init__(self, pool: asyncpg.Pool, ttl_s: int, limits: SiteLimits = UNLIMITED) -> None:
        self.pool, self.ttl, self._limits = pool, timedelta(seconds=ttl_s), limits

    async def start(
        self,
        token: UploadToken,
        length: int | None,
        metadata: str,
        now: datetime,
        thrown_away: int = 0,
        throw_away: Callable[[], Awaitable[None]] | None = None,
    ) -> Upload | None:
        """Begin an upload, or begin it again, throwing away what had arrived; None when it is past receiving.

        `throw_away` is called before the row is committed: a crash leaves old bytes to the old row, never to the new.
        Raises Refused when the site may not: too_many_uploads, daily_bytes_exceeded.
        """
        async with self.pool.acquire() as conn, conn.transaction():
            await quota.lock(conn, token.site_id)
            await conn.execute(_ONE_AT_A_TIME, token.video_id)
            if await conn.fetchval("SELECT true FROM withdrawn WHERE video_id = $1", token.video_id):
                raise Refused("upload_gone")
            await self._make_room(conn, token, length or 0, now, thrown_away)
            row = await conn.fetchrow(
                _START,
                *(token.video_id, token.run_id, token.site_id, token.camera_id, token.layout_key, token.manifest_key),
                *(orjson.dumps(token.sampling).decode(), token.make, token.started_at),
                *(token.max_bytes, token.max_duration_ms, metadata, length, now, now + self.ttl),
                None if token.picture is None else orjson.dumps(token.picture).decode(),
            )
            if row is not None and throw_away is not None:
                await throw_away()
        return None if row is None else Upload(**row)

    async def _make_room(
        self, conn: "PoolConnectionProxy", token: UploadToken, coming: int, now: datetime, thrown_away: int
    ) -> None:
        before = await conn.fetchrow(
            "SELECT status, counted_bytes FROM uploads WHERE video_id = $1 FOR UPDATE", token.video_id
        )
        if before is not None and before["status"] != "receiving":
            return
        if before is not None:
            await quota.add(conn, token.site_id, thrown_away - before["counted_bytes"], now)
        if coming <= token.max_bytes:  # else it is refused for its size, which says more
            quota.check(await quota.used(conn, token.site_id, token.video_id, now), self._limits, coming, now)

    def meter(self, upload: Upload, now: datetime) -> Meter:
        """Counts what a request sends while it comes."""
        share = Share(upload.site_id, upload.video_id, upload.length, upload.counted_bytes)
        return Meter(self.pool, self._limits, share, now)

    async def find(self, video_id: str) -> Upload | None:
        """The row, if there is one."""
        row = await self.pool.fetchrow(f"SELECT {_COLUMNS} FROM uploads WHERE video_id = $1", video_id)  # noqa: S608
        return None if row is None else Upload(**row)

    async def is_withdrawn(self, video_id: str) -> bool:
        """Whether the video was cancelled, terminated or deleted."""
        return await self.pool.fetchval("SELECT true FROM withdrawn WHERE video_id = $1", video_id) is True

    async def declare(self, upload: Upload, length: int, now: datetime) -> None:
        """Set the length of an upload that deferred it. Raises Refused(daily_bytes_exceeded)."""
        async with self.pool.acquire() as conn, conn.transaction():
            await quota.lock(conn, upload.site_id)
            used = await quota.used(conn, upload.site_id, upload.video_id, now)
            quota.check_bytes(used.bytes, self._limits, length - upload.counted_bytes, now)
            await conn.execute(
                "UPDATE uploads SET length = $2 WHERE video_id = $1 AND length IS NULL AND status = 'receiving'",
                *(upload.video_id, length),
            )

    async def progressed(self, video_id: str, size: int, now: datetime) -> datetime:
        """Count what is here and put off the expiry; returns when it is now."""
        until = now + self.ttl
        await self.pool.execute(quota.COUNT, video_id, size, now.date(), until)
        return until

    async def received(self, video_id: str, size: int, now: datetime) -> None:
        """All bytes are here and synced; what follows is ours to finish."""
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute(quota.COUNT, video_id, size, now.date(), None)
            await conn.execute(
                "UPDATE uploads SET status = 'received', size_bytes = $2, length = $2, received_at = $3"
                " WHERE video_id = $1 AND status = 'receiving'",
                *(video_id, size, now),
            )

    async def unfinished(self) -> list[str]:
        """Videos whose bytes are here and that were not decided on, oldest first."""
        rows = await self.pool.fetch(
            "SELECT video_id FROM uploads WHERE status = 'received' ORDER BY received_at LIMIT 1000"
        )
        return [row["video_id"] for row in rows]

    async def complete_by_length(self) -> list[tuple[str, int]]:
        """Videos still receiving, with their declared length: the last byte may have come just before a crash."""
        rows = await self.pool.fetch(
            "SELECT video_id, length FROM uploads"
            " WHERE status = 'receiving' AND length IS NOT NULL AND multipart_id IS NULL"
        )
        return [(row["video_id"], row["length"]) for row in rows]

    async def withdraw(self, video_id: str, now: datetime, of: Sequence[Status]) -> bool:
        """Forget the upload, if its status is one `of` these, and keep it from starting again; False when it is not.

        A cancelled run keeps its original and a refusal its reason; a deleted video keeps nothing.
        """
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute(_ONE_AT_A_TIME, video_id)
            site_id = await conn.fetchval(
                "DELETE FROM uploads WHERE video_id = $1 AND status = ANY($2) RETURNING site_id", video_id, of
            )
            if await conn.fetchval("SELECT true FROM uploads WHERE video_id = $1", video_id):
                return False
            await conn.execute(_WITHDRAW, video_id, now, site_id)
            return True

    async def withdrawn_lately(self) -> list[tuple[str, str]]:
        """Site and video of what was withdrawn, where a request that was under way may yet leave bytes."""
        rows = await self.pool.fetch("SELECT site_id, video_id FROM withdrawn WHERE site_id IS NOT NULL LIMIT 1000")
        return [(row["site_id"], row["video_id"]) for row in rows]

    async def let_withdrawn_rest(self, now: datetime) -> None:
        """Nothing that was under way when these were withdrawn still is."""
        await self.pool.execute(
            "UPDATE withdrawn SET site_id = NULL WHERE site_id IS NOT NULL AND withdrawn_at < $1", now - self.ttl
        )

    async def in_parts(self, video_id: str, multipart_id: str) -> str | None:
        """The bytes go to the bucket from now on; None when another request said so before, or the upload is over."""
        found: str | None = await self.pool.fetchval(
            "UPDATE uploads SET multipart_id = $2"
            " WHERE video_id = $1 AND multipart_id IS NULL AND status = 'receiving' RETURNING multipart_id",
            *(video_id, multipart_id),
        )
        return found

    async def joining(self, video_id: str, now: datetime) -> None:
        """S3 is asked to make the object of the parts."""
        await self.pool.execute("UPDATE uploads SET joining_at = $2 WHERE video_id = $1", video_id, now)

    async def joining_ones(self) -> list[Upload]:
        """Uploads in parts whose object may be there, though nobody took it on."""
        return await self._in_parts("status = 'receiving' AND joining_at IS NOT NULL")

    async def refused_in_parts(self) -> list[Upload]:
        """Refused uploads whose object or parts may be there still."""
        return await self._in_parts("status = 'rejected'")

    async def has_multipart(self, multipart_id: str) -> bool:
        """Whether a row names this S3 upload."""
        return await self.pool.fetchval("SELECT true FROM uploads WHERE multipart_id = $1", multipart_id) is True

    async def out_of_parts(self, video_id: str) -> None:
        """Nothing of a refused upload is in the bucket any more."""
        await self.pool.execute(
            "UPDATE uploads SET multipart_id = NULL WHERE video_id = $1 AND status = 'rejected'", video_id
        )

    async def _in_parts(self, condition: str) -> list[Upload]:
        rows = await self.pool.fetch(
            f"SELECT {_COLUMNS} FROM uploads WHERE multipart_id IS NOT NULL AND {condition} LIMIT 1000"  # noqa: S608
        )
        return [Upload(**row) for row in rows]

    async def expired(self, now: datetime) -> list[str]:
        """Videos that made no progress for too long."""
        rows = await self.pool.fetch(
            "SELECT video_id FROM uploads WHERE status = 'receiving' AND expires_at < $1 LIMIT 1000", now
        )
        return [row["video_id"] for row in rows]


async def set_stored(conn: "PoolConnectionProxy", upload: Upload, sha256: str, now: datetime) -> bool:
    """received -> stored; False when the upload was withdrawn meanwhile."""
    row = await conn.fetchval(
        "UPDATE uploads SET status = 'stored', sha256 = $2, finished_at = $3"
        " WHERE video_id = $1 AND status = 'received' RETURNING true",
        *(upload.video_id, sha256, now),
    )
    return row is True


async def set_rejected(conn: "PoolConnectionProxy", video_id: str, code: str, size: int | None, now: datetime) -> bool:
    """receiving or received -> rejected; False when it is decided already or withdrawn."""
    row = await conn.fetchval(
        "UPDATE uploads SET status = 'rejected', code = $2, size_bytes = $3, finished_at = $4"
        " WHERE video_id = $1 AND status IN ('receiving', 'received') RETURNING true",
        *(video_id, code, size, now),
    )
    return row is True
