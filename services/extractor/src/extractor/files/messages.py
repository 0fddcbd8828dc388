"""What a decoder may say. Every message is checked before anything is made of it; all refusals are ProtocolError.

A decoder that a file took over can send anything. What passes here fits the columns of our tables and the fields of our
events, belongs to the segment that was asked for, and is bounded in number.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from extractor.files.rows.claims import SurveyResult
from extractor.model.failures import GAP_CODES
from extractor.model.frames import StoredFrame
from extractor.model.pictures import MAX_PIXELS
from extractor.model.plan import PLANNED, Kind
from extractor.model.storage import Sample
from extractor.protocol import MAX_GAPS, MAX_PAYLOAD, MAX_TIMES, Message, ProtocolError

MAX_PLANNED_FRAMES = 6_000_000
"""Of a run: a day at 60 frames a second has 5.2 million. They are held in 8 bytes each."""
MAX_SEGMENTS = 8192
"""Of a plan: such a day is cut into 6912 where every frame is wanted (plan.MAX_PACKETS / 4), into fewer elsewhere."""
MAX_MEDIA_MS = 100 * 365 * 86_400_000
"""A hundred years, so that the moment of a frame is one that a timestamp can hold."""
MAX_THUMBNAIL = 4 << 20
"""Bytes. One of 320 x 180 has some 20 KB; that of a very tall picture is taller."""
ALIVE_A_SECOND, ALIVE_AT_ONCE = 2.0, 20
"""The rate is the decoder's own (requests.HEARTBEAT_S); the rest is slack."""

Ticks = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Milliseconds = Annotated[int, Meta(ge=0, le=MAX_MEDIA_MS)]
Index = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Side = Annotated[int, Meta(ge=1, le=MAX_PIXELS)]
Times = Annotated[list[Ticks], Meta(max_length=MAX_TIMES)]


class _Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Of a message, or of a part of one: exactly these."""


class Gap(_Fields, frozen=True):
    from_ms: Milliseconds
    to_ms: Milliseconds | None
    code: Annotated[str, Meta(max_length=32)]
    bytes: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


Gaps = Annotated[list[Gap], Meta(max_length=MAX_GAPS)]


class PlannedSegment(_Fields, frozen=True):
    """`wanted` are its first MAX_TIMES; the rest follows."""

    kind: Kind
    first_index: Index
    wanted: Times
    seek: Ticks | None
    after: Ticks | None
    from_ticks: Ticks
    to_ticks: Ticks | None
    from_ms: Milliseconds
    to_ms: Milliseconds | None


class MoreTimes(_Fields, frozen=True):
    times: Annotated[list[Ticks], Meta(min_length=1, max_length=MAX_TIMES)]


class SampleFrame(_Fields, frozen=True):
    size: Annotated[int, Meta(ge=1, le=MAX_PAYLOAD)]
    pixels: Side


class Surveyed(_Fields, frozen=True):
    start: Ticks | None
    duration_ms: Milliseconds | None
    expected: Index | None
    gaps: Gaps
    sample: SampleFrame | None


class Frame(_Fields, frozen=True):
    index: Index
    media_ms: Milliseconds
    size_bytes: Annotated[int, Meta(ge=1, le=MAX_PAYLOAD)]
    width: Side
    height: Side
    keyframe: bool
    sharpness: Annotated[float, Meta(ge=0, le=1e9)]
    brightness: Annotated[float, Meta(ge=0, le=1)]
    score: Annotated[float, Meta(ge=0, le=1e3)]


class Extraction(_Fields, frozen=True):
    gaps: Gaps
    ends_ms: Milliseconds | None


T = TypeVar("T", bound=_Fields)
ALIVE: Final = "alive"


def fields_of(message: Message, kind: type[T]) -> T:
    """The fields of a message. Raises ProtocolError for any others, and for a payload where none belongs."""
    if message.payload and kind is not Frame:
        raise ProtocolError(f"a payload in `{message.type[:32]}`")
    try:
        return msgspec.convert(message.fields, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"`{message.type[:32]}`: {error}") from error


def frame_fields(message: Message) -> tuple[Frame, bytes, bytes]:
    """Fields, picture and thumbnail of a `frame`. Raises ProtocolError."""
    fields = fields_of(message, Frame)
    picture, thumbnail = message.payload[: fields.size_bytes], message.payload[fields.size_bytes :]
    if len(picture) < fields.size_bytes or len(thumbnail) > MAX_THUMBNAIL:
        raise ProtocolError(f"a frame of {fields.size_bytes} bytes in {len(message.payload)}")
    return fields, picture, thumbnail


def gaps_of(gaps: Sequence[Gap]) -> list[dict[str, Any]]:
    """As in `video.progress`. Raises ProtocolError."""
    for gap in gaps:
        if gap.code not in GAP_CODES or (gap.to_ms is not None and gap.to_ms < gap.from_ms):
            raise ProtocolError(f"no gap: {gap}")
    return [{name: value for name, value in msgspec.structs.asdict(gap).items() if name != "bytes" or value is not None}
            for gap in gaps]  # fmt: skip


@dataclass(slots=True)
class Pulse:
    """Counts the `alive` messages of a request, which may come no faster than they are sent; `began` in seconds."""

    began: float
    _count: int = 0

    def take(self, message: Message, now: float) -> None:
        fields_of(message, _Fields)
        self._count += 1
        if self._count > ALIVE_AT_ONCE + ALIVE_A_SECOND * (now - self.began):
            raise ProtocolError("too many signs of life")


@dataclass(slots=True)
class PlanReader:
    """Puts a plan together: segments in order of presentation, whose indices follow one another."""

    _segments: list[dict[str, Any]] = field(default_factory=list)
    _frames: int = 0
    _last: int | None = None
    _open: bool = False
    """Whether the last list of times was full, so that more of the same segment may follow."""

    def segment(self, message: Message) -> None:
        found = fields_of(message, PlannedSegment)
        before = self._segments[-1] if self._segments else None
        if len(self._segments) >= MAX_SEGMENTS or found.first_index != self._frames:
            raise ProtocolError(f"segment {len(self._segments)} at frame {found.first_index}")
        if found.kind == PLANNED:
            fits = bool(found.wanted) and (before is None or found.from_ms >= (before["to_ms"] or 0))
        else:
            fits = before is None and not found.wanted
        if not fits or (before and before["kind"] != PLANNED):
            raise ProtocolError(f"a segment of kind {found.kind} that does not fit the plan")
        if found.to_ms is not None and found.to_ms < found.from_ms:
            raise ProtocolError("a segment that ends before it begins")
        names = ("kind", "first_index", "seek", "after", "from_ms", "to_ms")
        self._segments.append({name: getattr(found, name) for name in names} | {"wanted": array("q")})
        self._add(found.wanted)

    def more(self, message: Message) -> None:
        if not self._open:
            raise ProtocolError("times of no segment")
        self._add(fields_of(message, MoreTimes).times)

    def _add(self, times: Sequence[int]) -> None:
        rising = all(later > earlier for earlier, later in pairwise(times))
        if not rising or (times and self._last is not None and times[0] <= self._last):
            raise ProtocolError("times that do not rise")
        self._frames += len(times)
        if self._frames > MAX_PLANNED_FRAMES:
            raise ProtocolError(f"a plan of more than {MAX_PLANNED_FRAMES} frames")
        self._segments[-1]["wanted"].extend(times)
        self._last, self._open = (times[-1] if times else self._last), len(times) == MAX_TIMES

    def done(self, message: Message) -> SurveyResult:
        found = fields_of(message, Surveyed)
        if not self._segments or found.expected not in (None, self._frames):
            raise ProtocolError(f"a plan of {self._frames} frames that expects {found.expected}")
        sample = None if found.sample is None else Sample(found.sample.size, found.sample.pixels)
        gaps = gaps_of(found.gaps)
        return SurveyResult(self._segments, found.start, found.duration_ms, found.expected, gaps, sample)


@dataclass(slots=True)
class FrameOrder:
    """Which frame may come next of a segment: each index once, rising, and at a time within it.

    `planned` is the number of frames of a PLANNED segment, None of a SEQUENTIAL one, whose indices have no gaps.
    """

    first_index: int
    planned: int | None
    from_ms: int
    to_ms: int | None
    _next: int = field(init=False)
    _count: int = 0
    _last_ms: int = 0

    def __post_init__(self) -> None:
        self._next = self.first_index

    def take(self, frame: StoredFrame) -> None:
        """Raises ProtocolError."""
        if self.planned is None:
            fits = frame.index == self._next
        else:
            fits = self._next <= frame.index < self.first_index + self.planned
            fits = fits and self.from_ms <= frame.media_ms and (self.to_ms is None or frame.media_ms <= self.to_ms)
        if not fits or frame.media_ms < self._last_ms:
            raise ProtocolError(f"frame {frame.index} at {frame.media_ms} ms does not follow")
        self._next, self._last_ms, self._count = frame.index + 1, frame.media_ms, self._count + 1

    def end(self) -> None:
        """At `done`. Raises ProtocolError if a planned frame is missing."""
        if self.planned is not None and self._count != self.planned:
            raise ProtocolError(f"{self._count} of {self.planned} planned frames")
