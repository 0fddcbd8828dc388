"""Dry runs of the last day."""

from dataclasses import asdict
from datetime import datetime

import asyncpg
import orjson

from api.model.dry_runs import KEPT, DryRun
from api.model.errors import DryRunNotFound
from api.store import Connection

_ADD = """
INSERT INTO dry_runs (dry_run_id, camera_id, site_id, key_id, layout_key, layout_version, tables, began_at, until,
listed_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_SAVE = """
UPDATE dry_runs SET listed_until = $3, pictures = $4, asked = $5, newest_asked = $6, expires_at = $7
WHERE dry_run_id = $1 AND listed_until = $2
"""


async def add(conn: Connection, run: DryRun) -> None:
    """A new one."""
    values = asdict(run) | {"tables": orjson.dumps(run.tables).decode()}
    names = (
        "dry_run_id", "camera_id", "site_id", "key_id", "layout_key", "layout_version", "tables", "began_at", "until",
        "listed_until",
    )  # fmt: skip
    await conn.execute(_ADD, *(values[name] for name in names))


async def get(conn: Connection, camera_id: str, dry_run_id: str) -> DryRun:
    """Of a camera that the caller may see. Raises DryRunNotFound."""
    row = await conn.fetchrow("SELECT * FROM dry_runs WHERE camera_id = $1 AND dry_run_id = $2", camera_id, dry_run_id)
    if row is None:
        raise DryRunNotFound(f"There is no dry run {dry_run_id} of this camera, or it is older than a day.")
    return DryRun(**dict(row) | {"tables": orjson.loads(row["tables"])})


async def running(conn: Connection, site_id: str, now: datetime) -> list[datetime]:
    """When those of a site end that run, the first first. Two at once both count: hold the site's row before."""
    rows = await conn.fetch("SELECT until FROM dry_runs WHERE site_id = $1 AND until > $2 ORDER BY until", site_id, now)
    return [row["until"] for row in rows]


async def save(conn: Connection, before: DryRun, after: DryRun) -> bool:
    """Write how far its pictures are listed; False, and nothing is written, where another request was first."""
    written = await conn.execute(
        _SAVE, before.dry_run_id, before.listed_until, after.listed_until, after.pictures, after.asked,
        after.newest_asked, after.expires_at,
    )  # fmt: skip
    return written == "UPDATE 1"


async def forget_camera(conn: Connection, camera_id: str) -> None:
    """The camera is deleted; `layout_decisions.forget_camera` has its objects swept."""
    await conn.execute("DELETE FROM dry_runs WHERE camera_id = $1", camera_id)


async def oldest(conn: Connection, now: datetime) -> asyncpg.Record | None:
    """site_id, camera_id and dry_run_id of one that is kept no longer; locked, and none that another process has."""
    return await conn.fetchrow(
        "SELECT site_id, camera_id, dry_run_id FROM dry_runs WHERE until < $1 ORDER BY until LIMIT 1"
        " FOR UPDATE SKIP LOCKED",
        now - KEPT,
    )


async def remove(conn: Connection, dry_run_id: str) -> None:
    """Its objects are deleted."""
    await conn.execute("DELETE FROM dry_runs WHERE dry_run_id = $1", dry_run_id)
