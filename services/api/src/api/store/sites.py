"""Sites."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from api.problems import Problem
from api.store import Connection, Json, Sites
from tablewatch_schemas.times import write_time

_SEEN = "SELECT site_id, name, timezone, version, created_at FROM sites WHERE ($1::text[] IS NULL OR site_id = ANY($1))"

# What a site takes with it when nothing hangs on it any more; those first that others refer to. Its event log is apart.
_OWN = (
    "layouts", "tables", "sections", "camera_statuses", "states", "state_history", "hazards", "table_groups", "cameras",
)  # fmt: skip


class Lock(StrEnum):
    """What others may not do to a site meanwhile. Whoever adds something to it holds it: else that would be of none."""

    HOLD = "FOR KEY SHARE"  # delete it
    CHANGE = "FOR NO KEY UPDATE"  # change or delete it
    DELETE = "FOR UPDATE"  # any of these, hold it too


@dataclass(frozen=True, slots=True)
class Hanging:
    """How much of each hangs on a site and keeps it from being deleted."""

    cameras: int
    videos: int
    videos_being_deleted: int
    keys: int

    def as_counts(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


async def add(conn: Connection, site_id: str, name: str, timezone: str, now: datetime) -> Json:
    """A new site, with its event sequence."""
    row = await conn.fetchrow(
        "INSERT INTO sites (site_id, name, timezone, created_at) VALUES ($1, $2, $3, $4) RETURNING *",
        site_id, name, timezone, now,
    )  # fmt: skip
    await conn.execute("INSERT INTO site_sequences (site_id) VALUES ($1)", site_id)
    return _site(row)


async def page(conn: Connection, sites: Sites, after: str, limit: int) -> list[Json]:
    """Sites by id."""
    rows = await conn.fetch(f"{_SEEN} AND site_id > $2 ORDER BY site_id LIMIT $3", sites, after, limit)
    return [_site(row) for row in rows]


async def get(conn: Connection, sites: Sites, site_id: str, lock: Lock | None = None) -> Json:
    """One site, locked until the end of the transaction if that is asked for. Raises Problem site_not_found."""
    row = await conn.fetchrow(f"{_SEEN} AND site_id = $2 {lock or ''}", sites, site_id)
    if row is None:
        raise Problem("site_not_found", f"There is no site {site_id}.")
    return _site(row)


async def choose(conn: Connection, sites: Sites, site_id: str | None, lock: Lock | None = None) -> str:
    """The site that is meant: the one named, or the only one there is; locked as by `get`. Raises Problem."""
    if site_id is None:
        rows = await conn.fetch(f"{_SEEN} ORDER BY site_id LIMIT 2", sites)
        if len(rows) != 1:
            raise Problem("site_required", "The key opens several sites or none: say which with site_id.")
        site_id = str(rows[0]["site_id"])
    return str((await get(conn, sites, site_id, lock))["site_id"])


async def known(conn: Connection, site_ids: Collection[str]) -> set[str]:
    """Which of these are sites; they are held."""
    rows = await conn.fetch(
        "SELECT site_id FROM sites WHERE site_id = ANY($1) ORDER BY site_id FOR KEY SHARE", list(site_ids)
    )
    return {row["site_id"] for row in rows}


async def save(conn: Connection, site: Json) -> Json:
    """Write a changed site with the next version; its row is locked by `get`."""
    row = await conn.fetchrow(
        "UPDATE sites SET name = $2, timezone = $3, version = version + 1 WHERE site_id = $1 RETURNING *",
        site["site_id"], site["name"], site["timezone"],
    )  # fmt: skip
    return _site(row)


async def hanging(conn: Connection, site_id: str, now: datetime) -> Hanging:
    """What hangs on a site. Keys that open nothing any more do not; a video does until the last of it is deleted."""
    row = await conn.fetchrow(
        "SELECT (SELECT count(*) FROM cameras WHERE site_id = $1 AND deleted_at IS NULL) AS cameras,"
        " (SELECT count(*) FROM videos WHERE site_id = $1 AND deleting_at IS NULL) AS videos,"
        " (SELECT count(*) FROM videos WHERE site_id = $1 AND deleting_at IS NOT NULL) AS videos_being_deleted,"
        " (SELECT count(*) FROM keys WHERE $1 = ANY(site_ids) AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $2)) AS keys",
        site_id, now,
    )  # fmt: skip
    return Hanging(**dict(row or {}))


async def empty_log(conn: Connection, site_id: str) -> None:
    """Delete the events of a site; before its last one is told."""
    await conn.execute("DELETE FROM site_events WHERE site_id = $1", site_id)


async def remove(conn: Connection, site_id: str) -> None:
    """Delete a site that is locked and on which nothing hangs, and what is known of it. Its last events age out."""
    for table in (*_OWN, "site_sequences", "sites"):
        await conn.execute(f"DELETE FROM {table} WHERE site_id = $1", site_id)  # noqa: S608 (names of our own)


def _site(row: asyncpg.Record | None) -> Json:
    """A row as the API has it; a statement that returns its row always has one."""
    if row is None:
        raise LookupError("the site is gone")
    return {**dict(row), "created_at": write_time(row["created_at"])}
