"""Stored bytes of a site, summed over its videos, and its limits."""

from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg

from api.model.opening_hours import whole_week
from api.model.storage import Limits, SiteStorage
from api.model.types import Json
from api.store import Connection

_SUMS = """
SELECT s.site_id, s.original_limit, s.picture_limit,
    coalesce(sum(v.original_bytes), 0)::bigint AS originals,
    coalesce(sum(v.declared_bytes) FILTER (WHERE v.original_bytes = 0 AND v.finished_at IS NULL AND v.created_at > $1),
             0)::bigint AS announced,
    coalesce(sum(v.frame_bytes), 0)::bigint AS frames,
    coalesce(sum(v.crop_bytes), 0)::bigint AS crops,
    coalesce(sum(v.reserved_bytes), 0)::bigint AS reserved
FROM sites s LEFT JOIN videos v ON v.site_id = s.site_id AND v.deleting_at IS NULL
WHERE $2::text IS NULL OR s.site_id = $2
GROUP BY s.site_id
"""
_SET = """
UPDATE sites SET original_limit = $2, picture_limit = $3, version = version + 1 WHERE site_id = $1
RETURNING site_id, version, original_limit, picture_limit, detector, timezone, opening_hours
"""


async def of_site(conn: Connection, site_id: str, defaults: Limits, since: datetime) -> SiteStorage:
    """Of one site; files that were announced before `since` do not come any more."""
    (row,) = await conn.fetch(_SUMS, since, site_id)
    return _storage(row, defaults)


async def of_all(conn: Connection, defaults: Limits, since: datetime) -> AsyncIterator[tuple[str, SiteStorage]]:
    """Of every site, by id."""
    for row in await conn.fetch(_SUMS, since, None):
        yield row["site_id"], _storage(row, defaults)


async def set_limits(conn: Connection, site_id: str, originals: int | None, pictures: int | None) -> Json:
    """Limits of a locked site, None for the default. What site.config then says, as by `configuration`."""
    (row,) = await conn.fetch(_SET, site_id, originals, pictures)
    return _configuration(row)


async def configuration(conn: Connection, site_id: str) -> Json:
    """What site.config says of a locked site."""
    (row,) = await conn.fetch(
        "SELECT site_id, version, original_limit, picture_limit, detector, timezone, opening_hours FROM sites"
        " WHERE site_id = $1",
        site_id,
    )
    return _configuration(row)


def _configuration(row: asyncpg.Record) -> Json:
    return dict(row) | {"opening_hours": whole_week(row["opening_hours"])}


def _storage(row: asyncpg.Record, defaults: Limits) -> SiteStorage:
    originals, pictures = row["original_limit"], row["picture_limit"]
    return SiteStorage(
        originals=row["originals"],
        announced=row["announced"],
        frames=row["frames"],
        crops=row["crops"],
        reserved=row["reserved"],
        limits=Limits(
            originals=defaults.originals if originals is None else originals,
            pictures=defaults.pictures if pictures is None else pictures,
        ),
    )
