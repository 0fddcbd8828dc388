"""Decisions about proposed layouts, and the deletion of their pictures with the camera."""

from datetime import datetime, timedelta

import asyncpg
import orjson

from api.model.layout_proposals import SHORT, Decided
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.times import write_time

UNDER_WAY = timedelta(minutes=3)
"""A decision or a look for a dry run that was under way when its camera was deleted may store an object after that."""


async def add(conn: Connection, decision: Json, proposal: Json) -> Json:
    """A new one; its pictures are stored already."""
    short = orjson.dumps({name: proposal[name] for name in SHORT}).decode()
    row = await conn.fetchrow(
        "INSERT INTO layout_decisions (proposal_id, camera_id, site_id, decision, decided_at, by_key_id, by_name, note,"
        " layout_version, new_version, transform, before_key, after_key, proposal)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING *",
        proposal["proposal_id"], decision["camera_id"], decision["site_id"], decision["decision"],
        decision["decided_at"], decision["by_key_id"], decision["by"], decision["note"], proposal["layout_version"],
        decision["new_version"], orjson.dumps(proposal["transform"]).decode(), decision["before_key"],
        decision["after_key"], short,
    )  # fmt: skip
    return _document(row)


async def of_version(conn: Connection, camera: Json) -> list[Decided]:
    """Those about proposals for the newest layout of a camera."""
    rows = await conn.fetch(
        "SELECT proposal_id, decision, layout_version, transform FROM layout_decisions"
        " WHERE camera_id = $1 AND layout_version = $2",
        camera["camera_id"], camera["layout_version"],
    )  # fmt: skip
    return [Decided(**dict(row) | {"transform": orjson.loads(row["transform"])}) for row in rows]


async def page(conn: Connection, camera_id: str, before: str, limit: int) -> list[Json]:
    """Those of a camera, newest first, older than the proposal `before` (empty: from the newest)."""
    rows = await conn.fetch(
        "SELECT * FROM layout_decisions d WHERE camera_id = $1 AND ($2 = '' OR (decided_at, proposal_id) < ("
        "SELECT decided_at, proposal_id FROM layout_decisions WHERE camera_id = $1 AND proposal_id = $2))"
        " ORDER BY decided_at DESC, proposal_id DESC LIMIT $3",
        camera_id, before, limit,
    )  # fmt: skip
    return [_document(row) for row in rows]


async def forget_camera(conn: Connection, camera: Json, now: datetime) -> None:
    """The camera is deleted: so are its decisions, and their pictures later."""
    await conn.execute("DELETE FROM layout_decisions WHERE camera_id = $1", camera["camera_id"])
    await conn.execute(
        "INSERT INTO camera_sweeps (camera_id, site_id, due_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        camera["camera_id"], camera["site_id"], now + UNDER_WAY,
    )  # fmt: skip


async def due_sweep(conn: Connection, now: datetime) -> tuple[str, str] | None:
    """Site and camera of which objects are to be deleted; locked, and none that another process has."""
    row = await conn.fetchrow(
        "SELECT site_id, camera_id FROM camera_sweeps WHERE due_at <= $1 LIMIT 1 FOR UPDATE SKIP LOCKED", now
    )
    return None if row is None else (row["site_id"], row["camera_id"])


async def swept(conn: Connection, camera_id: str) -> None:
    """Its objects are deleted."""
    await conn.execute("DELETE FROM camera_sweeps WHERE camera_id = $1", camera_id)


def _document(row: asyncpg.Record | None) -> Json:
    """As the API shows it, with the keys of its pictures."""
    if row is None:
        raise LookupError("the decision is gone")
    names = (
        "proposal_id", "camera_id", "site_id", "decision", "by_key_id", "note", "layout_version", "new_version",
        "before_key", "after_key",
    )  # fmt: skip
    short: Json = orjson.loads(row["proposal"])
    of_decision = {"decided_at": write_time(row["decided_at"]), "by": row["by_name"]}
    return {name: row[name] for name in names} | of_decision | short
