"""Hazard alerts."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from datetime import datetime

import orjson

from api.model.errors import HazardNotFound
from api.model.types import Json, Sites
from api.store import Connection

_SEEN = "NOT gone AND ($1::text[] IS NULL OR site_id = ANY($1))"


async def page(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    status: str | None = None,
    live: bool | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 1000,
) -> list[Json]:
    """Alerts, newest first."""
    rows = await conn.fetch(
        f"SELECT document FROM hazards WHERE {_SEEN} AND ($2::text IS NULL OR site_id = $2)"
        " AND ($3::text IS NULL OR camera_id = $3) AND ($4::text IS NULL OR run_id = $4)"
        " AND ($5::text IS NULL OR status = $5) AND ($6::boolean IS NULL OR (run_id IS NULL) = $6)"
        " AND ($7::timestamptz IS NULL OR (opened_at, hazard_id) < ($7, $8))"
        " ORDER BY opened_at DESC, hazard_id DESC LIMIT $9",
        sites, site_id, camera_id, run_id, status, live, *(before or (None, None)), limit,
    )  # fmt: skip
    return [orjson.loads(row["document"]) for row in rows]


async def get(conn: Connection, sites: Sites, hazard_id: str) -> Json:
    """One alert. Raises HazardNotFound."""
    text = await conn.fetchval(f"SELECT document FROM hazards WHERE {_SEEN} AND hazard_id = $2", sites, hazard_id)
    if text is None:
        raise HazardNotFound(f"There is no hazard {hazard_id}.")
    document: Json = orjson.loads(text)
    return document
