"""Sites, with what belongs to them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from api.model.errors import SiteNotFound, SiteRequired
from api.model.opening_hours import stored_week, whole_week
from api.model.projections import READ_MODELS
from api.model.types import Json, Sites
from api.store import Connection
from tablewatch_schemas.times import write_time

_SEEN = (
    "SELECT site_id, name, timezone, detector, opening_hours, version, created_at FROM sites"
    " WHERE ($1::text[] IS NULL OR site_id = ANY($1))"
)

# Deleted with a site: tables that others refer to come after those. The event log is deleted apart.
_TABLES_OF_SITE = (
    "layouts", "layout_sources", "layout_decisions", "layout_hints", "layout_hint_sources", "table_views", "tables",
    "state_history", "camera_scores", "dry_runs",
    *(model.table for model in READ_MODELS.values()), "camera_state_history", "camera_states", "cameras", "sections",
    "site_plans",
)  # fmt: skip


class Lock(StrEnum):
    """What other transactions may not do to a site meanwhile. Whoever adds to a site holds it, lest it be deleted."""

    HOLD = "FOR KEY SHARE"  # delete it
    CHANGE = "FOR NO KEY UPDATE"  # change or delete it
    DELETE = "FOR UPDATE"  # any of these, hold it too


@dataclass(frozen=True, slots=True)
class Remaining:
    """What still belongs to a site, by count, and keeps it from being deleted."""

    cameras: int
    videos: int
    videos_being_deleted: int
    keys: int

    def as_counts(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


async def add(conn: Connection, site: Json, now: datetime) -> Json:
    """A new site (a document as `_site` makes it), with its event sequence."""
    site_id = site["site_id"]
    row = await conn.fetchrow(
        "INSERT INTO sites (site_id, name, timezone, detector, created_at, opening_hours)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " RETURNING site_id, name, timezone, detector, opening_hours, version, created_at",
        site_id, site["name"], site["timezone"], site["detector"], now, stored_week(site["opening_hours"]),
    )  # fmt: skip
    await conn.execute("INSERT INTO site_sequences (site_id) VALUES ($1)", site_id)
    return _site(row)


async def page(conn: Connection, sites: Sites, after: str, limit: int) -> list[Json]:
    """Sites by id."""
    rows = await conn.fetch(f"{_SEEN} AND site_id > $2 ORDER BY site_id LIMIT $3", sites, after, limit)
    return [_site(row) for row in rows]


async def get(conn: Connection, sites: Sites, site_id: str, lock: Lock | None = None) -> Json:
    """One site, locked until the end of the transaction if that is asked for. Raises SiteNotFound."""
    row = await conn.fetchrow(f"{_SEEN} AND site_id = $2 {lock or ''}", sites, site_id)
    if row is None:
        raise SiteNotFound(f"There is no site {site_id}.")
    return _site(row)


async def choose(conn: Connection, sites: Sites, site_id: str | None, lock: Lock | None = None) -> str:
    """The site of a request: the one it names, or the only one that its key opens; locked as by `get`.

    Raises SiteRequired, SiteNotFound.
    """
    if site_id is None:
        rows = await conn.fetch(f"{_SEEN} ORDER BY site_id LIMIT 2", sites)
        if len(rows) != 1:
            raise SiteRequired("The key opens several sites or none: say which with site_id.")
        site_id = str(rows[0]["site_id"])
    return str((await get(conn, sites, site_id, lock))["site_id"])


async def known(conn: Connection, site_ids: Collection[str]) -> set[str]:
    """Which of these exist; they are locked as by Lock.HOLD."""
    rows = await conn.fetch(
        "SELECT site_id FROM sites WHERE site_id = ANY($1) ORDER BY site_id FOR KEY SHARE", list(site_ids)
    )
    return {row["site_id"] for row in rows}


async def save(conn: Connection, site: Json) -> Json:
    """Write a changed site with the next version; its row is locked by `get`."""
    row = await conn.fetchrow(
        "UPDATE sites SET name = $2, timezone = $3, detector = $4, opening_hours = $5, version = version + 1"
        " WHERE site_id = $1 RETURNING site_id, name, timezone, detector, opening_hours, version, created_at",
        site["site_id"], site["name"], site["timezone"], site["detector"], stored_week(site["opening_hours"]),
    )  # fmt: skip
    return _site(row)


async def remaining(conn: Connection, site_id: str, now: datetime) -> Remaining:
    """What still belongs to a site. Revoked and expired keys do not; a video does until its last object is deleted."""
    row = await conn.fetchrow(
        "SELECT (SELECT count(*) FROM cameras WHERE site_id = $1 AND deleted_at IS NULL) AS cameras,"
        " (SELECT count(*) FROM videos WHERE site_id = $1 AND deleting_at IS NULL) AS videos,"
        " (SELECT count(*) FROM videos WHERE site_id = $1 AND deleting_at IS NOT NULL) AS videos_being_deleted,"
        " (SELECT count(*) FROM keys WHERE $1 = ANY(site_ids) AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $2)) AS keys",
        site_id, now,
    )  # fmt: skip
    return Remaining(**dict(row or {}))


async def empty_log(conn: Connection, site_id: str) -> None:
    """Delete the events of a site, before its last one is appended."""
    await conn.execute("DELETE FROM site_events WHERE site_id = $1", site_id)


async def remove(conn: Connection, site_id: str) -> None:
    """Delete a locked and empty site with its read models. Its last event stays for its retention."""
    for table in (*_TABLES_OF_SITE, "site_sequences", "sites"):
        await conn.execute(f"DELETE FROM {table} WHERE site_id = $1", site_id)  # noqa: S608 (names of our own)


def _site(row: asyncpg.Record | None) -> Json:
    """A row as the API shows it; a statement that returns its row always has one."""
    if row is None:
        raise LookupError("the site is gone")
    return {
        **dict(row),
        "opening_hours": whole_week(row["opening_hours"]),
        "created_at": write_time(row["created_at"]),
    }
