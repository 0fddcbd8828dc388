"""Straight segments: everything is decoded and the rule looks at what comes out.

For files whose packet times cannot be known or trusted, and for damaged ones: errors become gaps and reading goes on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av

from extractor.files.failures import GAP_DAMAGED, GAP_UNREADABLE
from extractor.files.rules import Rule, Sampling, media_ms, rule_for
from extractor.media.source import Source

RESTART_S = 5
HOLE_S, HOLE_FRAMES = 1, 10
"""A longer step than both is damage in a file that is known to be damaged; elsewhere a recorder may have paused."""
MAX_ERRORS = 100_000
"""Refused packets after which a file is not worth reading any further."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that could not be read, in ticks; `to` is None where it reaches the end."""

    begins: int
    ends: int | None
    code: str


class Unwound:
    """A clock that only goes forward.

    Where a recorder began to count anew (a step back of more than RESTART_S) time continues one frame later. A smaller
    step back is damage: None, the frame has no place in the order.
    """

    def __init__(self, frame_ticks: int, restart_ticks: int) -> None:
        self._shift, self._frame, self._restart = 0, max(1, frame_ticks), restart_ticks
        self._last: int | None = None

    def __call__(self, pts: int) -> int | None:
        if self._last is not None and pts + self._shift < self._last:
            if self._last - pts - self._shift < self._restart:
                return None
            self._shift = self._last + self._frame - pts
        self._last = pts + self._shift
        return self._last


@dataclass(slots=True)
class Damage:
    """Collects gaps: one opens with the first loss and closes with the next good frame."""

    gaps: list[Gap] = field(default_factory=list)
    last_good: int | None = None
    _open: tuple[int, str] | None = None

    def lost(self, at: int, code: str) -> None:
        if self._open is None:
            self._open = (at if self.last_good is None else self.last_good, code)

    def good(self, at: int) -> None:
        if self._open is not None:
            begins, code = self._open
            if self.gaps and self.gaps[-1].ends == begins and self.gaps[-1].code == code:
                begins = self.gaps.pop().begins
            self.gaps.append(Gap(begins, at, code))
            self._open = None
        self.last_good = at

    def finished(self) -> None:
        if self._open is not None:
            self.gaps.append(Gap(self._open[0], None, self._open[1]))
            self._open = None


class StraightSampler:
    """Yields (ticks, frame) for the frames that the rule takes, in order of presentation."""

    def __init__(self, source: Source, sampling: Sampling, start: int | None, alive: Callable[[int], None]) -> None:
        self._source, self._sampling, self._alive = source, sampling, alive
        self.start = start
        self.damage = Damage()
        self.end: int | None = None
        self._rule: Rule | None = None
        self._errors = 0
        self._clock = Unwound(frame_ticks(source), round(RESTART_S / source.time_base))
        hole = max(round(HOLE_S / source.time_base), HOLE_FRAMES * frame_ticks(source))
        self._hole = None if start is None else hole  # a start is known only where a plan was made and did not hold

    def frames(self, seek: int | None, after: int | None) -> Iterator[tuple[int, Any]]:
        """From the keyframe at `seek`, the frames after the one at `after`, which an earlier segment delivered."""
        if seek is not None and self._source.seekable:
            self._source.container.seek(seek, stream=self._source.stream, backward=True)
        for frame in self._decoded():
            ticks = self._time_of(frame)
            if ticks is None or (self.start is not None and ticks < self.start):
                continue
            if self._rule is None:
                self._begin(ticks, after)
            if frame.is_corrupt or self._skipped(ticks):
                self.damage.lost(ticks, GAP_DAMAGED)
            if not frame.is_corrupt:
                self.damage.good(ticks)
            if (after is None or ticks > after) and self._rule is not None and self._rule.takes(ticks, frame.key_frame):
                yield ticks, frame
        self.damage.finished()

    def _skipped(self, ticks: int) -> bool:
        """Whether so much is missing before this frame that the container must have lost packets without a word."""
        last = self.damage.last_good
        return self._hole is not None and last is not None and ticks - last > self._hole

    def _begin(self, ticks: int, after: int | None) -> None:
        self.start = ticks if self.start is None else self.start
        self._rule = rule_for(self._sampling, self.start, self._source.time_base)
        if after is not None:
            self._rule.takes(after, True)

    def _time_of(self, frame: Any) -> int | None:
        """Presentation time; where the container has none, what the decoder makes of the decode time."""
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is None:
            pts = 0 if self.end is None else self.end + frame_ticks(self._source)
        ticks = self._clock(pts)
        if ticks is None:
            self.damage.lost(self.end or 0, GAP_DAMAGED)
        else:
            self.end = ticks
        return ticks

    def _decoded(self) -> Iterator[Any]:
        packets = self._source.container.demux(self._source.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.damage.lost(self.end or 0, GAP_UNREADABLE)
                yield from self._decode(None)
                return
            yield from self._decode(packet)

    def _decode(self, packet: Any) -> list[Any]:
        codec = self._source.stream.codec_context
        try:
            if packet is None or not packet.size:
                return list(codec.decode(None))
            self._alive(packet.pts if packet.pts is not None else packet.dts or 0)
            if packet.is_corrupt:
                self.damage.lost(self.end or self.start or 0, GAP_DAMAGED)
            return list(codec.decode(packet))
        except MemoryError:
            raise
        except av.FFmpegError:
            self._errors += 1
            self.damage.lost(self.end or self.start or 0, GAP_DAMAGED)
            if self._errors > MAX_ERRORS:
                raise
            return []


def frame_ticks(source: Source) -> int:
    """Nominal duration of a frame in ticks; a 25th of a second if the stream does not say."""
    rate = source.stream.average_rate or source.stream.guessed_rate or Fraction(25)
    return max(1, round(1 / (Fraction(rate) * source.time_base)))


def gap_ms(gap: Gap, start: int, time_base: Fraction) -> dict[str, Any]:
    """A gap as `video.progress` tells it."""
    ends = None if gap.ends is None else media_ms(gap.ends, start, time_base)
    return {"from_ms": media_ms(gap.begins, start, time_base), "to_ms": ends, "code": gap.code}
