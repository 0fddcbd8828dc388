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
UPDATE jobs SET dirty = true, first_thumb = first_thumb OR $2, updated_at = clock_timestamp()
WHERE run_id = $1 AND state = 'processing' RETURNING published
"""
_HOLD = "SELECT true FROM segments WHERE run_id = $1 AND number = $2 AND fence = $3 AND state = 'open' FOR UPDATE"
_GROW = "UPDATE segments SET frames = frames + $3, done_ms = greatest(done_ms, $4) WHERE run_id = $1 AND number = $2"
_STORE = """
INSERT INTO frames (run_id, segment, index, media_ms, width, height, size_bytes, keyframe, sharpness, brightness)
SELECT $1, $2, * FROM unnest($3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::bool[], $9::float8[],
                             $10::float8[]) AS f(index) WHERE f.index >= $11
ON CONFLICT (run_id, index) DO UPDATE SET segment = excluded.segment, media_ms = excluded.media_ms,
    width = excluded.width, height = excluded.height, size_bytes = excluded.size_bytes, keyframe = excluded.keyframe,
    sharpness = excluded.sharpness, brightness = excluded.brightness
"""


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


async def hold(conn: "Connection", held: Claim, first_thumb: bool = False) -> int:
    """Lock job and segment for this transaction; frames published so far. Raises Lost unless both are still ours."""
    published: int | None = await conn.fetchval(_TOUCH_JOB, held.run_id, first_thumb)
    if published is None or not await conn.fetchval(_HOLD, held.run_id, held.number, held.fence):
        raise Lost(f"{held.run_id}/{held.number}")
    return published


async def record(conn: "Connection", held: Claim, frames: Sequence[Frame]) -> None:
    """Keep what is known of stored frames, except those that are published already."""
    published = await hold(conn, held, first_thumb=any(frame.index == 0 for frame in frames))
    columns = [
        [getattr(frame, name) for frame in frames]
        for name in ("index", "media_ms", "width", "height", "size_bytes", "keyframe", "sharpness", "brightness")
    ]
    await conn.execute(_STORE, held.run_id, held.number, *columns, published)
    reached = max((frame.media_ms for frame in frames), default=held.from_ms)
    await conn.execute(_GROW, held.run_id, held.number, len(frames), max(0, reached - held.from_ms))
