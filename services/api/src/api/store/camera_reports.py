"""What was reported of a camera: its health of some time, and what a probe of its address found."""

from datetime import datetime

from api.model.score import Reported
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.times import read_time

_STATUSES = """
SELECT document->>'status' AS status, document->>'since' AS since FROM site_events
WHERE site_id = $1 AND camera_id = $2 AND type = 'camera.status' AND created_at > $3 ORDER BY seq
"""
_NOW = """
SELECT document->>'status' AS status, document->>'since' AS since FROM camera_statuses
WHERE camera_id = $1 AND NOT gone
"""
_GOP = """
SELECT (document->'found'->>'gop_ms')::double precision FROM probes
WHERE site_id = $1 AND action = 'probe' AND version > 0 AND address = $2 AND document->>'status' = 'done'
ORDER BY requested_at DESC LIMIT 1
"""


async def statuses(conn: Connection, camera: Json, since: datetime) -> list[Reported]:
    """What the camera was, from before `since` on as far as the event log knows it, in its order."""
    rows = await conn.fetch(_STATUSES, camera["site_id"], camera["camera_id"], since)
    rows += await conn.fetch(_NOW, camera["camera_id"])
    by_time = {read_time(row["since"]): row["status"] for row in rows}
    return [Reported(by_time[at], at) for at in sorted(by_time)]


async def gop_ms(conn: Connection, camera: Json) -> int | None:
    """From keyframe to keyframe, as the newest probe of the camera's address found it; None without one."""
    found = await conn.fetchval(_GOP, camera["site_id"], camera["source"]["address"])
    return None if found is None else round(found)
