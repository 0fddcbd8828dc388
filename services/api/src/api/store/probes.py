"""Probes of cameras that are not registered. The projector writes their answers (`read_models`)."""

from datetime import datetime

import orjson

from api.model.errors import ProbeNotFound
from api.model.probes import KEPT, probe_document
from api.model.types import Json, Sites
from api.store import Connection

_GET = """
SELECT * FROM probes WHERE probe_id = $2 AND requested_at IS NOT NULL AND ($1::text[] IS NULL OR site_id = ANY($1))
"""
_OPEN = "SELECT count(*) FROM probes WHERE site_id = $1 AND version = 0 AND expires_at > $2"


async def add(conn: Connection, probe: Json, requested_at: datetime, expires_at: datetime) -> None:
    """A new one, which waits for its answer: a row of the read model that is not there for its readers yet."""
    source = probe["source"]
    await conn.execute(
        "INSERT INTO probes (probe_id, site_id, version, gone, document, source_type, address, requested_at,"
        " expires_at) VALUES ($1, $2, 0, true, '{}', $3, $4, $5, $6)",
        *(probe["probe_id"], probe["site_id"], source["type"], source["address"], requested_at, expires_at),
    )


async def count_open(conn: Connection, site_id: str, now: datetime) -> int:
    """How many of a site wait for their answer. Two at once both count: hold the site's row before."""
    found: int = await conn.fetchval(_OPEN, site_id, now)
    return found


async def get(conn: Connection, sites: Sites, probe_id: str, now: datetime) -> Json:
    """One probe. Raises ProbeNotFound."""
    row = await conn.fetchrow(_GET, sites, probe_id)
    if row is None:
        raise ProbeNotFound(f"There is no probe {probe_id}, or it is older than an hour.")
    return probe_document(row, orjson.loads(row["document"]) if row["version"] else None, now)


async def prune(conn: Connection, now: datetime) -> None:
    """Delete those that are too old to be shown."""
    await conn.execute("DELETE FROM probes WHERE created_at < $1", now - KEPT)
