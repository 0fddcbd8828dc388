"""Tables of restaurants, through all versions of their camera's layout."""

import asyncpg
import orjson

from api.model.errors import TableNotFound
from api.model.types import Json, Sites
from api.store import Connection
from tablewatch_schemas.times import write_time

VERSIONS = 100
_SEEN = (
    "SELECT *, (SELECT coalesce(array_agg(v.camera_id ORDER BY v.camera_id), '{}') FROM table_views v"
    " WHERE v.table_id = t.table_id) AS camera_ids FROM tables t WHERE ($1::text[] IS NULL OR site_id = ANY($1))"
)


async def page(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None,
    camera_id: str | None,
    section_id: str | None,
    retired: bool | None,
    after: str,
    limit: int,
) -> list[Json]:
    """Tables by id."""
    rows = await conn.fetch(
        f"{_SEEN} AND ($2::text IS NULL OR site_id = $2) AND ($3::text IS NULL OR camera_id = $3"
        " OR EXISTS (SELECT FROM table_views v WHERE v.table_id = t.table_id AND v.camera_id = $3))"
        " AND ($4::text IS NULL OR section_id = $4) AND ($5::boolean IS NULL OR (retired_at IS NOT NULL) = $5)"
        " AND table_id > $6 ORDER BY table_id LIMIT $7",
        sites, site_id, camera_id, section_id, retired, after, limit,
    )  # fmt: skip
    return [_document(row) for row in rows]


async def get(conn: Connection, sites: Sites, table_id: str) -> Json:
    """One table. Raises TableNotFound."""
    row = await conn.fetchrow(f"{_SEEN} AND table_id = $2", sites, table_id)
    if row is None:
        raise TableNotFound(f"There is no table {table_id}.")
    return _document(row)


async def versions(conn: Connection, table: Json) -> list[Json]:
    """The table as each layout version of the cameras that see it has it, newest first."""
    rows = await conn.fetch(
        "SELECT camera_id, version, created_at, drawn FROM layouts, json_array_elements(document->'tables') AS drawn"
        " WHERE camera_id = ANY($1) AND drawn->>'table_id' = $2"
        " ORDER BY created_at DESC, version DESC, camera_id LIMIT $3",
        [table["camera_id"], *table["camera_ids"]], table["table_id"], VERSIONS,
    )  # fmt: skip
    return [_version(row) for row in rows]


def _version(row: asyncpg.Record) -> Json:
    drawn = orjson.loads(row["drawn"])
    shown = {name: drawn[name] for name in ("label", "seats", "polygon")}
    drawn_at = write_time(row["created_at"])
    return shown | {"camera_id": row["camera_id"], "version": row["version"], "created_at": drawn_at}


def _document(row: asyncpg.Record) -> Json:
    times = {name: None if row[name] is None else write_time(row[name]) for name in ("created_at", "retired_at")}
    return dict(row) | times
