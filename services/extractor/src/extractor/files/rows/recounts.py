"""Runs whose objects are to be listed, because something may be stored that is not counted.

That is so after a failure or a cancellation (what a worker had stored and not recorded), for runs from before the
quota, and where an operator asked for it (`python -m extractor.recount`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from extractor.files.rows.jobs import Connection

DUE = """
SELECT run_id, site_id, attempt, crop_bytes FROM jobs
WHERE recount AND state IN ('done', 'failed', 'cancelled')
  AND updated_at < clock_timestamp() - interval '30 seconds' -- late writers are gone
"""
_DUE = f"{DUE} ORDER BY updated_at LIMIT 1"
_CORRECT = """
UPDATE jobs SET frame_bytes = $4, crop_bytes = $5, recount = false, storage_dirty = true,
    crops_counted = (SELECT coalesce(range_agg(int4range(i, i + 1)), '{}') FROM unnest($6::int[]) AS i)
WHERE run_id = $1 AND attempt = $2 AND crop_bytes = $3 AND recount AND state IN ('done', 'failed', 'cancelled')
RETURNING true
"""
_ASK = """
UPDATE jobs SET recount = true WHERE $1::text IS NULL OR site_id = $1
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is really there of a run: bytes of frames and crops, and the frames whose crops are among them."""

    frames: int
    crops: int
    cropped: Collection[int]


async def due(conn: "Connection") -> asyncpg.Record | None:
    """A run to be counted anew, with what `correct` compares; None if there is none."""
    return await conn.fetchrow(_DUE)


async def correct(conn: "Connection", run: asyncpg.Record, stored: Stored) -> bool:
    """Record what was listed; False if the run changed meanwhile, and has to be listed again."""
    was = (run["run_id"], run["attempt"], run["crop_bytes"])
    done = await conn.fetchval(_CORRECT, *was, stored.frames, stored.crops, sorted(stored.cropped))
    if done:
        await conn.execute("UPDATE segments SET stored_bytes = 0 WHERE run_id = $1", run["run_id"])
    return bool(done)


async def ask(conn: "Connection", site_id: str | None) -> int:
    """Have the runs of a site, or of all, counted anew once they have ended; how many there are."""
    answer: str = await conn.execute(_ASK, site_id)
    return int(answer.rpartition(" ")[2])
