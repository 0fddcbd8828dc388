"""A claimed segment, and what may be written under its fence while it is worked on.

Apart from `segments`, so that extraction itself needs neither Kafka's client nor Postgres's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis.leases import Lost
from extractor.files.telling import Frame
from tablewatch_schemas import VideoUploaded

if TYPE_CHECKING:
    from extractor.files.jobs import Connection

_TOUCH_JOB = """
UPDATE jobs SET dirty = true, updated_at = clock_timestamp() WHERE run_id = $1 AND state = 'processing' RETURNING true
"""
_HOLD = "SELECT true FROM segments WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open' FOR UPDATE"
_RECORD = """
WITH job AS (
    UPDATE jobs SET dirty = true, first_thumb = first_thumb OR $4, updated_at = clock_timestamp()
    WHERE run_id = $1 AND state = 'processing' RETURNING published
), ours AS (
    UPDATE segments SET frames = frames + cardinality($6::int[]), done_ms = greatest(done_ms, $5)
    WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open' AND EXISTS (SELECT 1 FROM job) RETURNING true
), kept AS (
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
"""One statement and not five in a transaction: it is what a frame costs. `ours` looks at `job` so that the job's row is
locked first, as everywhere. A lost segment leaves its job touched: one more progress is told, and that the first
thumbnail is stored, which it is."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A segment that is ours until its lease ends, with what is needed of its job."""

    run_id: str
    number: int
    kind: str
    fence: int
    tries: int
    first_index: int
    wanted: tuple[int, ...]
    seek: int | None
    after: int | None
    from_ms: int
    to_ms: int | None
    start: int | None
    duration_ms: int | None
    upload: VideoUploaded


@dataclass(frozen=True, slots=True)
class Planned:
    """What a survey found: see `media.serve`."""

    segments: Sequence[dict[str, Any]]
    start: int | None
    duration_ms: int | None
    expected: int | None
    gaps: Sequence[dict[str, Any]]


async def hold(conn: "Connection", held: Claim) -> None:
    """Lock job and segment for this transaction. Raises Lost unless both are still ours."""
    touched = await conn.fetchval(_TOUCH_JOB, held.run_id)
    if not touched or not await conn.fetchval(_HOLD, held.run_id, held.number, held.fence):
        raise Lost(f"{held.run_id}/{held.number}")


async def record(conn: "Connection", held: Claim, frames: Sequence[Frame]) -> None:
    """Keep what is known of stored frames, except those that are published already; one statement.

    Raises Lost unless job and segment are still ours.
    """
    columns = [
        [getattr(frame, name) for frame in frames]
        for name in ("index", "media_ms", "width", "height", "size_bytes", "keyframe", "sharpness", "brightness")
    ]
    first = any(frame.index == 0 for frame in frames)
    reached = max(0, max((frame.media_ms for frame in frames), default=held.from_ms) - held.from_ms)
    if not await conn.fetchval(_RECORD, held.run_id, held.number, held.fence, first, reached, *columns):
        raise Lost(f"{held.run_id}/{held.number}")
