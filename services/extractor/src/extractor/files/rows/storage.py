"""Stored bytes of a site and what is reserved for its runs.

Every figure is computed from rows of runs and segments, so that no kill leaves a reservation behind: a segment that is
done, a run that has ended or is deleted holds none. An advisory lock for each site makes check and reservation atomic.
"""

from typing import TYPE_CHECKING

from extractor.files.rows.claims import Claim, Lost
from extractor.model.storage import CHUNK, StorageUse, extended

if TYPE_CHECKING:
    from extractor.files.rows.jobs import Connection

_USED = """
SELECT
    (SELECT coalesce(sum(frame_bytes), 0) FROM jobs WHERE site_id = $1)
        + (SELECT coalesce(sum(s.stored_bytes), 0) FROM segments s JOIN jobs j USING (run_id)
           WHERE j.site_id = $1 AND j.state <> 'done')
        + (SELECT coalesce(sum(stored_bytes), 0) FROM deletions WHERE site_id = $1 AND stored_bytes > 0) AS frames,
    (SELECT coalesce(sum(crop_bytes), 0) FROM jobs WHERE site_id = $1) AS crops,
    (SELECT coalesce(sum(greatest(crops_reserved - crop_bytes, 0)), 0) FROM jobs WHERE site_id = $1
        AND NOT crops_ended AND (state IN ('queued', 'processing') OR state = 'done'
                                 AND updated_at > clock_timestamp() - interval '1 hour'))
        + (SELECT coalesce(sum(greatest(s.reserved_bytes - s.stored_bytes, 0)), 0)
           FROM segments s JOIN jobs j USING (run_id)
           WHERE j.site_id = $1 AND j.state IN ('queued', 'processing') AND s.state = 'open') AS reserved,
    coalesce((SELECT picture_bytes FROM site_limits WHERE site_id = $1), $2::bigint) AS most
"""
"""The crops of a run that is done come within minutes; an hour later nothing is reserved for those that never came."""
_HELD = "SELECT reserved_bytes FROM segments WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open'"
_EXTEND = """
UPDATE segments SET reserved_bytes = $4 WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open'
RETURNING true
"""
_SET_LIMIT = """
INSERT INTO site_limits VALUES ($1, $2, $3) ON CONFLICT (site_id) DO UPDATE
SET version = excluded.version, picture_bytes = excluded.picture_bytes WHERE site_limits.version < excluded.version
"""
_COUNT_CROPS = """
UPDATE jobs SET crop_bytes = crop_bytes + $3, crops_counted = crops_counted + int4multirange(int4range($2, $2 + 1)),
    crops_ended = crops_ended OR $4, storage_dirty = true
WHERE run_id = $1 AND NOT crops_counted @> $2::int
RETURNING state = 'processing' AND crop_bytes > crops_reserved AS beyond
"""
_EXTEND_CROPS = "UPDATE jobs SET crops_reserved = crop_bytes + $2 WHERE run_id = $1"


async def lock(conn: "Connection", site_id: str) -> None:
    """Lock the storage of the site until the transaction ends; before any row of its runs."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('extractor storage ' || $1, 0))", site_id)


async def used(conn: "Connection", site_id: str, default_limit: int) -> StorageUse:
    """What the site has stored and reserved, and its limit: its own, or else the default."""
    row = await conn.fetchrow(_USED, site_id, default_limit)
    if row is None:
        raise LookupError("a select of sums has a row")
    return StorageUse(int(row["frames"]), int(row["crops"]), int(row["reserved"]), row["most"])


async def extend(conn: "Connection", claim: Claim, needed: int, default_limit: int) -> int:
    """Reserve `needed` bytes for a claimed segment, or somewhat more; what is reserved then.

    Raises Lost, and SiteStorageFull if the site has no room.
    """
    await lock(conn, claim.upload.site_id)
    held = await conn.fetchval(_HELD, claim.run_id, claim.number, claim.fence)
    if held is None:
        raise Lost(f"{claim.run_id}/{claim.number}")
    if held >= needed:
        return int(held)
    reserved = extended(held, needed, await used(conn, claim.upload.site_id, default_limit))
    if not await conn.fetchval(_EXTEND, claim.run_id, claim.number, claim.fence, reserved):
        raise Lost(f"{claim.run_id}/{claim.number}")
    return reserved


async def count_crops(conn: "Connection", run_id: str, index: int, size: int, last: bool) -> bool:
    """Count the crops of a frame, once; whether the run has more than is reserved, so that `extend_crops` is due."""
    counted = await conn.fetchrow(_COUNT_CROPS, run_id, index, size, last)
    return counted is not None and bool(counted["beyond"])


async def extend_crops(conn: "Connection", site_id: str, run_id: str, default_limit: int) -> StorageUse | None:
    """Reserve more for the crops of a run. The use of the site if that does not fit: the run has to stop.

    The crops are stored by then. They were reserved as far as the survey could tell; what goes beyond is at most what
    the window of published frames lets through.
    """
    await lock(conn, site_id)
    use = await used(conn, site_id, default_limit)
    if use.exceeded:
        return use
    await conn.execute(_EXTEND_CROPS, run_id, min(CHUNK, use.room))
    return None


async def set_limit(conn: "Connection", site_id: str, version: int, picture_bytes: int | None) -> None:
    """As an admin changed it; an older version changes nothing."""
    await conn.execute(_SET_LIMIT, site_id, version, picture_bytes)


async def forget_limit(conn: "Connection", site_id: str) -> None:
    """The site is deleted."""
    await conn.execute("DELETE FROM site_limits WHERE site_id = $1", site_id)
