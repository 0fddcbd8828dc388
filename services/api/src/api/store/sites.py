"""Sites and their sections."""

from datetime import datetime

import asyncpg

from api.problems import Problem
from api.store import Connection, Json, Sites
from tablewatch_schemas.times import write_time

_SEEN = "SELECT site_id, name, timezone, created_at FROM sites WHERE ($1::text[] IS NULL OR site_id = ANY($1))"


async def add(conn: Connection, site_id: str, name: str, timezone: str, now: datetime) -> Json:
    """A new site, with its event sequence."""
    await conn.execute("INSERT INTO sites VALUES ($1, $2, $3, $4)", site_id, name, timezone, now)
    await conn.execute("INSERT INTO site_sequences (site_id) VALUES ($1)", site_id)
    return {"site_id": site_id, "name": name, "timezone": timezone, "created_at": write_time(now)}


async def page(conn: Connection, sites: Sites, after: str, limit: int) -> list[Json]:
    """Sites by id."""
    rows = await conn.fetch(f"{_SEEN} AND site_id > $2 ORDER BY site_id LIMIT $3", sites, after, limit)
    return [_site(row) for row in rows]


async def get(conn: Connection, sites: Sites, site_id: str) -> Json:
    """One site. Raises Problem site_not_found."""
    row = await conn.fetchrow(f"{_SEEN} AND site_id = $2", sites, site_id)
    if row is None:
        raise Problem("site_not_found", f"There is no site {site_id}.")
    return _site(row)


async def choose(conn: Connection, sites: Sites, site_id: str | None) -> str:
    """The site that is meant: the one named, or the only one there is. Raises Problem."""
    if site_id is not None:
        return str((await get(conn, sites, site_id))["site_id"])
    rows = await conn.fetch(f"{_SEEN} ORDER BY site_id LIMIT 2", sites)
    if len(rows) != 1:
        raise Problem("site_required", "The key opens several sites or none: say which with site_id.")
    return str(rows[0]["site_id"])


async def known(conn: Connection, site_ids: list[str]) -> set[str]:
    """Which of these are sites."""
    return {row["site_id"] for row in await conn.fetch("SELECT site_id FROM sites WHERE site_id = ANY($1)", site_ids)}


async def add_section(conn: Connection, section_id: str, site_id: str, name: str, now: datetime) -> Json:
    """A new section. Raises Problem name_taken."""
    try:
        await conn.execute("INSERT INTO sections VALUES ($1, $2, $3, $4)", section_id, site_id, name, now)
    except asyncpg.UniqueViolationError as error:
        raise Problem("name_taken", f"The site has a section {name} already.") from error
    return {"section_id": section_id, "site_id": site_id, "name": name, "created_at": write_time(now)}


async def sections(conn: Connection, site_id: str) -> list[Json]:
    """The sections of a site, by name; call `get` first, the wall is there."""
    rows = await conn.fetch("SELECT * FROM sections WHERE site_id = $1 ORDER BY name", site_id)
    return [{**dict(row), "created_at": write_time(row["created_at"])} for row in rows]


def _site(row: asyncpg.Record) -> Json:
    return {**dict(row), "created_at": write_time(row["created_at"])}
