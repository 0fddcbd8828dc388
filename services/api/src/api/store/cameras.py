"""Cameras, their layouts and tables."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import orjson

from api.problems import Problem
from api.store import Connection, Json, Sites
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.times import write_time

_SEEN = "SELECT * FROM cameras WHERE deleted_at IS NULL AND ($1::text[] IS NULL OR site_id = ANY($1))"


async def add(conn: Connection, camera: Json, now: datetime) -> Json:
    """A new camera (a document as `_document` makes it, version 1)."""
    source = camera["source"]
    row = await conn.fetchrow(
        "INSERT INTO cameras (camera_id, site_id, name, enabled, source_type, source_address, secret_ref, cadence_ms,"
        " max_age_ms, version, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10) RETURNING *",
        camera["camera_id"], camera["site_id"], camera["name"], camera["enabled"], source["type"], source["address"],
        source["secret_ref"], camera["cadence_ms"], camera["max_age_ms"], now,
    )  # fmt: skip
    return _document(row)


async def page(conn: Connection, sites: Sites, site_id: str | None, after: str, limit: int) -> list[Json]:
    """Cameras by id."""
    rows = await conn.fetch(
        f"{_SEEN} AND ($2::text IS NULL OR site_id = $2) AND camera_id > $3 ORDER BY camera_id LIMIT $4",
        sites, site_id, after, limit,
    )  # fmt: skip
    return [_document(row) for row in rows]


async def get(conn: Connection, sites: Sites, camera_id: str, *, lock: bool = False) -> Json:
    """One camera; `lock` holds its row until the end of the transaction. Raises Problem camera_not_found."""
    row = await conn.fetchrow(f"{_SEEN} AND camera_id = $2{' FOR UPDATE' if lock else ''}", sites, camera_id)
    if row is None:
        raise Problem("camera_not_found", f"There is no camera {camera_id}.")
    return _document(row)


async def save(conn: Connection, camera: Json, now: datetime, *, deleted: bool = False) -> Json:
    """Write a changed camera with the next version; its row is locked by `get`."""
    source = camera["source"]
    row = await conn.fetchrow(
        "UPDATE cameras SET name = $2, enabled = $3, source_type = $4, source_address = $5, secret_ref = $6,"
        " cadence_ms = $7, max_age_ms = $8, layout_version = $9, version = version + 1, updated_at = $10::timestamptz,"
        " deleted_at = CASE WHEN $11::boolean THEN $10::timestamptz END WHERE camera_id = $1 RETURNING *",
        camera["camera_id"], camera["name"], camera["enabled"], source["type"], source["address"],
        source["secret_ref"], camera["cadence_ms"], camera["max_age_ms"], camera["layout_version"], now, deleted,
    )  # fmt: skip
    return _document(row)


async def layout(conn: Connection, camera: Json, version: int | None = None) -> Layout | None:
    """A version of the layout of a camera that `get` let through; the newest when no version is given."""
    wanted = camera["layout_version"] if version is None else version
    text = await conn.fetchval(
        "SELECT document FROM layouts WHERE camera_id = $1 AND version = $2", camera["camera_id"], wanted
    )
    return None if text is None else Layout.parse(text.encode())


async def layout_versions(conn: Connection, camera: Json) -> list[tuple[int, datetime]]:
    """Versions of a camera's layout with when each was drawn, the oldest first."""
    rows = await conn.fetch(
        "SELECT version, created_at FROM layouts WHERE camera_id = $1 ORDER BY version", camera["camera_id"]
    )
    return [(row["version"], row["created_at"]) for row in rows]


async def layouts(conn: Connection, camera: Json, before: int, limit: int) -> list[Json]:
    """Versions of a camera that `get` let through, newest first, below `before` (negative: from the newest)."""
    rows = await conn.fetch(
        "SELECT version, layout_key, created_at, json_array_length(document->'tables') AS tables FROM layouts"
        " WHERE camera_id = $1 AND ($2::integer < 0 OR version < $2) ORDER BY version DESC LIMIT $3",
        camera["camera_id"], before, limit,
    )  # fmt: skip
    return [
        dict(row) | {"created_at": write_time(row["created_at"]), "newest": row["version"] == camera["layout_version"]}
        for row in rows
    ]


async def add_layout(conn: Connection, layout: Layout) -> None:
    """Keep a new version; the object is stored already."""
    await conn.execute(
        "INSERT INTO layouts VALUES ($1, $2, $3, $4, $5, $6)",
        layout.camera_id, layout.version, layout.site_id, layout.layout_key, layout.to_json().decode(),
        layout.created_at,
    )  # fmt: skip


async def newest_version(conn: Connection, camera_id: str) -> int:
    """Of a camera's layouts; 0 when there is none."""
    return int(await conn.fetchval("SELECT coalesce(max(version), 0) FROM layouts WHERE camera_id = $1", camera_id))


async def taken_tables(conn: Connection, camera_id: str, table_ids: Sequence[str]) -> set[str]:
    """Which of these ids belong to another camera."""
    rows = await conn.fetch(
        "SELECT table_id FROM tables WHERE table_id = ANY($2) AND camera_id <> $1", camera_id, list(table_ids)
    )
    return {row["table_id"] for row in rows}


async def keep_tables(conn: Connection, camera: Json, tables: Sequence[LayoutTable], now: datetime) -> None:
    """Make the tables of the newest layout the camera's: new ones added, missing ones retired."""
    await conn.execute(
        "UPDATE tables SET retired_at = $3 WHERE camera_id = $1 AND retired_at IS NULL AND NOT table_id = ANY($2)",
        camera["camera_id"], [table.table_id for table in tables], now,
    )  # fmt: skip
    await conn.executemany(
        "INSERT INTO tables (table_id, site_id, camera_id, section_id, label, seats, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (table_id) DO UPDATE SET section_id = excluded.section_id,"
        " label = excluded.label, seats = excluded.seats, retired_at = NULL",
        [(t.table_id, camera["site_id"], camera["camera_id"], t.section_id, t.label, t.seats, now) for t in tables],
    )


async def status(conn: Connection, camera_id: str) -> Json | None:
    """The newest camera.status, if there is one."""
    text = await conn.fetchval("SELECT document FROM camera_statuses WHERE camera_id = $1 AND NOT gone", camera_id)
    return None if text is None else orjson.loads(text)


def _document(row: asyncpg.Record | None) -> Json:
    """A row as the API has it; a statement that returns its row always has one."""
    if row is None:
        raise LookupError("the camera is gone")
    return {
        "camera_id": row["camera_id"],
        "site_id": row["site_id"],
        "name": row["name"],
        "enabled": row["enabled"],
        "source": {
            "type": row["source_type"],
            "address": row["source_address"],
            "secret_ref": row["secret_ref"],
        },
        "cadence_ms": row["cadence_ms"],
        "max_age_ms": row["max_age_ms"],
        "version": row["version"],
        "layout_version": row["layout_version"],
        "created_at": write_time(row["created_at"]),
        "updated_at": write_time(row["updated_at"]),
    }
