"""Cameras, their layouts and tables."""

# ruff: noqa: S608 (the list of columns is put into statements; every value is a parameter)

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import orjson

from api.compute import compute
from api.model.camera_states import State
from api.model.capture import capture
from api.model.errors import CameraNotFound, NumberTaken, TableNotYours, TooManyCameras
from api.model.numbers import lowest_free
from api.model.opening_hours import stored_week, whole_week
from api.model.types import Json, Sites
from api.store import Connection
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.times import write_time

_SHOWN = (
    "*, (SELECT timezone FROM sites s WHERE s.site_id = cameras.site_id) AS timezone,"
    " (SELECT state FROM camera_states s WHERE s.camera_id = cameras.camera_id) AS state,"
    " (SELECT source_version FROM camera_states s WHERE s.camera_id = cameras.camera_id) AS source_version"
)
_SEEN = f"SELECT {_SHOWN} FROM cameras WHERE deleted_at IS NULL AND ($1::text[] IS NULL OR site_id = ANY($1))"


async def add(conn: Connection, camera: Json, now: datetime) -> Json:
    """A new camera (a document as `_document` makes it)."""
    source = camera["source"]
    row = await _write(
        conn, camera,
        "INSERT INTO cameras (camera_id, site_id, name, enabled, source_type, source_address, secret_ref, cadence_ms,"
        " max_age_ms, version, created_at, updated_at, detector, look_every_ms, opening_hours,"
        " source_transport, number, section_id, notes)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10, $11, $12, $13, $14, $15, $16, $17)"
        f" RETURNING {_SHOWN}",
        camera["camera_id"], camera["site_id"], camera["name"], camera["enabled"], source["type"], source["address"],
        source["secret_ref"], camera["cadence_ms"], camera["max_age_ms"], now, camera["detector"],
        camera["look_every_ms"], stored_week(camera["opening_hours"]), source["transport"], camera["number"],
        camera["section_id"], camera["notes"],
    )  # fmt: skip
    return _document(row)


async def next_number(conn: Connection, site_id: str) -> int:
    """The lowest number that no camera of the site has. Two at once find the same: hold the site's row before."""
    rows = await conn.fetch("SELECT number FROM cameras WHERE site_id = $1 AND deleted_at IS NULL", site_id)
    return lowest_free(row["number"] for row in rows)


async def _write(conn: Connection, camera: Json, statement: str, *values: object) -> asyncpg.Record | None:
    """Add or change a camera. Raises NumberTaken."""
    try:
        async with conn.transaction():
            return await conn.fetchrow(statement, *values)
    except asyncpg.UniqueViolationError as error:
        free = await next_number(conn, camera["site_id"])
        taken = f"Another camera of the site has number {camera['number']}; the next free one is {free}."
        raise NumberTaken(taken, pointer="/number", next_number=free) from error


async def check_room(conn: Connection, site_id: str, limit: int) -> None:
    """Raises TooManyCameras. Two at once both count: hold the site's row before."""
    found = await conn.fetchval("SELECT count(*) FROM cameras WHERE site_id = $1 AND deleted_at IS NULL", site_id)
    if found >= limit:
        raise TooManyCameras(f"The site has {found} cameras, and may have {limit}; delete one, or have it raised.")


async def page(
    conn: Connection, sites: Sites, site_id: str | None, state: str | None, after: str, limit: int
) -> list[Json]:
    """Cameras by id."""
    rows = await conn.fetch(
        f"{_SEEN} AND ($2::text IS NULL OR site_id = $2) AND camera_id > $3 AND ($5::text IS NULL OR"
        " coalesce((SELECT state FROM camera_states s WHERE s.camera_id = cameras.camera_id), 'draft') = $5)"
        " ORDER BY camera_id LIMIT $4",
        sites, site_id, after, limit, state,
    )  # fmt: skip
    return [_document(row) for row in rows]


async def get(conn: Connection, sites: Sites, camera_id: str, *, lock: bool = False) -> Json:
    """One camera; `lock` holds its row until the end of the transaction. Raises CameraNotFound.

    The lock lets others refer to the camera: who gives it a table that another camera drops would wait for it, and it
    for that table.
    """
    held = " FOR NO KEY UPDATE" if lock else ""
    row = await conn.fetchrow(f"{_SEEN} AND camera_id = $2{held}", sites, camera_id)
    if row is None:
        raise CameraNotFound(f"There is no camera {camera_id}.")
    return _document(row)


async def with_hours(conn: Connection, site_id: str) -> list[Json]:
    """Cameras of a locked site that have opening hours of their own, locked as by `get`."""
    rows = await conn.fetch(f"{_SEEN} AND opening_hours IS NOT NULL ORDER BY camera_id FOR NO KEY UPDATE", [site_id])
    return [_document(row) for row in rows]


async def save(conn: Connection, camera: Json, now: datetime, *, deleted: bool = False) -> Json:
    """Write a changed camera with the next version; its row is locked by `get`."""
    source = camera["source"]
    row = await _write(
        conn, camera,
        "UPDATE cameras SET name = $2, enabled = $3, source_type = $4, source_address = $5, secret_ref = $6,"
        " cadence_ms = $7, max_age_ms = $8, layout_version = $9, version = version + 1, updated_at = $10::timestamptz,"
        " deleted_at = CASE WHEN $11::boolean THEN $10::timestamptz END, detector = $12,"
        " look_every_ms = $13, opening_hours = $14, source_transport = $15, number = $16, section_id = $17,"
        " notes = $18"
        " WHERE camera_id = $1"
        f" RETURNING {_SHOWN}",
        camera["camera_id"], camera["name"], camera["enabled"], source["type"], source["address"],
        source["secret_ref"], camera["cadence_ms"], camera["max_age_ms"], camera["layout_version"], now, deleted,
        camera["detector"], camera["look_every_ms"], stored_week(camera["opening_hours"]), source["transport"],
        camera["number"], camera["section_id"], camera["notes"],
    )  # fmt: skip
    return _document(row)


async def layout(conn: Connection, camera: Json, version: int | None = None) -> Layout | None:
    """A version of a camera's layout; the newest when no version is given."""
    wanted = camera["layout_version"] if version is None else version
    text = await conn.fetchval(
        "SELECT document FROM layouts WHERE camera_id = $1 AND version = $2", camera["camera_id"], wanted
    )
    return None if text is None else await compute(Layout.parse, text.encode())


async def layout_versions(conn: Connection, camera: Json) -> list[tuple[int, datetime]]:
    """Versions of a camera's layout with when each was drawn, the oldest first."""
    rows = await conn.fetch(
        "SELECT version, created_at FROM layouts WHERE camera_id = $1 ORDER BY version", camera["camera_id"]
    )
    return [(row["version"], row["created_at"]) for row in rows]


async def newest_version(conn: Connection, camera_id: str) -> int:
    """The newest version of a camera's layout; 0 when there is none."""
    return int(await conn.fetchval("SELECT coalesce(max(version), 0) FROM layouts WHERE camera_id = $1", camera_id))


async def foreign_tables(conn: Connection, camera_id: str, table_ids: Sequence[str]) -> set[str]:
    """Which of these ids are tables of another site than the camera's."""
    rows = await conn.fetch(
        "SELECT table_id FROM tables WHERE table_id = ANY($2)"
        " AND site_id <> (SELECT site_id FROM cameras WHERE camera_id = $1)",
        camera_id, list(table_ids),
    )  # fmt: skip
    return {row["table_id"] for row in rows}


_PUT_TABLES = (
    "INSERT INTO tables (table_id, site_id, camera_id, section_id, label, seats, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (table_id) DO UPDATE SET section_id = excluded.section_id,"
    " label = excluded.label, seats = excluded.seats, retired_at = NULL,"
    " camera_id = CASE WHEN tables.retired_at IS NULL THEN tables.camera_id ELSE excluded.camera_id END"
    " WHERE tables.site_id = excluded.site_id"
)


async def set_tables(conn: Connection, camera: Json, tables: Sequence[LayoutTable], now: datetime) -> None:
    """Make these the tables that the camera sees. Others are retired, unless another camera sees them.

    Raises TableNotYours: another site has taken one of the ids since `foreign_tables` was asked. Label, seats and
    section of a table that several cameras see are those of the layout that was drawn last.
    """
    camera_id, ids = camera["camera_id"], [table.table_id for table in tables]
    # Two cameras may drop a table at once: the second sees that the first has
    await conn.execute(
        "SELECT FROM tables WHERE table_id = ANY($2) OR camera_id = $1"
        " OR table_id IN (SELECT table_id FROM table_views WHERE camera_id = $1) ORDER BY table_id FOR UPDATE",
        camera_id, ids,
    )  # fmt: skip
    await _drop_tables(conn, camera_id, ids, now)
    await _put_tables(conn, camera, tables, now)
    await conn.execute(
        "INSERT INTO table_views (table_id, camera_id, site_id) SELECT unnest($2::text[]), $1, $3"
        " ON CONFLICT DO NOTHING",
        camera_id, ids, camera["site_id"],
    )  # fmt: skip


async def _put_tables(conn: Connection, camera: Json, tables: Sequence[LayoutTable], now: datetime) -> None:
    """Raises TableNotYours where an id is another site's, which row security may hide."""
    rows = [(t.table_id, camera["site_id"], camera["camera_id"], t.section_id, t.label, t.seats, now) for t in tables]
    await conn.executemany(_PUT_TABLES, rows)
    ours = "SELECT count(*) FROM tables WHERE table_id = ANY($1) AND site_id = $2"
    if await conn.fetchval(ours, [table.table_id for table in tables], camera["site_id"]) < len(tables):
        raise TableNotYours("Another site has taken one of these table ids just now; give it another id, or none.")


async def tables_are_as_drawn(conn: Connection, tables: Sequence[LayoutTable]) -> bool:
    """Whether label, section and seats are those of this layout: another camera may have drawn a table since."""
    rows = await conn.fetch(
        "SELECT table_id, label, section_id, seats FROM tables WHERE table_id = ANY($1)",
        [table.table_id for table in tables],
    )
    return {tuple(row) for row in rows} == {(t.table_id, t.label, t.section_id, t.seats) for t in tables}


async def _drop_tables(conn: Connection, camera_id: str, kept: Sequence[str], now: datetime) -> None:
    """Tables that the camera sees no more belong to another one that does, or to none and are retired.

    What is left of a shared one is as the newest layout of those that still draw it has it.
    """
    dropped = await conn.fetch(
        "DELETE FROM table_views WHERE camera_id = $1 AND NOT table_id = ANY($2) RETURNING table_id",
        camera_id, list(kept),
    )  # fmt: skip
    await conn.execute(
        "UPDATE tables t SET camera_id = coalesce(other.camera_id, t.camera_id),"
        " retired_at = CASE WHEN other.camera_id IS NULL THEN $3::timestamptz END"
        " FROM tables s LEFT JOIN LATERAL (SELECT min(v.camera_id) AS camera_id FROM table_views v"
        " WHERE v.table_id = s.table_id) other ON true"
        " WHERE t.table_id = s.table_id AND s.camera_id = $1 AND s.retired_at IS NULL AND NOT s.table_id = ANY($2)",
        camera_id, list(kept), now,
    )  # fmt: skip
    await conn.execute(
        "UPDATE tables t SET label = n.drawn->>'label', section_id = n.drawn->>'section_id',"
        " seats = (n.drawn->>'seats')::integer FROM (SELECT DISTINCT ON (v.table_id) v.table_id, each.drawn"
        " FROM table_views v JOIN cameras c USING (camera_id)"
        " JOIN layouts l ON l.camera_id = c.camera_id AND l.version = c.layout_version"
        " CROSS JOIN LATERAL json_array_elements(l.document->'tables') AS each(drawn)"
        " WHERE v.table_id = ANY($1) AND each.drawn->>'table_id' = v.table_id"
        " ORDER BY v.table_id, l.created_at DESC, l.version DESC, l.camera_id) n WHERE t.table_id = n.table_id",
        [row["table_id"] for row in dropped],
    )  # fmt: skip


async def status(conn: Connection, camera_id: str) -> Json | None:
    """The newest camera.status; None without one."""
    text = await conn.fetchval("SELECT document FROM camera_statuses WHERE camera_id = $1 AND NOT gone", camera_id)
    return None if text is None else orjson.loads(text)


def _document(row: asyncpg.Record | None) -> Json:
    """A row as the API shows it; a statement that returns its row always has one."""
    if row is None:
        raise LookupError("the camera is gone")
    return {
        "camera_id": row["camera_id"],
        "site_id": row["site_id"],
        "number": row["number"],
        "name": row["name"],
        "section_id": row["section_id"],
        "notes": row["notes"],
        "enabled": row["enabled"],
        "source": {
            "type": row["source_type"],
            "address": row["source_address"],
            "secret_ref": row["secret_ref"],
            "transport": row["source_transport"],
        },
        "capture": capture(row["source_type"]),
        "state": row["state"] or State.DRAFT,
        "source_version": row["source_version"],
        "cadence_ms": row["cadence_ms"],
        "look_every_ms": row["look_every_ms"],
        "max_age_ms": row["max_age_ms"],
        "detector": row["detector"],
        "opening_hours": whole_week(row["opening_hours"]),
        "timezone": row["timezone"],
        "version": row["version"],
        "layout_version": row["layout_version"],
        "created_at": write_time(row["created_at"]),
        "updated_at": write_time(row["updated_at"]),
    }
