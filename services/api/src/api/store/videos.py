"""Videos with the facts of their run, and frames."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg
import orjson

from api.problems import Problem
from api.project import job
from api.project.fold import Facts
from api.project.job import Run
from api.store import Connection, Json, Sites
from tablewatch_schemas.times import write_time

_SEEN = "SELECT * FROM videos WHERE deleting_at IS NULL AND ($1::text[] IS NULL OR site_id = ANY($1))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """A row: what was asked for, and what is known of it."""

    run: Run
    facts: Facts
    deleting: bool = False

    def document(self) -> Json:
        """The job document."""
        return job.document(self.run, self.facts)

    def told(self, facts: Facts) -> "Video":
        """The same video with newer facts."""
        return replace(self, facts=facts)


async def add(conn: Connection, run: Run, *, layout_key: str | None, manifest_key: str, created_by: str) -> Video:
    """Keep a new video that waits for its upload."""
    video = Video(run=run, facts=Facts())
    await conn.execute(
        "INSERT INTO videos (video_id, run_id, site_id, camera_id, layout_key, manifest_key, filename, sampling, make,"
        " started_at, tables_expected, created_at, updated_at, created_by, facts, picture)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15)",
        run.video_id, run.run_id, run.site_id, run.camera_id, layout_key, manifest_key, run.filename,
        orjson.dumps(run.sampling).decode(), list(run.make), run.started_at, list(run.tables_expected), run.created_at,
        created_by, orjson.dumps(video.facts.to_json()).decode(), orjson.dumps(run.picture).decode(),
    )  # fmt: skip
    return video


async def get(conn: Connection, sites: Sites, video_id: str, *, lock: bool = False) -> Video:
    """One video that is not being deleted. Raises Problem video_not_found."""
    row = await conn.fetchrow(f"{_SEEN} AND video_id = $2{' FOR UPDATE' if lock else ''}", sites, video_id)
    if row is None:
        raise Problem("video_not_found", f"There is no video {video_id}.")
    return _video(row)


async def page(
    conn: Connection, sites: Sites, *, site_id: str | None, camera_id: str | None, before: str, limit: int
) -> list[Video]:
    """Videos, newest first (their ids sort by time)."""
    rows = await conn.fetch(
        f"{_SEEN} AND ($2::text IS NULL OR site_id = $2) AND ($3::text IS NULL OR camera_id = $3)"
        " AND ($4 = '' OR video_id < $4) ORDER BY video_id DESC LIMIT $5",
        sites, site_id, camera_id, before, limit,
    )  # fmt: skip
    return [_video(row) for row in rows]


async def shown(conn: Connection, site_id: str, run_id: str | None, recent: int) -> list[Video]:
    """Videos of a site that a snapshot shows, oldest first: under way or among the `recent` newest; or one run's."""
    rows = await conn.fetch(
        "SELECT * FROM videos WHERE site_id = $1 AND deleting_at IS NULL AND CASE WHEN $2::text IS NOT NULL"
        " THEN run_id = $2 ELSE finished_at IS NULL OR video_id IN (SELECT video_id FROM videos WHERE site_id = $1"
        " AND deleting_at IS NULL ORDER BY video_id DESC LIMIT $3) END ORDER BY video_id",
        site_id, run_id, recent,
    )  # fmt: skip
    return [_video(row) for row in rows]


async def lock_runs(conn: Connection, run_ids: Sequence[str], video_ids: Sequence[str]) -> dict[str, Video]:
    """Videos by run, their rows locked in one order so that two projectors cannot wait for each other."""
    rows = await conn.fetch(
        "SELECT * FROM videos WHERE run_id = ANY($1) OR video_id = ANY($2) ORDER BY run_id FOR UPDATE",
        list(run_ids), list(video_ids),
    )  # fmt: skip
    return {row["run_id"]: _video(row) for row in rows}


async def save(conn: Connection, videos: Iterable[Video]) -> None:
    """Write changed facts; the rows are locked."""
    await conn.executemany(
        "UPDATE videos SET facts = $2, updated_at = $3::timestamptz,"
        " finished_at = CASE WHEN $4::boolean THEN coalesce(finished_at, $3::timestamptz) END WHERE run_id = $1",
        [
            (v.run.run_id, orjson.dumps(v.facts.to_json()).decode(), v.facts.updated_at or v.run.created_at, final(v))
            for v in videos
        ],
    )


def final(video: Video) -> bool:
    """Whether the run has ended, well or badly."""
    return job.status(video.run, video.facts) in job.FINAL


async def mark_deleting(conn: Connection, video_id: str, now: datetime) -> None:
    """From now on nobody sees the video."""
    await conn.execute("UPDATE videos SET deleting_at = $2, finished_at = $2 WHERE video_id = $1", video_id, now)


async def frames(conn: Connection, run_id: str, after: int, limit: int) -> list[asyncpg.Record]:
    """Frames of a run in media order, from the index after `after`; the wall is at its video."""
    return list(
        await conn.fetch(
            "SELECT * FROM frames WHERE run_id = $1 AND index > $2 ORDER BY index LIMIT $3", run_id, after, limit
        )
    )


async def frame(conn: Connection, sites: Sites, frame_id: str) -> asyncpg.Record:
    """A frame of a run that is not being deleted. Raises Problem frame_not_found."""
    run_id, _, index = frame_id.rpartition("-")
    row = None
    if index.isdecimal() and len(index) <= 9:
        row = await conn.fetchrow(
            "SELECT frames.*, video_id FROM frames JOIN videos USING (run_id) WHERE run_id = $2 AND index = $3"
            " AND deleting_at IS NULL AND ($1::text[] IS NULL OR frames.site_id = ANY($1))",
            sites, run_id, int(index),
        )  # fmt: skip
    if row is None or row["frame_id"] != frame_id:
        raise Problem("frame_not_found", f"There is no frame {frame_id} of a video; live ones have links only.")
    return row


def frame_document(row: asyncpg.Record, url: str) -> Json:
    """One frame as the API gives it."""
    names = ("frame_id", "index", "media_ms", "width", "height", "size_bytes", "keyframe", "sharpness", "brightness")
    return {name: row[name] for name in names} | {"captured_at": write_time(row["captured_at"]), "url": url}


def _video(row: asyncpg.Record) -> Video:
    run = Run(
        video_id=row["video_id"],
        run_id=row["run_id"],
        site_id=row["site_id"],
        camera_id=row["camera_id"],
        filename=row["filename"],
        sampling=orjson.loads(row["sampling"]),
        make=tuple(row["make"]),
        started_at=row["started_at"],
        tables_expected=tuple(row["tables_expected"]),
        created_at=row["created_at"],
        picture=orjson.loads(row["picture"]),
        layout_version=_version(row["layout_key"]),
    )
    facts = Facts.from_json(orjson.loads(row["facts"]))
    return Video(run=run, facts=facts, deleting=row["deleting_at"] is not None)


def _version(layout_key: str | None) -> int | None:
    """The version that the key of a layout ends with."""
    return None if layout_key is None else int(layout_key.rpartition("/")[2].removesuffix(".json"))
