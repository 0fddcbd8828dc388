"""Sections of sites."""

from collections.abc import Collection

import asyncpg

from api.model.errors import NameTaken, SectionNotFound
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.times import write_time

_OF_SITE = "SELECT * FROM sections WHERE site_id = $1"


async def add(conn: Connection, section: Json) -> Json:
    """A new section (a document as `_document` makes it, without version). Raises NameTaken."""
    try:
        row = await conn.fetchrow(
            "INSERT INTO sections (section_id, site_id, name, created_at) VALUES ($1, $2, $3, $4) RETURNING *",
            section["section_id"], section["site_id"], section["name"], section["created_at"],
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise _name_taken(section["name"]) from error
    return _document(row)


async def page(conn: Connection, site_id: str, after: str, limit: int) -> list[Json]:
    """The sections of a site that the caller may see, by name."""
    rows = await conn.fetch(f"{_OF_SITE} AND name > $2 ORDER BY name LIMIT $3", site_id, after, limit)
    return [_document(row) for row in rows]


async def known(conn: Connection, site_id: str, section_ids: Collection[str]) -> set[str]:
    """Which of these the site has; none of them is deleted until the transaction ends."""
    rows = await conn.fetch(
        f"{_OF_SITE} AND section_id = ANY($2) ORDER BY name FOR KEY SHARE", site_id, list(section_ids)
    )
    return {row["section_id"] for row in rows}


async def check(conn: Connection, site_id: str, section_id: str | None) -> None:
    """That the site has the section, which is not deleted until the transaction ends. Raises SectionNotFound."""
    if section_id is not None and not await known(conn, site_id, [section_id]):
        raise SectionNotFound(f"The site has no section {section_id}.", pointer="/section_id")


async def get(conn: Connection, site_id: str, section_id: str, *, lock: bool = False) -> Json:
    """One section; `lock` holds its row until the end of the transaction. Raises SectionNotFound."""
    row = await conn.fetchrow(f"{_OF_SITE} AND section_id = $2{' FOR UPDATE' if lock else ''}", site_id, section_id)
    if row is None:
        raise SectionNotFound(f"The site has no section {section_id}.")
    return _document(row)


async def save(conn: Connection, section: Json) -> Json:
    """Write a changed section with the next version; its row is locked by `get`. Raises NameTaken."""
    try:
        row = await conn.fetchrow(
            "UPDATE sections SET name = $2, version = version + 1 WHERE section_id = $1 RETURNING *",
            section["section_id"], section["name"],
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise _name_taken(section["name"]) from error
    return _document(row)


async def used_by(conn: Connection, section_id: str) -> list[str]:
    """Ids of the cameras that are in the section, or whose newest layout has tables in it."""
    rows = await conn.fetch(
        "SELECT c.camera_id FROM cameras c"
        " LEFT JOIN layouts l ON l.camera_id = c.camera_id AND l.version = c.layout_version"
        " WHERE c.site_id = (SELECT site_id FROM sections WHERE section_id = $1) AND c.deleted_at IS NULL AND"
        " (c.section_id = $1 OR EXISTS"
        " (SELECT FROM json_array_elements(l.document->'tables') AS drawn WHERE drawn->>'section_id' = $1))"
        " ORDER BY c.camera_id",
        section_id,
    )
    return [row["camera_id"] for row in rows]


async def remove(conn: Connection, section_id: str) -> None:
    """Delete a section; retired tables and deleted cameras that were in it have none afterwards."""
    await conn.execute("UPDATE cameras SET section_id = NULL WHERE section_id = $1", section_id)
    await conn.execute("UPDATE tables SET section_id = NULL WHERE section_id = $1", section_id)
    await conn.execute("DELETE FROM sections WHERE section_id = $1", section_id)


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"The site has a section {name} already.")


def _document(row: asyncpg.Record | None) -> Json:
    """A row as the API shows it; a statement that returns its row always has one."""
    if row is None:
        raise LookupError("the section is gone")
    return {**dict(row), "created_at": write_time(row["created_at"])}
