"""What the examining child process tells of a file, as JSON on one line, and the decision on it. Pure."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from ingest.admission.sniff import Family
from ingest.refusals import Refused

CODECS = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "vp8", "vp9", "av1", "mjpeg", "h263"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file: width times height, duration of media in ms, number of streams."""

    max_pixels: int
    max_duration_ms: int
    max_streams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found. `opened` False: the demuxer gave up, or was not asked for the index is too large.

    `index_entries` tells of a large index (None: not counted to its end), the rest of the first stream that is a video.
    """

    opened: bool
    index_too_large: bool = False
    index_entries: int | None = None
    streams: int = 0
    has_video: bool = False
    codec: str | None = None
    width: int = 0
    height: int = 0
    rotation_degrees: int = 0
    duration_ms: int | None = None
    fps: float | None = None
    packets: int = 0
    decoded: bool = False
    created_at: str | None = None


_FACTS = TypeAdapter(Facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """What `video.uploaded` says of an admitted file."""

    container: str
    codec: str
    width: int
    height: int
    rotation_degrees: int
    duration_ms: int | None
    fps: float | None
    created_at: datetime | None


def refused_by_sniffing(size: int, family: Family) -> str | None:
    """Refusal code of what needs no look inside, else None."""
    if size == 0:
        return "empty_file"
    return {"unknown": "not_a_video", "other_video": "unsupported_container"}.get(family)


def decide(facts: Facts, container: str, limits: Limits) -> Video:
    """The video that it is. Raises Refused, with the figures in its detail."""
    if facts.index_too_large:
        raise Refused("index_too_large", f"It has {facts.index_entries} entries." if facts.index_entries else None)
    if not facts.opened:
        raise Refused("truncated")
    if facts.streams > limits.max_streams:
        raise Refused("too_many_streams", f"It holds {facts.streams} streams, {limits.max_streams} are taken.")
    if not facts.has_video:
        raise Refused("no_video_stream")
    if facts.codec not in CODECS:
        raise Refused("unsupported_codec", f"Its format is {facts.codec or 'not known'}.")
    if facts.width * facts.height > limits.max_pixels:
        raise Refused("too_many_pixels", f"It is {facts.width} x {facts.height}.")
    if facts.duration_ms is not None and facts.duration_ms > limits.max_duration_ms:
        raise Refused("too_long", f"It is {facts.duration_ms // 1000} s, {limits.max_duration_ms // 1000} s are taken.")
    if not facts.decoded or facts.width < 1 or facts.height < 1:
        raise Refused("unreadable" if facts.packets else "truncated")
    return _video(facts, facts.codec, container)


def read_facts(answer: bytes) -> Facts:
    """Facts from the child's JSON. Raises ValueError on anything else: the child read what a stranger sent."""
    return _FACTS.validate_json(answer)


def _video(facts: Facts, codec: str, container: str) -> Video:
    fps = facts.fps if facts.fps is not None and math.isfinite(facts.fps) and facts.fps > 0 else None
    return Video(
        container=container,
        codec=codec,
        width=facts.width,
        height=facts.height,
        rotation_degrees=facts.rotation_degrees,
        duration_ms=facts.duration_ms,
        fps=fps,
        created_at=_credible(facts.created_at),
    )


def _credible(text: str | None) -> datetime | None:
    """A container's creation time, unless its clock was never set (1904, 1970, or an odd text)."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC) if found.year >= 2000 else None
