"""Crops of the frames of runs: a row a frame. Whether a caller may see them is decided by the frame."""

from collections.abc import Sequence

import orjson

from api.compute import sliced
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas import CropReady, to_json


async def add(conn: Connection, events: Sequence[CropReady]) -> None:
    """Add the crops of frames; those that exist stay as they are."""
    await conn.executemany(
        "INSERT INTO crops (run_id, index, site_id, object_key, layout_version, crops) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT DO NOTHING",
        [
            (each.run_id, each.index or 0, each.site_id, each.crops_key, each.layout_version, _crops_json(each))
            async for each in sliced(events)
        ],
    )


async def of_frame(conn: Connection, run_id: str, index: int) -> Json | None:
    """object_key, layout_version and crops of a frame; None when it has none or they are not cut yet."""
    row = await conn.fetchrow(
        "SELECT object_key, layout_version, crops FROM crops WHERE run_id = $1 AND index = $2", run_id, index
    )
    return None if row is None else dict(row) | {"crops": orjson.loads(row["crops"])}


def _crops_json(event: CropReady) -> str:
    return orjson.dumps(orjson.loads(to_json(event))["crops"]).decode()
