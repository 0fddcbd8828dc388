"""Plans of sites: where people put the tables."""

import orjson

from api.model.types import Json
from api.store import Connection


async def get(conn: Connection, site_id: str) -> Json:
    """The plan of a site; version 0 and no places where nobody arranged it."""
    row = await conn.fetchrow("SELECT version, places FROM site_plans WHERE site_id = $1", site_id)
    found: Json = {"site_id": site_id, "version": 0, "places": []}
    return found if row is None else found | {"version": row["version"], "places": orjson.loads(row["places"])}


async def put(conn: Connection, site_id: str, places: list[Json]) -> Json:
    """Replace the plan of a site, whose row is locked."""
    version = await conn.fetchval(
        "INSERT INTO site_plans (site_id, version, places) VALUES ($1, 1, $2)"
        " ON CONFLICT (site_id) DO UPDATE SET version = site_plans.version + 1, places = excluded.places"
        " RETURNING version",
        site_id, orjson.dumps(places).decode(),
    )  # fmt: skip
    return {"site_id": site_id, "version": version, "places": places}
