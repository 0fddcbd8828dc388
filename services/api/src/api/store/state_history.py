"""Transitions of tables, live and of runs."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg
import orjson

from api.model.cursors import TransitionPosition
from api.model.keyed_records import Change
from api.model.state_transitions import CurrentState
from api.model.types import Json, Sites
from api.store import Connection
from tablewatch_schemas.times import read_time, write_time


async def current(conn: Connection, keys: Collection[str]) -> dict[str, CurrentState]:
    """The state that each table is in by its read model, whose rows are locked."""
    rows = await conn.fetch(
        "SELECT state_key, document->>'state' AS state, document->>'since' AS since FROM states"
        " WHERE state_key = ANY($1)",
        list(keys),
    )
    return {row["state_key"]: CurrentState(row["state"], row["since"]) for row in rows}


async def add(conn: Connection, transitions: Sequence[Change]) -> None:
    """Add transitions."""
    await conn.executemany(
        "INSERT INTO state_history (state_key, version, table_id, site_id, run_id, camera_ids, since, document)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        [_row(each) for each in transitions],
    )


async def page(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None = None,
    table_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    live: bool | None = None,
    state: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    after: TransitionPosition | None = None,
    limit: int = 100,
) -> list[tuple[TransitionPosition, Json]]:
    """(position, transition) newest first, those that began in [since, before)."""
    rows = await conn.fetch(
        "SELECT h.*, (SELECT n.document->>'since' FROM state_history n WHERE n.state_key = h.state_key"
        " AND n.version > h.version ORDER BY n.version LIMIT 1) AS until FROM state_history h"
        " WHERE ($1::text[] IS NULL OR site_id = ANY($1)) AND ($2::text IS NULL OR site_id = $2)"
        " AND ($3::text IS NULL OR table_id = $3) AND ($4::text IS NULL OR $4 = ANY(camera_ids))"
        " AND ($5::text IS NULL OR run_id = $5) AND ($6::boolean IS NULL OR (run_id IS NULL) = $6)"
        " AND ($7::text IS NULL OR document->>'state' = $7) AND ($8::timestamptz IS NULL OR since >= $8)"
        " AND ($9::timestamptz IS NULL OR since < $9)"
        " AND ($10::timestamptz IS NULL OR (since, state_key, version) < ($10, $11, $12))"
        " AND (run_id IS NULL OR NOT EXISTS (SELECT FROM videos v WHERE v.run_id = h.run_id"
        " AND v.deleting_at IS NOT NULL))"
        " ORDER BY since DESC, state_key DESC, version DESC LIMIT $13",
        sites, site_id, table_id, camera_id, run_id, live, state, since, before, *(after or (None, None, None)), limit,
    )  # fmt: skip
    return [((row["since"], row["state_key"], row["version"]), _document(row)) for row in rows]


async def prune(conn: Connection, before: datetime) -> int:
    """Delete some live transitions that began before; those of runs go with their video. Returns how many."""
    done = await conn.execute(
        "DELETE FROM state_history WHERE (state_key, version) IN (SELECT state_key, version FROM state_history"
        " WHERE run_id IS NULL AND since < $1 LIMIT 10000)",
        before,
    )
    return int(done.rpartition(" ")[2])


def _row(change: Change) -> tuple[object, ...]:
    state = change.event
    document = (change.document or b"").decode()
    return (
        change.key, change.version, state.table_id, state.site_id, state.run_id, state.camera_ids, state.since, document
    )  # fmt: skip


def _document(row: asyncpg.Record) -> Json:
    """The record of the transition, and when the next one came."""
    document: Json = orjson.loads(row["document"])
    until = row["until"]
    duration_ms = None if until is None else round((read_time(until) - row["since"]).total_seconds() * 1000)
    return document | {"since": write_time(row["since"]), "until": until, "duration_ms": duration_ms}
