"""Segments: claimed by one worker at a time, and written to only under the fence of that claim."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from extractor.files import jobs
from extractor.files.claims import Claim, Planned, hold
from extractor.files.failures import NO_FRAMES, STORAGE_FAILED, Failed
from extractor.files.jobs import Connection
from extractor.files.telling import upload_of

BACKOFF_S, BACKOFF_MAX_S = 1.0, 60.0
STORE_MAX_S = 5.0
"""After a store that stayed away the waiting was done object by object: its return is not to be missed."""

# A time further ahead than any of ours was written before the server's clock stepped back: it is over, too.
_CLAIM = """
WITH next AS (
    SELECT s.run_id, s.number FROM segments s JOIN jobs j USING (run_id)
    WHERE s.state = 'open' AND j.state IN ('queued', 'processing')
      AND NOT s.lease_until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $2::interval
      AND NOT s.not_before BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
    ORDER BY j.served_at, j.created_at, s.number
    LIMIT 1 FOR UPDATE OF s, j SKIP LOCKED
), served AS (
    UPDATE jobs SET served_at = clock_timestamp(), state = 'processing', updated_at = clock_timestamp()
    FROM next WHERE jobs.run_id = next.run_id
    RETURNING jobs.run_id, jobs.upload, jobs.start_pts, jobs.duration_ms
), began AS (
    SELECT j.run_id, j.state = 'queued' AS first FROM jobs j JOIN next USING (run_id)
)
UPDATE segments s SET owner = $1, fence = fence + 1, lease_until = clock_timestamp() + $2, tries = tries + 1
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
_AGAIN = """
UPDATE segments SET lease_until = '-infinity', not_before = clock_timestamp() + $3, error_code = $4
WHERE run_id = $1 AND number = $2
"""
_ADD = """
INSERT INTO segments (run_id, number, kind, first_index, wanted, seek, after, from_ms, to_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_PLANNED = """
UPDATE jobs SET stage = 'extract', start_pts = $2, duration_ms = coalesce($3, duration_ms), expected = $4, gaps = $5,
    updated_at = clock_timestamp() WHERE run_id = $1
"""
_FINISHED = """
UPDATE jobs SET stage = 'publish', total = s.total, updated_at = clock_timestamp()
FROM (SELECT sum(frames)::int AS total, bool_and(state = 'done') AS complete FROM segments
      WHERE run_id = $1 AND number > 0) s
WHERE run_id = $1 AND s.complete RETURNING s.total
"""
_ADD_GAPS = "UPDATE jobs SET gaps = gaps || $2::jsonb WHERE run_id = $1 AND jsonb_array_length(gaps) < 100"


async def claim(conn: Connection, owner: str, lease_s: float, now: datetime) -> Claim | None:
    """The next segment of the job that was served longest ago, so that long videos do not starve short ones."""
    row = await conn.fetchrow(_CLAIM, owner, timedelta(seconds=lease_s))
    if row is None:
        return None
    if row["first"]:
        await jobs.tell(conn, row["run_id"], now)
    return Claim(
        run_id=row["run_id"],
        number=row["number"],
        kind=row["kind"],
        fence=row["fence"],
        tries=row["tries"],
        first_index=row["first_index"],
        wanted=tuple(row["wanted"]),
        seek=row["seek"],
        after=row["after"],
        from_ms=row["from_ms"],
        to_ms=row["to_ms"],
        start=row["start_pts"],
        duration_ms=row["duration_ms"],
        upload=upload_of(dict(row)),
    )


async def renew(conn: Connection, held: Claim, lease_s: float) -> bool:
    """Hold it longer; False when it is another's, or its job was cancelled or deleted."""
    return bool(await conn.fetchval(_RENEW, held.run_id, held.number, held.fence, timedelta(seconds=lease_s)))


async def plan(conn: Connection, held: Claim, found: Planned, now: datetime) -> None:
    """Turn a survey into segments to be claimed."""
    await hold(conn, held)
    await conn.execute("DELETE FROM segments WHERE run_id = $1 AND number > 0", held.run_id)
    for number, part in enumerate(found.segments, start=1):
        columns = (part[name] for name in ("kind", "first_index", "wanted", "seek", "after", "from_ms", "to_ms"))
        await conn.execute(_ADD, held.run_id, number, *columns)
    gaps = orjson.dumps(list(found.gaps)).decode()
    await conn.execute(_PLANNED, held.run_id, found.start, found.duration_ms, found.expected, gaps)
    await conn.execute(_DONE, held.run_id, held.number, 0, None, None, held.from_ms)
    await jobs.tell(conn, held.run_id, now)


async def finish(
    conn: Connection, held: Claim, frames: int, best: tuple[float, bytes] | None, gaps: Sequence[dict[str, Any]]
) -> bool:
    """A segment is done; True if it was the last one, so that the job's total is known. Raises Failed(no_frames)."""
    await hold(conn, held)
    score, thumb = best or (None, None)
    reached = held.duration_ms if held.duration_ms is not None else held.from_ms
    await conn.execute(_DONE, held.run_id, held.number, frames, score, thumb, max(reached, held.from_ms))
    if gaps:
        await conn.execute(_ADD_GAPS, held.run_id, orjson.dumps(list(gaps[:100])).decode())
    total: int | None = await conn.fetchval(_FINISHED, held.run_id)
    if total == 0:
        raise Failed(NO_FRAMES)
    return total is not None


async def straighten(conn: Connection, held: Claim) -> None:
    """A plan that did not hold: this segment and everything behind it becomes one, decoded straight.

    Segments before it keep their frames: they came out as planned. Nothing behind it has been published, because
    publication stops at the first index that is missing.
    """
    await hold(conn, held)
    await conn.execute("DELETE FROM segments WHERE run_id = $1 AND number > $2", held.run_id, held.number)
    await conn.execute("DELETE FROM frames WHERE run_id = $1 AND segment >= $2", held.run_id, held.number)
    await conn.execute(
        """UPDATE segments SET kind = 'straight', wanted = '{}', to_ms = NULL, lease_until = '-infinity', tries = 0,
           frames = 0, done_ms = 0, fence = fence + 1 WHERE run_id = $1 AND number = $2""",
        held.run_id,
        held.number,
    )
    await conn.execute("UPDATE jobs SET expected = NULL, total = NULL WHERE run_id = $1", held.run_id)


async def give_back(conn: Connection, held: Claim, failed: Failed, attempts: int, now: datetime) -> None:
    """After a failure: again later if that can help and tries are left, otherwise the job has failed."""
    await hold(conn, held)
    await jobs.tried(conn, held.run_id, held.number, held.tries, failed)
    if failed.failure.retryable and held.tries < attempts:
        longest = STORE_MAX_S if failed.failure is STORAGE_FAILED else BACKOFF_MAX_S
        wait = min(longest, BACKOFF_S * 2.0 ** (held.tries - 1))
        await conn.execute(_AGAIN, held.run_id, held.number, timedelta(seconds=wait), failed.failure.code)
        return
    await conn.execute(
        "UPDATE segments SET state = 'failed', lease_until = '-infinity', error_code = $3"
        " WHERE run_id = $1 AND number = $2",
        held.run_id,
        held.number,
        failed.failure.code,
    )
    await jobs.fail(conn, held.run_id, failed, now)
