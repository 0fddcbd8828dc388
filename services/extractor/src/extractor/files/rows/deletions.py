"""Deleted runs, until nothing of them can come back: their objects are deleted in several sweeps."""

from datetime import timedelta

import asyncpg

from extractor.files.rows.jobs import Connection

DUE = "SELECT run_id, site_id, sweeps FROM deletions WHERE next_sweep <= clock_timestamp()"
_DUE = f"{DUE} LIMIT 1 FOR UPDATE SKIP LOCKED"
_NEXT = """
UPDATE deletions SET sweeps = sweeps + 1, stored_bytes = 0, next_sweep = clock_timestamp() + $2 WHERE run_id = $1
"""


async def lock_due(conn: Connection) -> asyncpg.Record | None:
    """run_id, site_id and `sweeps` so far of a run whose next sweep is due; locked for this transaction."""
    return await conn.fetchrow(_DUE)


async def schedule_next(conn: Connection, run_id: str, after: timedelta) -> None:
    """Count a sweep, and have another one `after` it."""
    await conn.execute(_NEXT, run_id, after)


async def forget(conn: Connection, run_id: str) -> None:
    """No record can bring the run back any more, so that it need not be refused."""
    await conn.execute("DELETE FROM deletions WHERE run_id = $1", run_id)
