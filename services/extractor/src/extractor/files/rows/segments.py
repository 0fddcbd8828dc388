"""Segments: claimed by one worker at a time, and written to only under the fence of that claim."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from chassis.backoff import Backoff
from extractor import events
from extractor.files.rows import jobs, storage
from extractor.files.rows.claims import Claim, SurveyResult, lock
from extractor.files.rows.jobs import Connection
from extractor.model.failures import Failed, NoFrames, StorageFailed
from extractor.model.storage import RunEstimate, check_fits
from extractor.protocol import MAX_GAPS

BACKOFF = Backoff(first_s=1.0, max_s=60.0)
STORAGE_BACKOFF = Backoff(first_s=1.0, max_s=5.0)
"""Shorter, because every object was retried for long before: a store that is back again should be noticed soon."""

# A time further in the future than any that is written was written before the server's clock stepped back: it counts
# as past.
_CLAIMABLE = """segments s JOIN jobs j USING (run_id)
    WHERE s.state = 'open' AND j.state IN ('queued', 'processing')
      AND NOT s.lease_until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $1::interval
      AND NOT s.not_before BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
"""
_ANY_CLAIMABLE = f"SELECT EXISTS (SELECT 1 FROM {_CLAIMABLE})"
_CLAIM = f"""
WITH next AS (
    SELECT s.run_id, s.number FROM {_CLAIMABLE}
    ORDER BY j.served_at, j.created_at, s.number
    LIMIT 1 FOR UPDATE OF s, j SKIP LOCKED
), served AS (
    UPDATE jobs SET served_at = clock_timestamp(), state = 'processing', updated_at = clock_timestamp(),
        storage_dirty = storage_dirty OR waiting IS NOT NULL, waiting = NULL
    FROM next WHERE jobs.run_id = next.run_id
    RETURNING jobs.run_id, jobs.upload, jobs.start_pts, jobs.duration_ms
), began AS (
    SELECT j.run_id, j.state = 'queued' AS first FROM jobs j JOIN next USING (run_id)
)
UPDATE segments s SET owner = $2, fence = fence + 1, lease_until = clock_timestamp() + $1, tries = tries + 1
FROM served JOIN began USING (run_id), next
WHERE s.run_id = next.run_id AND s.number = next.number AND served.run_id = next.run_id
RETURNING s.*, served.upload, served.start_pts, served.duration_ms, began.first
"""
_RENEW = """
UPDATE segments s SET lease_until = clock_timestamp() + $4
WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open'
  AND EXISTS (SELECT 1 FROM jobs j WHERE j.run_id = s.run_id AND j.state = 'processing')
RETURNING true
"""
_DONE = """
UPDATE segments SET state = 'done', lease_until = '-infinity', frames = $3, done_ms = coalesce(to_ms, $6) - from_ms,
    best_score = $4, best_thumb = $5, error_code = NULL
WHERE run_id = $1 AND number = $2
"""
_RETRY_LATER = """
UPDATE segments SET lease_until = '-infinity', not_before = clock_timestamp() + $3, error_code = $4
WHERE run_id = $1 AND number = $2
"""
_FAILED = """
UPDATE segments SET state = 'failed', lease_until = '-infinity', error_code = $3 WHERE run_id = $1 AND number = $2
"""
_PUT_OFF = """
UPDATE segments SET lease_until = '-infinity', not_before = clock_timestamp() + $4, tries = tries - 1
WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open'
"""
_WAIT = """
UPDATE jobs SET waiting = $1, storage_dirty = true WHERE run_id IN (
    SELECT run_id FROM jobs WHERE state IN ('queued', 'processing') AND waiting IS NULL
      AND EXISTS (SELECT 1 FROM segments s WHERE s.run_id = jobs.run_id AND s.state = 'open')
      AND ($2::text IS NULL OR run_id = $2)
    FOR UPDATE SKIP LOCKED)
"""
_ADD = """
INSERT INTO segments (run_id, number, kind, first_index, wanted, seek, after, from_ms, to_ms, reserved_bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_JOB_PLANNED = """
UPDATE jobs SET stage = 'extract', start_pts = $2, duration_ms = coalesce($3, duration_ms), expected = $4, gaps = $5,
    crops_reserved = $6, updated_at = clock_timestamp() WHERE run_id = $1
"""
_JOB_EXTRACTED = """
UPDATE jobs SET stage = 'publish', total = s.total, updated_at = clock_timestamp()
FROM (SELECT sum(frames)::int AS total, bool_and(state = 'done') AS complete FROM segments
      WHERE run_id = $1 AND number > 0) s
WHERE run_id = $1 AND s.complete RETURNING s.total
"""
_LONGER = "UPDATE jobs SET duration_ms = greatest(duration_ms, $2) WHERE run_id = $1"
_ADD_GAPS = "UPDATE jobs SET gaps = gaps || $2::jsonb WHERE run_id = $1 AND jsonb_array_length(gaps) < $3"
_MAKE_SEQUENTIAL = """
UPDATE segments SET kind = 'straight', wanted = '{}', to_ms = NULL,
    seek = (SELECT before.seek FROM segments before WHERE before.run_id = $1 AND before.number = $2 - 1),
    lease_until = '-infinity', tries = 0,
    frames = 0, done_ms = 0, stored_bytes = 0, reserved_bytes = 0, fence = fence + 1
WHERE run_id = $1 AND number = $2
"""
_FORGET_PLAN = "UPDATE jobs SET expected = NULL, total = NULL, recount = true WHERE run_id = $1"
"""What was stored by the plan and does not come again by index is counted when the objects are listed."""


async def any_claimable(conn: Connection, lease_s: float) -> bool:
    """Whether `claim` may find one: a fifth of what asking for it in a transaction takes."""
    found: bool = await conn.fetchval(_ANY_CLAIMABLE, timedelta(seconds=lease_s))
    return found


async def claim(conn: Connection, owner: str, lease_s: float, now: datetime) -> Claim | None:
    """The next segment of the job that was served longest ago, so that long videos do not starve short ones."""
    row = await conn.fetchrow(_CLAIM, timedelta(seconds=lease_s), owner)
    if row is None:
        return None
    if row["first"]:
        await jobs.enqueue_progress(conn, row["run_id"], now)
    return Claim(
        run_id=row["run_id"],
        number=row["number"],
        kind=row["kind"],
        fence=row["fence"],
        attempts=row["tries"],
        first_index=row["first_index"],
        wanted=tuple(row["wanted"]),
        seek=row["seek"],
        after=row["after"],
        from_ms=row["from_ms"],
        to_ms=row["to_ms"],
        start=row["start_pts"],
        duration_ms=row["duration_ms"],
        upload=events.upload_of(row),
        reserved_bytes=row["reserved_bytes"],
    )


async def put_off(conn: Connection, claim: Claim, wait: timedelta, code: str) -> None:
    """Give a segment back that waits for something: it counts as no attempt. Nothing if it is not ours any more."""
    await conn.execute(_PUT_OFF, claim.run_id, claim.number, claim.fence, wait)
    await conn.execute(_WAIT, code, claim.run_id)


async def wait_all(conn: Connection, code: str) -> None:
    """No segment is claimed now: every run that has one open waits. It ends when a segment of the run is claimed."""
    await conn.execute(_WAIT, code, None)


async def renew(conn: Connection, claim: Claim, lease_s: float) -> bool:
    """Extend the lease; False when it is another's, or its job was cancelled or deleted."""
    return bool(await conn.fetchval(_RENEW, claim.run_id, claim.number, claim.fence, timedelta(seconds=lease_s)))


async def plan(
    conn: Connection, claim: Claim, survey: SurveyResult, estimate: RunEstimate, default_limit: int, now: datetime
) -> None:
    """Turn a survey into segments that can be claimed, and reserve what they are likely to store.

    Raises Lost, SiteStorageFull if the site has no room for that, and QuotaReserved if others have reserved it.
    """
    await storage.lock(conn, claim.upload.site_id)
    await lock(conn, claim)
    await conn.execute("DELETE FROM segments WHERE run_id = $1 AND number > 0", claim.run_id)
    wanted = sum(len(segment["wanted"]) for segment in survey.segments)
    use = await storage.used(conn, claim.upload.site_id, default_limit)
    check_fits(wanted * (estimate.frame + estimate.crops), use)
    for number, segment in enumerate(survey.segments, start=1):
        columns = (segment[name] for name in ("kind", "first_index", "wanted", "seek", "after", "from_ms", "to_ms"))
        await conn.execute(_ADD, claim.run_id, number, *columns, len(segment["wanted"]) * estimate.frame)
    gaps = orjson.dumps(list(survey.gaps)).decode()
    await conn.execute(
        _JOB_PLANNED,
        *(claim.run_id, survey.start, survey.duration_ms, survey.expected, gaps, wanted * estimate.crops),
    )
    await conn.execute(_DONE, claim.run_id, claim.number, 0, None, None, claim.from_ms)
    await jobs.enqueue_progress(conn, claim.run_id, now)


async def finish(
    conn: Connection,
    claim: Claim,
    frames: int,
    best: tuple[float, bytes] | None,
    gaps: Sequence[dict[str, Any]],
    ends_ms: int | None,
) -> None:
    """A segment is done; with the last one the job's total is known. `best`: score and JPEG of its best thumbnail.
    `ends_ms`: where its last frame ends; packets without times, as in program streams, tell a survey too little.

    Raises Lost, and NoFrames if the total is zero.
    """
    await lock(conn, claim)
    score, thumbnail = best or (None, None)
    duration_ms = max(claim.duration_ms or 0, ends_ms or 0)
    if ends_ms is not None:
        await conn.execute(_LONGER, claim.run_id, ends_ms)
    await conn.execute(_DONE, claim.run_id, claim.number, frames, score, thumbnail, max(duration_ms, claim.from_ms))
    if gaps:
        await conn.execute(_ADD_GAPS, claim.run_id, orjson.dumps(list(gaps[:MAX_GAPS])).decode(), MAX_GAPS)
    if await conn.fetchval(_JOB_EXTRACTED, claim.run_id) == 0:
        raise NoFrames


async def fall_back_to_sequential(conn: Connection, claim: Claim) -> None:
    """Where a plan did not hold, this segment and all behind it become one that is decoded sequentially. Raises Lost.

    It is decoded from where the segment before it begins: its own keyframe may be what failed, as in a stream whose
    pictures are renewed bit by bit (intra refresh), and which shows nothing until that is done. Segments before it keep
    their frames: they came out as planned. Nothing behind it has been published, because
    publishing stops at the first index that is missing.
    """
    await lock(conn, claim)
    await conn.execute("DELETE FROM segments WHERE run_id = $1 AND number > $2", claim.run_id, claim.number)
    await conn.execute("DELETE FROM frames WHERE run_id = $1 AND segment >= $2", claim.run_id, claim.number)
    await conn.execute(_MAKE_SEQUENTIAL, claim.run_id, claim.number)
    await conn.execute(_FORGET_PLAN, claim.run_id)


async def fail_attempt(conn: Connection, claim: Claim, failed: Failed, max_attempts: int, now: datetime) -> None:
    """Retry later if that can help and attempts are left, else the job has failed. Raises Lost."""
    await lock(conn, claim)
    await jobs.record_failed_attempt(conn, claim.run_id, claim.number, claim.attempts, failed)
    if failed.retryable and not failed.needs_action and claim.attempts < max_attempts:
        backoff = STORAGE_BACKOFF if isinstance(failed, StorageFailed) else BACKOFF
        wait = timedelta(seconds=backoff.limit_s(claim.attempts))
        await conn.execute(_RETRY_LATER, claim.run_id, claim.number, wait, failed.code)
    else:
        await conn.execute(_FAILED, claim.run_id, claim.number, failed.code)
        await jobs.fail(conn, claim.run_id, failed, now)
