"""Reading the folded facts: states of tables, hazards, groups, cameras' health."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from collections.abc import Collection
from datetime import datetime
from typing import Any

import orjson

from api.problems import Problem
from api.store import Connection, Json, Sites
from tablewatch_schemas.times import read_time

_WALL = "NOT gone AND ($1::text[] IS NULL OR site_id = ANY($1))"


async def states(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None = None,
    table_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    live: bool | None = None,
    shown: Collection[str] | None = None,
    after: str = "",
    limit: int = 1000,
    now: datetime,
) -> list[tuple[str, Json]]:
    """(key, state document) by key; what has expired says so. `shown`: only what is live or of these runs."""

    rows = await conn.fetch(
        f"SELECT state_key, document FROM states WHERE {_WALL} AND ($2::text IS NULL OR site_id = $2)"
        " AND ($3::text IS NULL OR $3 = ANY(camera_ids)) AND ($4::text IS NULL OR run_id = $4)"
        " AND ($5::boolean IS NULL OR (run_id IS NULL) = $5) AND state_key > $6"
        " AND ($7::text[] IS NULL OR run_id IS NULL OR run_id = ANY($7)) AND ($9::text IS NULL OR table_id = $9)"
        " ORDER BY state_key LIMIT $8",
        sites, site_id, camera_id, run_id, live, after, _list(shown), limit, table_id,
    )  # fmt: skip
    return [(row["state_key"], as_of_now(orjson.loads(row["document"]), now)) for row in rows]


def _list(shown: Collection[str] | None) -> list[str] | None:
    return None if shown is None else list(shown)


def as_of_now(state: Json, now: datetime) -> Json:
    """The state as it holds at `now`: a live one past `expires_at` is unknown. A run has its own time and keeps it."""
    expired = state["run_id"] is None and read_time(state["expires_at"]) <= now
    if not expired:
        return state | {"expired": False}
    known = {"previous_state": state["state"], "since": state["expires_at"]} if state["state"] != "unknown" else {}
    return state | known | {"state": "unknown", "confidence": 0.0, "reason": "stale", "expired": True}


async def hazards(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    status: str | None = None,
    live: bool | None = None,
    shown: Collection[str] | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 1000,
) -> list[Json]:
    """Alerts, newest first. `shown`: only what is live or of these runs."""
    rows = await conn.fetch(
        f"SELECT document FROM hazards WHERE {_WALL} AND ($2::text IS NULL OR site_id = $2)"
        " AND ($3::text IS NULL OR camera_id = $3) AND ($4::text IS NULL OR run_id = $4)"
        " AND ($5::text IS NULL OR status = $5) AND ($6::boolean IS NULL OR (run_id IS NULL) = $6)"
        " AND ($7::timestamptz IS NULL OR (opened_at, hazard_id) < ($7, $8))"
        " AND ($9::text[] IS NULL OR run_id IS NULL OR run_id = ANY($9))"
        " ORDER BY opened_at DESC, hazard_id DESC LIMIT $10",
        sites, site_id, camera_id, run_id, status, live, *(before or (None, None)), _list(shown), limit,
    )  # fmt: skip
    return [orjson.loads(row["document"]) for row in rows]


async def hazard(conn: Connection, sites: Sites, hazard_id: str) -> Json:
    """One alert. Raises Problem hazard_not_found."""
    text = await conn.fetchval(f"SELECT document FROM hazards WHERE {_WALL} AND hazard_id = $2", sites, hazard_id)
    if text is None:
        raise Problem("hazard_not_found", f"There is no hazard {hazard_id}.")
    return _json(text)


async def camera_statuses(conn: Connection, site_id: str) -> list[Json]:
    """The health of a site's cameras."""
    rows = await conn.fetch("SELECT document FROM camera_statuses WHERE site_id = $1 AND NOT gone", site_id)
    return [orjson.loads(row["document"]) for row in rows]


async def groups(conn: Connection, site_id: str) -> list[Json]:
    """Groups of tables of a site."""
    rows = await conn.fetch("SELECT document FROM table_groups WHERE site_id = $1 AND NOT gone", site_id)
    return [orjson.loads(row["document"]) for row in rows]


def hazard_cursor(document: Json) -> str:
    """Where a page of hazards ended."""
    return f"{document['opened_at']}~{document['hazard_id']}"


def read_hazard_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises ValueError."""
    opened_at, _, hazard_id = cursor.partition("~")
    return read_time(opened_at), hazard_id


def _json(text: str) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(text)
    return document
