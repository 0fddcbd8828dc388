"""Scores of cameras' views, a row for each camera and day. Whether a caller may see them is decided by the camera."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import orjson

from api.model.capture import CAPTURED
from api.model.score_days import KEPT, Day
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.times import write_time

_DUE = """
SELECT c.camera_id, c.site_id, s.timezone, coalesce(c.opening_hours, s.opening_hours)::text AS hours
FROM cameras c JOIN sites s USING (site_id)
JOIN unnest($1::text[], $2::date[], $3::timestamptz[]) AS ended(timezone, day, until) ON ended.timezone = s.timezone
WHERE c.enabled AND c.deleted_at IS NULL AND c.source_type = ANY($4) AND c.created_at < ended.until
AND c.camera_id > $5
AND NOT EXISTS (SELECT FROM camera_scores made WHERE made.camera_id = c.camera_id AND made.day = ended.day)
ORDER BY c.camera_id LIMIT 1
"""
# Who deletes the camera has its row locked: this waits, and then finds it deleted
_ADD = """
INSERT INTO camera_scores (camera_id, site_id, day, made_at, document)
SELECT camera_id, site_id, $2, $3, $4 FROM cameras WHERE camera_id = $1 AND deleted_at IS NULL FOR SHARE
ON CONFLICT DO NOTHING
"""


class Due(NamedTuple):
    """A camera whose score of a day is to be made, and when it is open (None: always)."""

    camera_id: str
    site_id: str
    day: Day
    hours: Json | None


async def timezones(conn: Connection) -> list[str]:
    """Of all sites, each once."""
    return [row["timezone"] for row in await conn.fetch("SELECT DISTINCT timezone FROM sites")]


async def due(conn: Connection, days: Mapping[str, Day], after: str) -> Due | None:
    """The first camera after `after` that is switched on and has no score of the day of its time zone yet."""
    ended = list(days.values())
    row = await conn.fetchrow(
        _DUE, list(days), [each.on for each in ended], [each.until for each in ended], list(CAPTURED), after
    )
    if row is None:
        return None
    hours = None if row["hours"] is None else orjson.loads(row["hours"])
    return Due(row["camera_id"], row["site_id"], days[row["timezone"]], hours)


async def hold(conn: Connection, wanted: Due) -> bool:
    """Whether it is for this transaction to make: no other does until it ends, and none has."""
    locked = "SELECT pg_try_advisory_xact_lock(hashtext('api.scores'), hashtext($1))"
    if not await conn.fetchval(locked, wanted.camera_id):
        return False
    made = "SELECT EXISTS (SELECT FROM camera_scores WHERE camera_id = $1 AND day = $2)"
    return not await conn.fetchval(made, wanted.camera_id, wanted.day.on)


async def add(conn: Connection, made: Due, document: Json, now: datetime) -> None:
    """The score of a day, unless there is one, or the camera is deleted."""
    await conn.execute(_ADD, made.camera_id, made.day.on, now, orjson.dumps(document).decode())


async def page(conn: Connection, camera_id: str, before: date | None, limit: int) -> list[tuple[date, Json]]:
    """(day, row) of a camera, the newest first, of days before `before`; `document` is text."""
    rows = await conn.fetch(
        "SELECT day, site_id, made_at, document FROM camera_scores WHERE camera_id = $1"
        " AND ($2::date IS NULL OR day < $2) ORDER BY day DESC LIMIT $3",
        camera_id, before, limit,
    )  # fmt: skip
    return [(row["day"], dict(row) | {"camera_id": camera_id}) for row in rows]


def document(row: Json) -> Json:
    """A row of `page` as the API shows it."""
    times = {"day": row["day"].isoformat(), "made_at": write_time(row["made_at"])}
    found: Json = orjson.loads(row["document"])
    return found | times | {name: row[name] for name in ("camera_id", "site_id")}


async def forget_camera(conn: Connection, camera_id: str) -> None:
    """The camera is deleted."""
    await conn.execute("DELETE FROM camera_scores WHERE camera_id = $1", camera_id)


async def prune(conn: Connection, now: datetime) -> None:
    """Delete those of days that are too long ago."""
    await conn.execute("DELETE FROM camera_scores WHERE day < $1", (now - KEPT).date())
