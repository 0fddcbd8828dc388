"""A claimed segment, and what may be written under its fence while it is worked on.

Apart from `segments`, so that extraction itself imports neither Kafka's client nor Postgres's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extractor.model.frames import StoredFrame
from extractor.model.storage import Sample
from tablewatch_schemas import VideoUploaded

if TYPE_CHECKING:
    from extractor.files.rows.jobs import Connection

_TOUCH_JOB = """
UPDATE jobs SET dirty = true, updated_at = clock_timestamp() WHERE run_id = $1 AND state = 'processing' RETURNING true
"""
_LOCK = "SELECT true FROM segments WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open' FOR UPDATE"
_RECORD_FRAMES = """
WITH job AS (
    UPDATE jobs SET dirty = true, first_thumb = first_thumb OR $4, updated_at = clock_timestamp()
    WHERE run_id = $1 AND state = 'processing' RETURNING published
), more AS (
    SELECT coalesce(sum(f.size - coalesce(r.size_bytes, 0)), 0) AS bytes
    FROM unnest($6::int[], $10::int[]) AS f(index, size)
    JOIN jobs j ON j.run_id = $1 AND f.index >= j.published
    LEFT JOIN frames r ON r.run_id = $1 AND r.index = f.index
), ours AS (
    UPDATE segments SET frames = frames + cardinality($6::int[]), done_ms = greatest(done_ms, $5),
        stored_bytes = stored_bytes + (SELECT bytes FROM more)
    WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open' AND EXISTS (SELECT 1 FROM job) RETURNING true
), recorded AS (
    INSERT INTO frames (run_id, segment, index, media_ms, width, height, size_bytes, keyframe, sharpness, brightness)
    SELECT $1, $2, f.* FROM unnest($6::int[], $7::bigint[], $8::int[], $9::int[], $10::int[], $11::bool[],
                                   $12::float8[], $13::float8[]) AS f(index), job, ours
    WHERE f.index >= job.published
    ON CONFLICT (run_id, index) DO UPDATE SET segment = excluded.segment, media_ms = excluded.media_ms,
        width = excluded.width, height = excluded.height, size_bytes = excluded.size_bytes,
        keyframe = excluded.keyframe, sharpness = excluded.sharpness, brightness = excluded.brightness
)
SELECT true FROM ours
"""
"""One statement and not five in a transaction: it is what a frame costs. `ours` reads `job` so that the job's row is
locked first, as everywhere. Where the segment is lost its job is touched all the same: one more progress is published,
with the first thumbnail, which is stored by then.

`more` are bytes that were not counted before: an attempt that is repeated writes the same objects again. It sees frames
and `published` as of one moment, so that a publisher who deletes the rows meanwhile does not change the sum."""


class Lost(Exception):
    """The lease ran out and the segment may be another worker's: write nothing more for it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A segment that is ours until its lease ends, with what is needed of its job.

    `start` is the job's first displayable frame, ticks; `attempts` counts this one too; the rest as in the tables.
    """

    run_id: str
    number: int
    kind: str
    fence: int
    attempts: int
    first_index: int
    wanted: tuple[int, ...]
    seek: int | None
    after: int | None
    from_ms: int
    to_ms: int | None
    start: int | None
    duration_ms: int | None
    upload: VideoUploaded
    reserved_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """What the decoder found out about a file: see `media.requests`; `sample` is None if no frame could be encoded."""

    segments: Sequence[dict[str, Any]]
    start: int | None
    duration_ms: int | None
    expected: int | None
    gaps: Sequence[dict[str, Any]]
    sample: Sample | None = None


async def lock(conn: "Connection", claim: Claim) -> None:
    """Lock job and segment for this transaction. Raises Lost unless both are still ours."""
    touched = await conn.fetchval(_TOUCH_JOB, claim.run_id)
    if not touched or not await conn.fetchval(_LOCK, claim.run_id, claim.number, claim.fence):
        raise Lost(f"{claim.run_id}/{claim.number}")


async def record_frames(conn: "Connection", claim: Claim, frames: Sequence[StoredFrame]) -> None:
    """Insert the rows of stored frames, except of those that are published already; one statement.

    Raises Lost unless job and segment are still ours.
    """
    columns = [
        [getattr(frame, name) for frame in frames]
        for name in ("index", "media_ms", "width", "height", "size_bytes", "keyframe", "sharpness", "brightness")
    ]
    first = any(frame.index == 0 for frame in frames)
    done_ms = max(0, max((frame.media_ms for frame in frames), default=claim.from_ms) - claim.from_ms)
    if not await conn.fetchval(_RECORD_FRAMES, claim.run_id, claim.number, claim.fence, first, done_ms, *columns):
        raise Lost(f"{claim.run_id}/{claim.number}")
