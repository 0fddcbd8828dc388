"""Jobs: accepted once; every change enqueues the progress event that reports it, in the same transaction.

Where a job's row and its segments are both locked, the job's comes first, so that no two transactions deadlock.
"""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from datetime import datetime, timedelta
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from chassis import outbox
from extractor import events
from extractor.model.failures import Cancelled, Failed, printable
from tablewatch_schemas import Received, VideoUploaded, to_json

Connection = asyncpg.Connection | PoolConnectionProxy

_ACCEPT = """
INSERT INTO jobs (run_id, video_id, site_id, upload, cause, state, duration_ms, error_code)
SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (SELECT 1 FROM deletions WHERE run_id = $1)
ON CONFLICT (run_id) DO NOTHING RETURNING true
"""
_NEXT_PROGRESS = """
UPDATE jobs SET sequence = sequence + 1, dirty = false, storage_dirty = false, told_at = clock_timestamp()
FROM (SELECT coalesce(sum(done_ms), 0)::bigint AS done_ms, coalesce(sum(stored_bytes), 0)::bigint AS stored_bytes,
        coalesce(sum(greatest(reserved_bytes - stored_bytes, 0)) FILTER (WHERE state = 'open'), 0)::bigint
            AS reserved_bytes
      FROM segments WHERE run_id = $1) s
WHERE run_id = $1
RETURNING *, s.done_ms, frame_bytes + s.stored_bytes AS frames_stored,
    CASE WHEN state IN ('queued', 'processing') THEN s.reserved_bytes ELSE 0 END
    + CASE WHEN NOT crops_ended AND state <> 'failed' AND state <> 'cancelled'
        THEN greatest(crops_reserved - crop_bytes, 0) ELSE 0 END AS reserved
"""
_ADD_TRANSITION = """
INSERT INTO history (run_id, attempt, state, stage, error_code, error_detail)
SELECT j.run_id, j.attempt, j.state, j.stage, j.error_code, j.error_detail
FROM jobs j LEFT JOIN LATERAL (
    SELECT * FROM history h WHERE h.run_id = j.run_id AND h.segment IS NULL ORDER BY h.id DESC LIMIT 1
) before ON true
WHERE j.run_id = $1 AND (j.attempt, j.state, j.stage, j.error_code)
    IS DISTINCT FROM (before.attempt, before.state, before.stage, before.error_code)
"""
_ADD_FAILED_ATTEMPT = """
INSERT INTO history (run_id, attempt, state, stage, segment, tries, error_code, error_detail)
SELECT run_id, attempt, state, stage, $2, $3, $4, $5 FROM jobs WHERE run_id = $1
"""
PROGRESS_DUE = """
SELECT run_id FROM jobs WHERE (dirty AND state = 'processing' OR storage_dirty)
  AND NOT told_at BETWEEN clock_timestamp() - interval '1 second' AND clock_timestamp()
"""
_PROGRESS_DUE = f"{PROGRESS_DUE} ORDER BY told_at LIMIT 50 FOR UPDATE SKIP LOCKED"
_FAIL = """
UPDATE jobs SET state = 'failed', error_code = $2, error_detail = $3, given_up = $4, recount = true,
    updated_at = clock_timestamp()
WHERE run_id = $1 AND state IN ('queued', 'processing') RETURNING true
"""
_CANCEL = """
UPDATE jobs SET state = 'cancelled', error_code = $2, recount = true, updated_at = clock_timestamp()
WHERE run_id = $1 AND state IN ('queued', 'processing') RETURNING true
"""
_RETRY = """
UPDATE jobs SET state = 'queued', attempt = attempt + 1, error_code = NULL, error_detail = NULL,
    marked = CASE WHEN given_up THEN attempt ELSE marked END, given_up = false, -- its marker may be under way
    served_at = '-infinity', recount = true, updated_at = clock_timestamp()
WHERE run_id = $1 AND state IN ('failed', 'cancelled') AND NOT (given_up AND jsonb_array_length(upload -> 'make') > 1)
RETURNING true
"""
GIVE_UP_DUE = """
SELECT run_id FROM jobs WHERE state = 'failed' AND NOT given_up AND updated_at < clock_timestamp() - $1::interval
"""
_GIVE_UP = f"""
UPDATE jobs SET given_up = true WHERE run_id IN ({GIVE_UP_DUE}
    ORDER BY updated_at LIMIT 50 FOR UPDATE SKIP LOCKED)
RETURNING run_id
"""
_REOPEN_SEGMENTS = """
UPDATE segments SET state = 'open', tries = 0, not_before = '-infinity', error_code = NULL, reserved_bytes = 0
WHERE run_id = $1 AND state <> 'done'
"""
_ONLY_PUBLISH = """
UPDATE jobs SET state = 'processing' WHERE run_id = $1
  AND NOT EXISTS (SELECT 1 FROM segments s WHERE s.run_id = $1 AND s.state = 'open')
"""
_DELETED = """
INSERT INTO deletions (run_id, site_id, stored_bytes)
SELECT $1, $2, coalesce((SELECT frame_bytes FROM jobs WHERE run_id = $1), 0)
    + coalesce((SELECT sum(stored_bytes) FROM segments WHERE run_id = $1), 0)
ON CONFLICT (run_id) DO UPDATE
SET sweeps = 0, next_sweep = clock_timestamp(), stored_bytes = deletions.stored_bytes + excluded.stored_bytes
"""
_EXISTS = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE run_id = $1) OR EXISTS (SELECT 1 FROM deletions WHERE run_id = $1)
"""


async def accept(conn: Connection, upload: VideoUploaded, received: Received[VideoUploaded], now: datetime) -> bool:
    """Make a job of an upload; False if there is one already, or the run was deleted."""
    cancelled = await conn.fetchval("DELETE FROM early_cancels WHERE run_id = $1 RETURNING true", upload.run_id)
    state, error = ("cancelled", Cancelled.code) if cancelled else ("queued", None)
    ids = (upload.run_id, upload.video_id, upload.site_id)
    document, cause = to_json(upload).decode(), events.cause_json(received)
    if not await conn.fetchval(_ACCEPT, *ids, document, cause, state, upload.duration_ms, error):
        return False
    await conn.execute("INSERT INTO segments (run_id, number, kind) VALUES ($1, 0, 'plan')", upload.run_id)
    await enqueue_progress(conn, upload.run_id, now)
    return True


async def enqueue_progress(conn: Connection, run_id: str, now: datetime) -> None:
    """Put the next video.progress of a job into the outbox, and what changed into its history."""
    row = await conn.fetchrow(_NEXT_PROGRESS, run_id)
    if row is not None:
        await conn.execute(_ADD_TRANSITION, run_id)
        await outbox.enqueue(conn, events.progress_event(row, now))


async def enqueue_due_progress(conn: Connection, now: datetime) -> None:
    """Of the jobs that changed and whose last progress is more than a second old."""
    for row in await conn.fetch(_PROGRESS_DUE):
        await enqueue_progress(conn, row["run_id"], now)


async def record_failed_attempt(conn: Connection, run_id: str, segment: int, attempts: int, failed: Failed) -> None:
    """Into the history, whatever comes of the next attempt."""
    await conn.execute(_ADD_FAILED_ATTEMPT, run_id, segment, attempts, failed.code, printable(failed.detail))


async def fail(conn: Connection, run_id: str, failed: Failed, now: datetime) -> None:
    """End a job in a failure; nothing if it has ended already. Given up at once if no retry can help."""
    if await conn.fetchval(_FAIL, run_id, failed.code, printable(failed.detail), not failed.retryable):
        await enqueue_progress(conn, run_id, now)


async def give_up(conn: Connection, after: timedelta, now: datetime) -> None:
    """End the runs that failed so long ago and were not retried: the publisher marks their end."""
    for row in await conn.fetch(_GIVE_UP, after):
        await enqueue_progress(conn, row["run_id"], now)


async def cancel(conn: Connection, run_id: str, now: datetime) -> None:
    """Stop a job where it stands; remembered if its upload has not come yet."""
    if await conn.fetchval(_CANCEL, run_id, Cancelled.code):
        await enqueue_progress(conn, run_id, now)
    elif not await _exists(conn, run_id):
        await conn.execute("INSERT INTO early_cancels (run_id) VALUES ($1) ON CONFLICT DO NOTHING", run_id)


async def retry(conn: Connection, run_id: str, now: datetime) -> None:
    """Resume a failed or cancelled job; segments that are done stay done.

    A run with tables or hazards that is given up stays so, because the folds have finished it; its progress is
    published anew.
    """
    await conn.execute("DELETE FROM early_cancels WHERE run_id = $1", run_id)
    if await conn.fetchval(_RETRY, run_id):
        await conn.execute(_REOPEN_SEGMENTS, run_id)
        await conn.execute(_ONLY_PUBLISH, run_id)
        await enqueue_progress(conn, run_id, now)
    elif await conn.fetchval("SELECT true FROM jobs WHERE run_id = $1 AND state = 'failed'", run_id):
        await enqueue_progress(conn, run_id, now)


async def delete(conn: Connection, run_id: str, site_id: str) -> None:
    """Delete a job with all its rows, refuse the run from now on, and have its objects swept."""
    await conn.execute(_DELETED, run_id, site_id)
    await conn.execute("DELETE FROM early_cancels WHERE run_id = $1", run_id)
    await conn.execute("DELETE FROM jobs WHERE run_id = $1", run_id)


async def _exists(conn: Connection, run_id: str) -> bool:
    """Whether there is a job of this run, or was one that is deleted."""
    found: Any = await conn.fetchval(_EXISTS, run_id)
    return bool(found)
