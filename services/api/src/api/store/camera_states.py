"""States of cameras and their history. Whether a caller may see them is decided by the camera."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from api.model.camera_states import Happening, State, Stored, Transition, registered, source_happening, transition
from api.model.types import Json
from api.store import Connection


class Facts(NamedTuple):
    """What a camera that is there has."""

    site_id: str
    name: str
    has_tables: bool


async def add(conn: Connection, camera: Json, at: datetime, key: tuple[str | None, str]) -> Transition:
    """The state of a camera that was added."""
    first = registered(camera, at, key)
    await conn.execute(
        "INSERT INTO camera_states (camera_id, site_id, state, source_version) VALUES ($1, $2, $3, $4)",
        camera["camera_id"], camera["site_id"], first.state.value, camera["version"],
    )  # fmt: skip
    await move(conn, [first])
    return first


async def change(
    conn: Connection, before: Json, after: Json, at: datetime, key: tuple[str | None, str]
) -> Sequence[Transition]:
    """What becomes of a camera whose row is locked, and is to be saved as `after` with the next version."""
    happening = source_happening(before, after)
    if happening is None:
        return ()
    moved = await happen(conn, before, happening, at, key)
    await conn.execute(
        "UPDATE camera_states SET source_version = $2 WHERE camera_id = $1", before["camera_id"], before["version"] + 1
    )
    return moved


async def happen(
    conn: Connection, camera: Json, happening: Happening, at: datetime, key: tuple[str | None, str]
) -> Sequence[Transition]:
    """What becomes of a camera; nothing where it stays."""
    stored = await lock(conn, [camera["camera_id"]])
    moved = transition(camera, stored[camera["camera_id"]], happening, at, key)
    if moved is None:
        return ()
    await move(conn, [moved])
    return [moved]


async def lock(conn: Connection, camera_ids: Collection[str]) -> dict[str, Stored]:
    """Of these cameras, locked in one order until the end of the transaction."""
    found = await _locked(conn, camera_ids)
    if len(found) < len(camera_ids):
        await conn.execute(
            "INSERT INTO camera_states (camera_id, site_id, state) SELECT camera_id, site_id, $2 FROM cameras"
            " WHERE camera_id = ANY($1) ORDER BY camera_id ON CONFLICT DO NOTHING",
            list(camera_ids), State.DRAFT.value,
        )  # fmt: skip
        found = await _locked(conn, camera_ids)
    return found


async def facts(conn: Connection, camera_ids: Collection[str]) -> dict[str, Facts]:
    """Of those of these cameras that are there. Lock their states before: these are as they are after that."""
    rows = await conn.fetch(
        "SELECT camera_id, site_id, name,"
        " EXISTS (SELECT FROM table_views v WHERE v.camera_id = c.camera_id) AS has_tables"
        " FROM cameras c WHERE camera_id = ANY($1) AND deleted_at IS NULL",
        list(camera_ids),
    )
    return {row["camera_id"]: Facts(row["site_id"], row["name"], row["has_tables"]) for row in rows}


async def move(conn: Connection, transitions: Sequence[Transition]) -> None:
    """Store transitions of cameras, one each, whose states are locked."""
    await conn.executemany(
        "UPDATE camera_states SET state = $2, seq = $3 WHERE camera_id = $1",
        [(each.camera_id, each.state.value, each.seq) for each in transitions],
    )
    await conn.executemany(
        "INSERT INTO camera_state_history (camera_id, seq, site_id, at, previous_state, state, why, key_id, key_name)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            (each.camera_id, each.seq, each.site_id, each.at, each.previous_state and each.previous_state.value,
             each.state.value, each.why, *(each.key or (None, None)))
            for each in transitions
        ],
    )  # fmt: skip


async def page(conn: Connection, camera_id: str, before: int, limit: int) -> list[Json]:
    """Transitions of a camera, newest first, below `before` (negative: from the newest)."""
    rows = await conn.fetch(
        "SELECT * FROM camera_state_history WHERE camera_id = $1 AND ($2::integer < 0 OR seq < $2)"
        " ORDER BY seq DESC LIMIT $3",
        camera_id, before, limit,
    )  # fmt: skip
    return [_document(row) for row in rows]


async def _locked(conn: Connection, camera_ids: Collection[str]) -> dict[str, Stored]:
    rows = await conn.fetch(
        "SELECT camera_id, state, source_version, seq FROM camera_states WHERE camera_id = ANY($1)"
        " ORDER BY camera_id FOR UPDATE",
        list(camera_ids),
    )
    return {row["camera_id"]: Stored(State(row["state"]), row["source_version"], row["seq"]) for row in rows}


def _document(row: asyncpg.Record) -> Json:
    before = row["previous_state"]
    return Transition(
        camera_id=row["camera_id"], site_id=row["site_id"], seq=row["seq"], at=row["at"],
        previous_state=None if before is None else State(before), state=State(row["state"]), why=row["why"],
        key=None if row["key_name"] is None else (row["key_id"], row["key_name"]),
    ).document()  # fmt: skip
