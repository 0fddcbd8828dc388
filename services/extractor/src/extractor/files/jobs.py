"""Jobs: accepted once, and told of in the transaction that changes them.

Every function takes a connection inside a transaction. Where a job's row and its segments are both locked, the job's
comes first, so that no two transactions wait for each other.
"""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from chassis import outbox
from extractor.files import telling
from extractor.files.failures import CANCELLED, Failed, Failure
from tablewatch_schemas import Received, VideoUploaded, to_json

Connection = asyncpg.Connection | PoolConnectionProxy

FINAL = ("done", "failed", "cancelled")

_ACCEPT = """
INSERT INTO jobs (run_id, video_id, site_id, upload, cause, state, duration_ms, error_code)
SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (SELECT 1 FROM deletions WHERE run_id = $1)
ON CONFLICT (run_id) DO NOTHING RETURNING true
"""
_TELL = """
UPDATE jobs SET sequence = sequence + 1, dirty = false, told_at = clock_timestamp() WHERE run_id = $1
RETURNING *, (SELECT coalesce(sum(done_ms), 0)::bigint FROM segments s WHERE s.run_id = jobs.run_id) AS done_ms
"""
_CHANGED = """
INSERT INTO history (run_id, attempt, state, stage, error_code, error_detail)
SELECT j.run_id, j.attempt, j.state, j.stage, j.error_code, j.error_detail
FROM jobs j LEFT JOIN LATERAL (
    SELECT * FROM history h WHERE h.run_id = j.run_id AND h.segment IS NULL ORDER BY h.id DESC LIMIT 1
) before ON true
WHERE j.run_id = $1 AND (j.attempt, j.state, j.stage, j.error_code)
    IS DISTINCT FROM (before.attempt, before.state, before.stage, before.error_code)
"""
_TRIED = """
INSERT INTO history (run_id, attempt, state, stage, segment, tries, error_code, error_detail)
SELECT run_id, attempt, state, stage, $2, $3, $4, $5 FROM jobs WHERE run_id = $1
"""
_DUE = """
SELECT run_id FROM jobs WHERE dirty AND state = 'processing'
  AND NOT told_at BETWEEN clock_timestamp() - interval '1 second' AND clock_timestamp()
ORDER BY told_at LIMIT 50 FOR UPDATE SKIP LOCKED
"""
_FAIL = """
UPDATE jobs SET state = 'failed', error_code = $2, error_detail = $3, given_up = $4, updated_at = clock_timestamp()
WHERE run_id = $1 AND state IN ('queued', 'processing') RETURNING true
"""
_CANCEL = """
UPDATE jobs SET state = 'cancelled', error_code = $2, updated_at = clock_timestamp()
WHERE run_id = $1 AND state IN ('queued', 'processing') RETURNING true
"""
_RETRY = """
UPDATE jobs SET state = 'queued', attempt = attempt + 1, error_code = NULL, error_detail = NULL,
    marked = CASE WHEN given_up THEN attempt ELSE marked END, given_up = false, -- its marker may be under way
    served_at = '-infinity', updated_at = clock_timestamp()
WHERE run_id = $1 AND state IN ('failed', 'cancelled') AND NOT (given_up AND jsonb_array_length(upload -> 'make') > 1)
RETURNING true
"""
_GIVE_UP = """
UPDATE jobs SET given_up = true WHERE run_id IN (
    SELECT run_id FROM jobs WHERE state = 'failed' AND NOT given_up AND updated_at < clock_timestamp() - $1::interval
    ORDER BY updated_at LIMIT 50 FOR UPDATE SKIP LOCKED)
RETURNING run_id
"""
_REOPEN = """
UPDATE segments SET state = 'open', tries = 0, not_before = '-infinity', error_code = NULL
WHERE run_id = $1 AND state <> 'done'
"""
_ONLY_PUBLISH = """
UPDATE jobs SET state = 'processing' WHERE run_id = $1
  AND NOT EXISTS (SELECT 1 FROM segments s WHERE s.run_id = $1 AND s.state = 'open')
"""
_FORGET = """
INSERT INTO deletions (run_id, site_id) VALUES ($1, $2)
ON CONFLICT (run_id) DO UPDATE SET sweeps = 0, next_sweep = clock_timestamp()
"""


async def accept(conn: Connection, received: Received[VideoUploaded], now: datetime) -> bool:
    """Make a job of an upload; False if there is one already, or the run was deleted."""
    upload = received.event
    if upload is None:
        return False
    cancelled = await conn.fetchval("DELETE FROM early_cancels WHERE run_id = $1 RETURNING true", upload.run_id)
    state, error = ("cancelled", CANCELLED.code) if cancelled else ("queued", None)
    facts = to_json(upload).decode()
    cause = telling.cause_of(received)
    made = await conn.fetchval(
        _ACCEPT, upload.run_id, upload.video_id, upload.site_id, facts, cause, state, upload.duration_ms, error
    )
    if not made:
        return False
    await conn.execute("INSERT INTO segments (run_id, number, kind) VALUES ($1, 0, 'plan')", upload.run_id)
    await tell(conn, upload.run_id, now)
    return True


async def tell(conn: Connection, run_id: str, now: datetime) -> None:
    """Write the next video.progress of a job into the outbox, and what changed into its history."""
    row = await conn.fetchrow(_TELL, run_id)
    if row is not None:
        await conn.execute(_CHANGED, run_id)
        await outbox.add(conn, telling.progress(dict(row), now))


async def tell_due(conn: Connection, now: datetime) -> int:
    """Tell of every job that has news and was quiet for a second; returns how many."""
    due = [row["run_id"] for row in await conn.fetch(_DUE)]
    for run_id in due:
        await tell(conn, run_id, now)
    return len(due)


async def tried(conn: Connection, run_id: str, segment: int, tries: int, failed: Failed) -> None:
    """Keep that a try of a segment failed, whatever comes of the next."""
    await conn.execute(_TRIED, run_id, segment, tries, failed.failure.code, failed.detail[:2000])


async def fail(conn: Connection, run_id: str, failed: Failed | Failure, now: datetime) -> None:
    """End a job in a failure; nothing if it has ended already."""
    failure, detail = (failed.failure, failed.detail) if isinstance(failed, Failed) else (failed, "")
    if await conn.fetchval(_FAIL, run_id, failure.code, detail[:2000], not failure.retryable):
        await tell(conn, run_id, now)


async def give_up(conn: Connection, after: timedelta, now: datetime) -> int:
    """Let the runs end that failed so long ago and that nobody has tried again; returns how many."""
    over = [row["run_id"] for row in await conn.fetch(_GIVE_UP, after)]
    for run_id in over:
        await tell(conn, run_id, now)
    return len(over)


async def cancel(conn: Connection, run_id: str, now: datetime) -> None:
    """Stop a job where it stands; remembered if its upload has not been told yet."""
    if await conn.fetchval(_CANCEL, run_id, CANCELLED.code):
        await tell(conn, run_id, now)
    elif not await known(conn, run_id):
        await conn.execute("INSERT INTO early_cancels (run_id) VALUES ($1) ON CONFLICT DO NOTHING", run_id)


async def retry(conn: Connection, run_id: str, now: datetime) -> None:
    """Go on with a failed or cancelled job: what is done stays done.

    A run with tables or hazards whose end was told is told of again instead: the folds take no more of it.
    """
    await conn.execute("DELETE FROM early_cancels WHERE run_id = $1", run_id)
    if await conn.fetchval(_RETRY, run_id):
        await conn.execute(_REOPEN, run_id)
        await conn.execute(_ONLY_PUBLISH, run_id)
        await tell(conn, run_id, now)
    elif await conn.fetchval("SELECT true FROM jobs WHERE run_id = $1 AND state = 'failed'", run_id):
        await tell(conn, run_id, now)


async def delete(conn: Connection, run_id: str, site_id: str) -> None:
    """Forget a job with all its rows, refuse it from now on, and have its objects swept."""
    await conn.execute(_FORGET, run_id, site_id)
    await conn.execute("DELETE FROM early_cancels WHERE run_id = $1", run_id)
    await conn.execute("DELETE FROM jobs WHERE run_id = $1", run_id)


async def known(conn: Connection, run_id: str) -> bool:
    """Whether there is a job of this run, or was."""
    query = """SELECT EXISTS (SELECT 1 FROM jobs WHERE run_id = $1)
               OR EXISTS (SELECT 1 FROM deletions WHERE run_id = $1)"""
    found: Any = await conn.fetchval(query, run_id)
    return bool(found)
