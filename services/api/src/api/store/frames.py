"""Frames of runs, in media order."""

from collections.abc import Sequence

import asyncpg

from api.model.errors import FrameNotFound
from api.model.pictures import frame_index, frame_owner
from api.model.types import Json, Sites
from api.store import Connection
from tablewatch_schemas import FrameExtracted
from tablewatch_schemas.times import write_time


async def add(conn: Connection, frames: Sequence[FrameExtracted]) -> None:
    """Add frames; those that exist stay as they are."""
    await conn.executemany(
        "INSERT INTO frames (run_id, index, frame_id, site_id, object_key, captured_at, media_ms, width, height,"
        " size_bytes, keyframe, sharpness, brightness)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        [
            (f.run_id, f.index or 0, f.frame_id, f.site_id, f.object_key, f.captured_at, f.media_ms or 0, f.width,
             f.height, f.size_bytes, f.keyframe, f.sharpness, f.brightness)
            for f in frames
        ],
    )  # fmt: skip


async def page(conn: Connection, run_id: str, after: int, limit: int) -> list[asyncpg.Record]:
    """Frames of a run above the index `after`. Whether a caller may see them is decided by the video."""
    return list(
        await conn.fetch(
            "SELECT * FROM frames WHERE run_id = $1 AND index > $2 ORDER BY index LIMIT $3", run_id, after, limit
        )
    )


async def get(conn: Connection, sites: Sites, frame_id: str) -> asyncpg.Record:
    """A frame of a run that is not being deleted, with its video_id. Raises FrameNotFound."""
    row, run_id = None, frame_owner(frame_id)
    if run_id.startswith("run_"):
        row = await conn.fetchrow(
            "SELECT frames.*, video_id FROM frames JOIN videos USING (run_id) WHERE run_id = $2 AND index = $3"
            " AND deleting_at IS NULL AND ($1::text[] IS NULL OR frames.site_id = ANY($1))",
            sites, run_id, frame_index(frame_id),
        )  # fmt: skip
    if row is None or row["frame_id"] != frame_id:
        raise FrameNotFound(f"There is no frame {frame_id} of a video; live ones have links only.")
    return row


def document(row: asyncpg.Record, url: str) -> Json:
    """A frame as the API shows it."""
    names = ("frame_id", "index", "media_ms", "width", "height", "size_bytes", "keyframe", "sharpness", "brightness")
    return {name: row[name] for name in names} | {"captured_at": write_time(row["captured_at"]), "url": url}
