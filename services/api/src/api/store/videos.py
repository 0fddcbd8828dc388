"""Videos with the facts of their run."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg
import orjson

from api.model.errors import VideoNotFound
from api.model.job import Run, Video
from api.model.run_facts import RunFacts
from api.model.types import Sites
from api.store import Connection

VideoRow = asyncpg.Record
"""Of `videos`: run, facts and deleting_at, which `of_row` makes a video of, and what else was selected."""

_VIDEOS = "SELECT run, facts, deleting_at FROM videos"
_VISIBLE = "FROM videos WHERE deleting_at IS NULL AND ($1::text[] IS NULL OR site_id = ANY($1))"
_SEEN = f"SELECT run, facts, deleting_at {_VISIBLE}"
_SEEN_WITH_ID = f"SELECT video_id, run, facts, deleting_at {_VISIBLE}"


class Unfinished(NamedTuple):
    """How many jobs are open and stuck, and the age of the oldest."""

    open: int
    stuck: int
    oldest_s: float


async def add(conn: Connection, run: Run, *, created_by: str, declared_bytes: int = 0) -> Video:
    """A new video that waits for its upload of `declared_bytes`; 0: not said."""
    video = Video(run=run, facts=RunFacts())
    await conn.execute(
        "INSERT INTO videos (video_id, run_id, site_id, camera_id, run, created_at, updated_at, created_by, facts,"
        " declared_bytes) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)",
        run.video_id, run.run_id, run.site_id, run.camera_id, run.to_json().decode(), run.created_at, created_by,
        orjson.dumps(video.facts.to_json()).decode(), declared_bytes,
    )  # fmt: skip
    return video


async def get(conn: Connection, sites: Sites, video_id: str, *, lock: bool = False) -> Video:
    """One video that is not being deleted. Raises VideoNotFound."""
    row = await conn.fetchrow(f"{_SEEN} AND video_id = $2{' FOR UPDATE' if lock else ''}", sites, video_id)
    if row is None:
        raise VideoNotFound(f"There is no video {video_id}.")
    return of_row(row)


async def of_run(conn: Connection, sites: Sites, run_id: str) -> Video | None:
    """The video of a run; None when there is none, or it is being deleted. The projector's next change waits."""
    row = await conn.fetchrow(f"{_SEEN} AND run_id = $2 FOR SHARE", sites, run_id)
    return None if row is None else of_row(row)


async def page(
    conn: Connection,
    sites: Sites,
    *,
    site_id: str | None,
    camera_id: str | None,
    status: str | None,
    before: str,
    limit: int,
) -> list[VideoRow]:
    """Videos, newest first (their ids sort by time)."""
    return await conn.fetch(
        f"{_SEEN_WITH_ID} AND ($2::text IS NULL OR site_id = $2) AND ($3::text IS NULL OR camera_id = $3)"
        " AND ($4 = '' OR video_id < $4) AND ($6::text IS NULL OR status = $6) ORDER BY video_id DESC LIMIT $5",
        sites, site_id, camera_id, before, limit, status,
    )  # fmt: skip


async def shown(conn: Connection, site_id: str, run_id: str | None, recent: int, most: int) -> list[VideoRow]:
    """Videos of a site that a snapshot shows, oldest first: under way or among the `recent` newest; or one run's.

    Where they are more than `most`, the newest.
    """
    rows = await conn.fetch(
        "SELECT run_id, run, facts, deleting_at FROM videos WHERE site_id = $1 AND deleting_at IS NULL AND"
        " CASE WHEN $2::text IS NOT NULL THEN run_id = $2 ELSE finished_at IS NULL OR video_id IN"
        " (SELECT video_id FROM videos WHERE site_id = $1 AND deleting_at IS NULL ORDER BY video_id DESC LIMIT $3)"
        " END ORDER BY video_id DESC LIMIT $4",
        site_id, run_id, recent, most,
    )  # fmt: skip
    return rows[::-1]


async def count(conn: Connection, site_id: str, run_id: str | None) -> int:
    """How many videos of a site there are that are not being deleted, or of one of its runs."""
    found: int = await conn.fetchval(
        "SELECT count(*) FROM videos WHERE site_id = $1 AND deleting_at IS NULL AND ($2::text IS NULL OR run_id = $2)",
        site_id, run_id,
    )  # fmt: skip
    return found


async def lock_runs(conn: Connection, run_ids: Sequence[str]) -> dict[str, Video]:
    """Videos by run. Their rows are locked in one order, so that two projectors cannot wait for each other."""
    rows = await conn.fetch(f"{_VIDEOS} WHERE run_id = ANY($1) ORDER BY run_id FOR UPDATE", list(run_ids))
    return {video.run.run_id: video for video in map(of_row, rows)}


async def save(conn: Connection, videos: Iterable[Video]) -> None:
    """Write changed facts; the rows are locked."""
    await conn.executemany(
        "UPDATE videos SET facts = $2, updated_at = $3::timestamptz,"
        " finished_at = CASE WHEN $4::boolean THEN coalesce(finished_at, $3::timestamptz) END,"
        " original_bytes = $5, frame_bytes = coalesce($6, frame_bytes), crop_bytes = coalesce($7, crop_bytes),"
        " reserved_bytes = coalesce($8, reserved_bytes) WHERE run_id = $1",
        [
            (
                *(v.run.run_id, orjson.dumps(v.facts.to_json()).decode()),
                *(v.facts.updated_at or v.run.created_at, v.final, *_stored_bytes(v.facts)),
            )
            for v in videos
        ],
    )


def _stored_bytes(facts: RunFacts) -> list[int | None]:
    """Of the original, frames, crops, and reserved; None where the extractor has not said."""
    storage = facts.storage or {}
    original = 0 if facts.video is None else facts.video["size_bytes"]
    return [original, *(storage.get(name) for name in ("frames_bytes", "crops_bytes", "reserved_bytes"))]


async def unfinished(conn: Connection, now: datetime, stuck_after: timedelta) -> Unfinished:
    """The jobs that are uploaded and have not ended. Before, a job waits for its uploader, for as long as its token."""
    (row,) = await conn.fetch(
        "SELECT count(*) AS open,"
        " count(*) FILTER (WHERE updated_at < $1::timestamptz - $2::interval) AS stuck,"
        " coalesce(extract(epoch FROM $1::timestamptz - min("
        " coalesce(to_timestamp((facts->>'uploaded_ms')::float8 / 1000), created_at))), 0)::float8 AS oldest_s"
        " FROM videos WHERE finished_at IS NULL AND deleting_at IS NULL"
        " AND (facts->>'video' IS NOT NULL OR facts->>'extract' IS NOT NULL)",
        now, stuck_after,
    )  # fmt: skip
    return Unfinished(*row)


async def mark_deleting(conn: Connection, video_id: str, now: datetime) -> None:
    """Hide the video: no caller sees it from now on."""
    await conn.execute("UPDATE videos SET deleting_at = $2, finished_at = $2 WHERE video_id = $1", video_id, now)


def of_row(row: VideoRow) -> Video:
    """The video of a row."""
    facts = RunFacts.from_json(orjson.loads(row["facts"]))
    return Video(run=Run.parse(row["run"]), facts=facts, deleting=row["deleting_at"] is not None)
