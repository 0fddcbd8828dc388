"""Owners of pictures: runs and cameras."""

from typing import Literal

from api.model.types import Sites
from api.store import Connection


async def site_of(conn: Connection, sites: Sites, owner: str) -> str | None:
    """The site of a run whose video is not deleted, or of a camera; None when the caller may see no such owner.

    A deleted camera still owns its pictures until their retention is over.
    """
    site_id: str | None = await conn.fetchval(
        "SELECT site_id FROM (SELECT site_id FROM videos WHERE run_id = $2 AND deleting_at IS NULL"
        " UNION ALL SELECT site_id FROM cameras WHERE camera_id = $2) AS owners"
        " WHERE $1::text[] IS NULL OR site_id = ANY($1)",
        sites, owner,
    )  # fmt: skip
    return site_id


async def extension_of(conn: Connection, owner: str) -> Literal["jpg", "png"]:
    """The file extension of an owner's frames: a run may have asked for PNG."""
    encoding = await conn.fetchval("SELECT run #>> '{picture,format}' FROM videos WHERE run_id = $1", owner)
    return "png" if encoding == "png" else "jpg"
