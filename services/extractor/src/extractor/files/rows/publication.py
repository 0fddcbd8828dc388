"""The publisher's view of jobs: a run is claimed by lease and fence, its frames read, and what was published recorded.

Times are the database's, so that clocks of machines need not agree.
"""

from collections.abc import Collection
from datetime import timedelta

import asyncpg

from extractor.files.rows.jobs import Connection
from extractor.model.frames import StoredFrame

_CLAIM = """
UPDATE jobs SET publisher = $1, publish_fence = publish_fence + 1, publish_until = clock_timestamp() + $2
WHERE run_id = (
    SELECT run_id FROM jobs j
    WHERE NOT publish_until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $2::interval -- see segments._CLAIM
      AND NOT run_id = ANY($3) AND (
        (state IN ('processing', 'failed') AND NOT given_up AND (
            published = total
            OR EXISTS (SELECT 1 FROM frames f WHERE f.run_id = j.run_id AND f.index = j.published + 1)
            OR (total = published + 1
                AND EXISTS (SELECT 1 FROM frames f WHERE f.run_id = j.run_id AND f.index = j.published))))
        OR (state = 'failed' AND given_up AND marked < attempt AND (published > 0
            OR EXISTS (SELECT 1 FROM frames f WHERE f.run_id = j.run_id AND f.index = j.published))))
    ORDER BY publish_until LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
_FRAMES = "SELECT * FROM frames WHERE run_id = $1 AND index >= $2 ORDER BY index LIMIT $3"
_RELEASE = "UPDATE jobs SET publish_until = '-infinity' WHERE run_id = $1 AND publish_fence = $2"
_POSTPONE = "UPDATE jobs SET publish_until = clock_timestamp() + $3 WHERE run_id = $1 AND publish_fence = $2"
_ADVANCE = """
UPDATE jobs SET published = $3, dirty = true, publish_until = '-infinity', updated_at = clock_timestamp()
WHERE run_id = $1 AND publish_fence = $2 AND state IN ('processing', 'failed') RETURNING true
"""
_DONE = """
UPDATE jobs SET published = $3, state = 'done', stage = 'done', best_thumb = $4, publish_until = '-infinity',
    frame_bytes = frame_bytes + (SELECT coalesce(sum(stored_bytes), 0) FROM segments WHERE run_id = $1),
    updated_at = clock_timestamp()
WHERE run_id = $1 AND publish_fence = $2 AND state = 'processing' RETURNING true
"""
_MARKED = """
UPDATE jobs SET published = $3, marked = attempt, publish_until = '-infinity', updated_at = clock_timestamp()
WHERE run_id = $1 AND publish_fence = $2 AND given_up RETURNING true
"""
_BEST = """
SELECT best_thumb FROM segments WHERE run_id = $1 AND best_thumb IS NOT NULL
ORDER BY best_score DESC, number LIMIT 1
"""


async def claim(conn: Connection, owner: str, lease: timedelta, except_runs: Collection[str]) -> asyncpg.Record | None:
    """A job that has something to publish, the one that waited longest; its row is the `job` of the functions below."""
    return await conn.fetchrow(_CLAIM, owner, lease, except_runs)


async def frames_of(conn: Connection, job: asyncpg.Record, limit: int) -> list[StoredFrame]:
    """Stored frames that are not published yet, in order of index."""
    rows = await conn.fetch(_FRAMES, job["run_id"], job["published"], limit)
    return [StoredFrame(**{name: row[name] for name in StoredFrame.__slots__}) for row in rows]


async def best_thumbnail(conn: Connection, run_id: str) -> bytes | None:
    """The JPEG of the best frame of all segments."""
    found: bytes | None = await conn.fetchval(_BEST, run_id)
    return found


async def release(conn: Connection, job: asyncpg.Record) -> None:
    """End the lease; any publisher may go on at once."""
    await conn.execute(_RELEASE, job["run_id"], job["publish_fence"])


async def postpone(conn: Connection, job: asyncpg.Record, by: timedelta) -> None:
    """Nobody publishes the run for so long."""
    await conn.execute(_POSTPONE, job["run_id"], job["publish_fence"], by)


async def advance(conn: Connection, job: asyncpg.Record, published: int) -> bool:
    """More frames are published. False, as of the two below: the lease was lost and nothing is changed."""
    return await _record(conn, _ADVANCE, job, published)


async def finish(conn: Connection, job: asyncpg.Record, published: int, best_thumb: bool) -> bool:
    """The run is done: all its frames are published."""
    done = await _record(conn, _DONE, job, published, best_thumb)
    if done:
        await conn.execute("DELETE FROM segments WHERE run_id = $1", job["run_id"])
    return done


async def mark(conn: Connection, job: asyncpg.Record, published: int) -> bool:
    """The end marker of a run that is given up is published."""
    return await _record(conn, _MARKED, job, published)


async def _record(conn: Connection, query: str, job: asyncpg.Record, published: int, *more: object) -> bool:
    """Under the fence of the claim. Published frames need no row any more."""
    ours = await conn.fetchval(query, job["run_id"], job["publish_fence"], published, *more)
    if ours:
        await conn.execute("DELETE FROM frames WHERE run_id = $1 AND index < $2", job["run_id"], published)
    return bool(ours)
