"""The newest state of each table, live and of each run."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from datetime import datetime

import asyncpg
import orjson

from api.model.states import as_of_now
from api.model.types import Json, Sites
from api.store import Connection

_SEEN = "NOT gone AND ($1::text[] IS NULL OR site_id = ANY($1))"
_STANDS = (
    "(run_id IS NOT NULL OR NOT EXISTS"
    " (SELECT FROM tables t WHERE t.table_id = s.table_id AND t.retired_at IS NOT NULL))"
)
"""What is said live of a table that is not there any more concerns nobody; a run was of the tables of its time."""


async def page(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None = None,
    table_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    live: bool | None = None,
    after: str = "",
    limit: int = 1000,
    now: datetime,
) -> list[tuple[str, Json]]:
    """(key, state document) by key; an expired state reads unknown. Live, a retired one by `table_id` alone."""
    rows = await conn.fetch(
        f"SELECT state_key, document, (SELECT label FROM tables t WHERE t.table_id = s.table_id) AS label"
        f" FROM states s WHERE {_SEEN} AND ($2::text IS NULL OR site_id = $2)"
        " AND ($3::text IS NULL OR $3 = ANY(camera_ids)) AND ($4::text IS NULL OR run_id = $4)"
        " AND ($5::boolean IS NULL OR (run_id IS NULL) = $5) AND state_key > $6"
        f" AND (table_id = $7 OR ($7::text IS NULL AND {_STANDS})) ORDER BY state_key LIMIT $8",
        sites, site_id, camera_id, run_id, live, after, table_id, limit,
    )  # fmt: skip
    return [(row["state_key"], as_of_now(_labelled(row), now)) for row in rows]


def _labelled(row: asyncpg.Record) -> Json:
    """The document; the label of one that was written before there were labels is that of the newest layout."""
    document: Json = orjson.loads(row["document"])
    return document if document.get("label") else document | {"label": row["label"]}
