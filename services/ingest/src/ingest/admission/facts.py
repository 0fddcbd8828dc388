"""Facts of a file as the sandbox prints them, and the decision whether it is accepted. Pure."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import TypeAdapter

from ingest.admission.sniff import Family
from ingest.refusals import (
    EmptyFile,
    IndexTooLarge,
    NotAVideo,
    NoVideoStream,
    Refusal,
    TooLong,
    TooManyPixels,
    TooManyStreams,
    Truncated,
    Unreadable,
    UnsupportedCodec,
    UnsupportedContainer,
)

Transfer = Literal["sdr", "hlg", "pq"]
"""How the file codes light: for SDR screens, or HDR as hybrid log-gamma or by the perceptual quantiser (BT.2100)."""

CODECS = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "vp8", "vp9", "av1", "mjpeg", "h263"})


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Limits of one file: width times height, duration of media in ms, number of streams."""

    max_pixels: int
    max_duration_ms: int
    max_streams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the probe found. `opened` False: the demuxer failed, or was not started because the index is too large.

    `index_entries` of an index that is too large (None: not counted to its end); the rest is of the track that is
    taken: the one at `track` among the file's `tracks` video tracks, from 0.
    """

    opened: bool
    index_too_large: bool = False
    index_entries: int | None = None
    streams: int = 0
    tracks: int = 0
    has_video: bool = False
    track: int | None = None
    codec: str | None = None
    width: int = 0
    height: int = 0
    rotation_degrees: int = 0
    mirrored: bool = False
    transfer: Transfer | None = None
    duration_ms: int | None = None
    fps: float | None = None
    packets: int = 0
    decoded: bool = False
    created_at: str | None = None


_FACTS = TypeAdapter(Facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """An admitted file, as in `video.uploaded`. `track`: which of its `tracks` video tracks is taken, from 0."""

    container: str
    codec: str
    width: int
    height: int
    rotation_degrees: int
    mirrored: bool = False
    transfer: Transfer | None = None
    duration_ms: int | None
    fps: float | None
    created_at: datetime | None
    track: int | None = None
    tracks: int | None = None


_BY_FAMILY: dict[Family, type[Refusal]] = {"unknown": NotAVideo, "other_video": UnsupportedContainer}


def check_family(size: int, family: Family, what: str = "") -> None:
    """Refuse what can be decided without the probe; `what` the file is, if that is known, goes into the detail.

    Raises EmptyFile, NotAVideo, UnsupportedContainer.
    """
    if size == 0:
        raise EmptyFile
    if family in _BY_FAMILY:
        raise _BY_FAMILY[family](f"It is {what}." if what else "")


def decide(facts: Facts, container: str, limits: FileLimits) -> Video:
    """The admitted video. Raises a FileRefusal, with the figures in its detail."""
    if facts.index_too_large:
        raise IndexTooLarge(f"It has {facts.index_entries} entries." if facts.index_entries else "")
    if not facts.opened:
        raise Truncated
    if facts.streams > limits.max_streams:
        raise TooManyStreams(f"It holds {facts.streams} streams, {limits.max_streams} are taken.")
    if not facts.has_video:
        raise NoVideoStream
    if facts.codec not in CODECS:
        raise UnsupportedCodec(f"Its format is {facts.codec or 'not known'}.")
    if facts.width * facts.height > limits.max_pixels:
        raise TooManyPixels(f"It is {facts.width} x {facts.height}.")
    if facts.duration_ms is not None and facts.duration_ms > limits.max_duration_ms:
        raise TooLong(f"It is {facts.duration_ms // 1000} s, {limits.max_duration_ms // 1000} s are taken.")
    if not facts.decoded or facts.width < 1 or facts.height < 1:
        raise Unreadable if facts.packets else Truncated
    return _video(facts, facts.codec, container)


def read_facts(output: bytes) -> Facts:
    """Facts from the sandbox's JSON, which is untrusted. Raises ValueError on anything else."""
    return _FACTS.validate_json(output)


def _video(facts: Facts, codec: str, container: str) -> Video:
    fps = facts.fps if facts.fps is not None and math.isfinite(facts.fps) and facts.fps > 0 else None
    return Video(
        container=container,
        codec=codec,
        width=facts.width,
        height=facts.height,
        rotation_degrees=facts.rotation_degrees,
        mirrored=facts.mirrored,
        transfer=facts.transfer,
        duration_ms=facts.duration_ms,
        fps=fps,
        created_at=_plausible_time(facts.created_at),
        track=facts.track,
        tracks=facts.tracks or None,
    )


def _plausible_time(text: str | None) -> datetime | None:
    """A container's creation time, unless its clock was never set (1904, 1970, or an odd text)."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC) if found.year >= 2000 else None
