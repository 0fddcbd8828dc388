"""Where the crops of runs lie. The wall is at the frame."""

from collections.abc import Sequence

import orjson

from api.project.batch import document
from api.store import Connection, Json
from tablewatch_schemas import CropReady


async def keep(conn: Connection, events: Sequence[CropReady]) -> None:
    """Keep them; what is there already says the same."""
    await conn.executemany(
        "INSERT INTO crops (run_id, index, site_id, object_key, layout_version, crops) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT DO NOTHING",
        [
            (e.run_id, e.index or 0, e.site_id, e.crops_key, e.layout_version, orjson.dumps(said).decode())
            for e, said in ((e, document(e)["crops"]) for e in events)
        ],
    )  # fmt: skip


async def of_frame(conn: Connection, run_id: str, index: int) -> Json | None:
    """object_key, layout_version and crops of a frame; None when it has none or they are not cut yet."""
    row = await conn.fetchrow(
        "SELECT object_key, layout_version, crops FROM crops WHERE run_id = $1 AND index = $2", run_id, index
    )
    return None if row is None else dict(row) | {"crops": orjson.loads(row["crops"])}
