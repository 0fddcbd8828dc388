"""Probes of cameras that are not registered, and discoveries. The projector writes their answers (`read_models`)."""

from datetime import datetime

import asyncpg
import orjson

from api.model.errors import DiscoveryNotFound, ProbeNotFound
from api.model.probes import KEPT, discovery_document, probe_document
from api.model.types import Json, Sites
from api.store import Connection

_GET = """
SELECT * FROM probes WHERE probe_id = $2 AND action = $3 AND requested_at IS NOT NULL
AND ($1::text[] IS NULL OR site_id = ANY($1))
"""
_OPEN = "SELECT count(*) FROM probes WHERE site_id = $1 AND version = 0 AND expires_at > $2"


async def add(conn: Connection, asked: Json, requested_at: datetime, expires_at: datetime) -> None:
    """A new one, which waits for its answer: a row of the read model that is not there for its readers yet.

    `asked`: fields of the camera.command. `source` is null of a discovery.
    """
    source = asked["source"] or {"type": None, "address": None}
    await conn.execute(
        "INSERT INTO probes (probe_id, site_id, version, gone, document, action, source_type, address, requested_at,"
        " expires_at) VALUES ($1, $2, 0, true, '{}', $3, $4, $5, $6, $7)",
        *(asked["probe_id"], asked["site_id"], asked["action"], source["type"], source["address"]),
        *(requested_at, expires_at),
    )


async def count_open(conn: Connection, site_id: str, now: datetime) -> int:
    """How many of a site wait for their answer, of both. Two at once both count: hold the site's row before."""
    found: int = await conn.fetchval(_OPEN, site_id, now)
    return found


async def get(conn: Connection, sites: Sites, probe_id: str, now: datetime) -> Json:
    """One probe. Raises ProbeNotFound."""
    row = await conn.fetchrow(_GET, sites, probe_id, "probe")
    if row is None:
        raise ProbeNotFound(f"There is no probe {probe_id}, or it is older than an hour.")
    return probe_document(row, _answer(row), now)


async def get_discovery(conn: Connection, sites: Sites, discovery_id: str, now: datetime) -> Json:
    """One discovery. Raises DiscoveryNotFound."""
    row = await conn.fetchrow(_GET, sites, discovery_id, "discover")
    if row is None:
        raise DiscoveryNotFound(f"There is no discovery {discovery_id}, or it is older than an hour.")
    return discovery_document(row, _answer(row), now)


def _answer(row: asyncpg.Record) -> Json | None:
    """Its camera.probe; None while there is none."""
    found: Json | None = orjson.loads(row["document"]) if row["version"] else None
    return found


async def prune(conn: Connection, now: datetime) -> None:
    """Delete those that are too old to be shown."""
    await conn.execute("DELETE FROM probes WHERE created_at < $1", now - KEPT)
