"""Sections of sites."""

import asyncpg

from api.problems import Problem
from api.store import Connection, Json
from tablewatch_schemas.times import write_time

_OF_SITE = "SELECT * FROM sections WHERE site_id = $1"


async def add(conn: Connection, section: Json) -> Json:
    """A new section (a document as `_document` makes it, without version). Raises Problem name_taken."""
    try:
        row = await conn.fetchrow(
            "INSERT INTO sections (section_id, site_id, name, created_at) VALUES ($1, $2, $3, $4) RETURNING *",
            section["section_id"], section["site_id"], section["name"], section["created_at"],
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise _taken(section["name"]) from error
    return _document(row)


async def of_site(conn: Connection, site_id: str, *, hold: bool = False) -> list[Json]:
    """The sections of a site, by name; the wall is at the site. `hold`: none is deleted until the transaction ends."""
    rows = await conn.fetch(f"{_OF_SITE} ORDER BY name{' FOR KEY SHARE' if hold else ''}", site_id)
    return [_document(row) for row in rows]


async def get(conn: Connection, site_id: str, section_id: str, *, lock: bool = False) -> Json:
    """One section; `lock` holds its row until the end of the transaction. Raises Problem section_not_found."""
    row = await conn.fetchrow(f"{_OF_SITE} AND section_id = $2{' FOR UPDATE' if lock else ''}", site_id, section_id)
    if row is None:
        raise Problem("section_not_found", f"The site has no section {section_id}.")
    return _document(row)


async def save(conn: Connection, section: Json) -> Json:
    """Write a changed section with the next version; its row is locked by `get`. Raises Problem name_taken."""
    try:
        row = await conn.fetchrow(
            "UPDATE sections SET name = $2, version = version + 1 WHERE section_id = $1 RETURNING *",
            section["section_id"], section["name"],
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise _taken(section["name"]) from error
    return _document(row)


async def used_by(conn: Connection, section_id: str) -> list[str]:
    """Cameras whose newest layout has tables in the section; ids."""
    rows = await conn.fetch(
        "SELECT DISTINCT camera_id FROM tables JOIN cameras USING (camera_id)"
        " WHERE section_id = $1 AND retired_at IS NULL AND deleted_at IS NULL ORDER BY camera_id",
        section_id,
    )
    return [row["camera_id"] for row in rows]


async def remove(conn: Connection, section_id: str) -> None:
    """Delete a section; tables of the past that were in it are in none then."""
    await conn.execute("UPDATE tables SET section_id = NULL WHERE section_id = $1", section_id)
    await conn.execute("DELETE FROM sections WHERE section_id = $1", section_id)


def _taken(name: str) -> Problem:
    return Problem("name_taken", f"The site has a section {name} already.")


def _document(row: asyncpg.Record | None) -> Json:
    """A row as the API has it; a statement that returns its row always has one."""
    if row is None:
        raise LookupError("the section is gone")
    return {**dict(row), "created_at": write_time(row["created_at"])}
