"""Deletions under way, and those that still wait for their last sweep."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from api.store import Connection, Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A video that is to be gone."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    requested_at: datetime
    clean_sweeps: int
    objects: int
    deleted_at: datetime | None


_COLUMNS = "video_id, run_id, site_id, camera_id, requested_at, clean_sweeps, objects, deleted_at"


async def add(conn: Connection, deletion: Deletion, requested_by: str) -> None:
    """Ask for a deletion."""
    await conn.execute(
        "INSERT INTO deletions (video_id, run_id, site_id, camera_id, requested_by, requested_at, next_sweep_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $6)",
        deletion.video_id, deletion.run_id, deletion.site_id, deletion.camera_id, requested_by, deletion.requested_at,
    )  # fmt: skip


async def get(conn: Connection, sites: Sites, video_id: str) -> Deletion | None:
    """A deletion that was asked for."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM deletions WHERE video_id = $2 AND ($1::text[] IS NULL OR site_id = ANY($1))",
        sites, video_id,
    )  # fmt: skip
    return None if row is None else _deletion(row)


async def due(conn: Connection, now: datetime) -> Deletion | None:
    """One whose sweep is due, its row locked; rows that another sweeper holds are passed over."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM deletions WHERE next_sweep_at <= $1 ORDER BY next_sweep_at LIMIT 1"
        " FOR UPDATE SKIP LOCKED",
        now,
    )
    return None if row is None else _deletion(row)


async def swept(conn: Connection, deletion: Deletion, next_sweep_at: datetime) -> None:
    """Note how far it is, and when to look again."""
    await conn.execute(
        "UPDATE deletions SET clean_sweeps = $2, objects = $3, deleted_at = $4, next_sweep_at = $5 WHERE video_id = $1",
        deletion.video_id, deletion.clean_sweeps, deletion.objects, deletion.deleted_at, next_sweep_at,
    )  # fmt: skip


async def forget(conn: Connection, video_id: str) -> None:
    """Nothing can come late any more."""
    await conn.execute("DELETE FROM deletions WHERE video_id = $1", video_id)


async def delete_rows(conn: Connection, deletion: Deletion) -> None:
    """Everything that the read models know of the run."""
    for table in ("frames", "crops", "job_history", "states", "state_history", "hazards", "table_groups"):
        await conn.execute(f"DELETE FROM {table} WHERE run_id = $1", deletion.run_id)
    # That it was deleted stays told, for readers who resume later; that document holds nothing but ids.
    await conn.execute("DELETE FROM site_events WHERE run_id = $1 AND type <> 'video.deleted'", deletion.run_id)
    await conn.execute("DELETE FROM videos WHERE video_id = $1", deletion.video_id)


def _deletion(row: asyncpg.Record) -> Deletion:
    return Deletion(**dict(row))
