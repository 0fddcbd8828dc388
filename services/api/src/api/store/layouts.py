"""Versions of layouts, with who made them and how."""

from typing import NamedTuple

from api.compute import compute
from api.model.layouts import Drawn, Origin
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.times import write_time


class Author(NamedTuple):
    """A key, and its name at the time; without a key, what is said instead."""

    key_id: str | None
    name: str


async def add(conn: Connection, drawn: Drawn, author: Author, origin: Origin) -> None:
    """A new version; its object is stored already."""
    layout, changes = drawn.layout, drawn.changes
    await conn.execute(
        "INSERT INTO layouts (camera_id, version, site_id, layout_key, document, created_at, author_key_id, author,"
        " origin, restored_from, tables_kept, tables_new, tables_retired)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        layout.camera_id, layout.version, layout.site_id, layout.layout_key, layout.to_json().decode(),
        layout.created_at, author.key_id, author.name, origin.name, origin.restored_from, len(changes.kept),
        len(changes.new), len(changes.retired),
    )  # fmt: skip


async def page(conn: Connection, camera: Json, before: int, limit: int) -> list[Json]:
    """Versions of a camera's layout in short, newest first, below `before` (negative: from the newest)."""
    rows = await conn.fetch(
        "SELECT version, layout_key, created_at, json_array_length(document->'tables') AS tables,"
        " author_key_id, author, origin, restored_from, tables_kept AS kept, tables_new AS new,"
        " tables_retired AS retired FROM layouts"
        " WHERE camera_id = $1 AND ($2::integer < 0 OR version < $2) ORDER BY version DESC LIMIT $3",
        camera["camera_id"], before, limit,
    )  # fmt: skip
    return [
        dict(row) | {"created_at": write_time(row["created_at"]), "newest": row["version"] == camera["layout_version"]}
        for row in rows
    ]


async def before(conn: Connection, layout: Layout) -> Layout | None:
    """The version before this one; None before the first."""
    text = await conn.fetchval(
        "SELECT document FROM layouts WHERE camera_id = $1 AND version < $2 ORDER BY version DESC LIMIT 1",
        layout.camera_id, layout.version,
    )  # fmt: skip
    return None if text is None else await compute(Layout.parse, text.encode())
