"""Whose a picture is: a run's or a camera's."""

from typing import Literal

from api.store import Connection, Sites


async def site_of(conn: Connection, sites: Sites, owner: str) -> str | None:
    """The site of a run whose video is not deleted, or of a camera; None when there is none inside the wall.

    A camera that was taken out still owns its pictures until their time is over.
    """
    found: str | None = await conn.fetchval(
        "SELECT site_id FROM (SELECT site_id FROM videos WHERE run_id = $2 AND deleting_at IS NULL"
        " UNION ALL SELECT site_id FROM cameras WHERE camera_id = $2) AS known"
        " WHERE $1::text[] IS NULL OR site_id = ANY($1)",
        sites, owner,
    )  # fmt: skip
    return found


async def ending_of(conn: Connection, owner: str) -> Literal["jpg", "png"]:
    """What the names of an owner's frames end with: a run may have asked for PNG."""
    said = await conn.fetchval("SELECT picture ->> 'format' FROM videos WHERE run_id = $1", owner)
    return "png" if said == "png" else "jpg"
