"""Deletions of videos: running ones, and those that wait for their last sweep."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from datetime import datetime

import asyncpg

from api.model.deletion import Deletion
from api.model.projections import RUN_TABLES
from api.model.types import Sites
from api.store import Connection, layout_hints

_COLUMNS = "video_id, run_id, site_id, camera_id, requested_at, clean_sweeps, objects, deleted_at"


async def add(conn: Connection, deletion: Deletion, requested_by: str) -> None:
    """A new deletion."""
    await conn.execute(
        "INSERT INTO deletions (video_id, run_id, site_id, camera_id, requested_by, requested_at, next_sweep_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $6)",
        deletion.video_id, deletion.run_id, deletion.site_id, deletion.camera_id, requested_by, deletion.requested_at,
    )  # fmt: skip


async def get(conn: Connection, sites: Sites, video_id: str) -> Deletion | None:
    """The deletion of a video that the caller may see; None without one."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM deletions WHERE video_id = $2 AND ($1::text[] IS NULL OR site_id = ANY($1))",
        sites, video_id,
    )  # fmt: skip
    return None if row is None else _deletion(row)


async def due(conn: Connection, now: datetime) -> Deletion | None:
    """The deletion that is due longest, its row locked; rows that another sweeper has locked are skipped."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM deletions WHERE next_sweep_at <= $1 ORDER BY next_sweep_at LIMIT 1"
        " FOR UPDATE SKIP LOCKED",
        now,
    )
    return None if row is None else _deletion(row)


async def save_sweep(conn: Connection, deletion: Deletion, next_sweep_at: datetime) -> None:
    """Write the result of a sweep, and when the next one is due."""
    await conn.execute(
        "UPDATE deletions SET clean_sweeps = $2, objects = $3, deleted_at = $4, next_sweep_at = $5 WHERE video_id = $1",
        deletion.video_id, deletion.clean_sweeps, deletion.objects, deletion.deleted_at, next_sweep_at,
    )  # fmt: skip


async def remove(conn: Connection, video_id: str) -> None:
    """Forget a deletion: no late record can come any more."""
    await conn.execute("DELETE FROM deletions WHERE video_id = $1", video_id)


async def delete_rows(conn: Connection, deletion: Deletion) -> None:
    """Everything that the read models have of the run."""
    for table in (*RUN_TABLES, "state_history", "job_history"):
        await conn.execute(f"DELETE FROM {table} WHERE run_id = $1", deletion.run_id)
    await layout_hints.forget_run(conn, deletion.run_id)
    # video.deleted stays for readers who resume later; its document holds nothing but ids.
    await conn.execute("DELETE FROM site_events WHERE run_id = $1 AND type <> 'video.deleted'", deletion.run_id)
    await conn.execute("DELETE FROM videos WHERE video_id = $1", deletion.video_id)


def _deletion(row: asyncpg.Record) -> Deletion:
    return Deletion(**dict(row))
