"""One rising time for packets whose clock begins again, and for frames that bring no time.

Recordings that were put together (TS pieces, HLS pieces, a file twice) and recorders whose clock is set back count
anew in the middle of a file. A new beginning goes on one frame after the last frame before it
(docs/decisions/0062-time-that-begins-again.md). All times are ticks of one time base.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

LOOKAHEAD = 8
"""Packets behind one that is out of line; their stamps tell which of the two is wrong."""
HORIZON_FRAMES, HORIZON_S = 25, 1
"""A step is a leap if it is longer than both. No codec reorders over more than 16 frames."""
OVERLAP_FRAMES = 2
"""So short a step back of a keyframe is no damage: that leaves no stamp so near to the right one."""
STEP_BACK_S = Fraction(1, 10)
"""Decode times that go back as far as ffmpeg's own correction asks for begin again, with or without a keyframe."""
RECENT = 17
"""Stamps that tell the length of a frame where the container does not."""
WRAP = 1 << 33
"""Ticks after which the clock of MPEG-TS and MPEG-PS begins at zero (ISO/IEC 13818-1)."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a container says of a packet; `time` is its presentation time, its decode time where it has no other."""

    time: int | None
    decode: int | None = None
    duration: int = 0
    keyframe: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet belongs. `shift` is to be added to its time; `begins`: with it a recording begins anew; `stray`:
    its stamp is damaged and tells nothing; `leaps`: what is behind it confirms that time went on a good while later."""

    shift: int
    begins: bool = False
    stray: bool = False
    leaps: bool = False


class Timeline:
    """Places packets, in the order of decoding, on one line of time.

    `frame` is the nominal length of a frame and `second` that of a second, in ticks; `wraps`: the clock begins at zero
    after WRAP ticks.
    """

    def __init__(self, frame: Fraction, second: Fraction, wraps: bool = False) -> None:
        self._nominal, self._wraps = frame, wraps
        self._horizon = round(max(HORIZON_S * second, HORIZON_FRAMES * frame))
        self._step_back = round(STEP_BACK_S * second)
        self._exact, self._shift = Fraction(0), 0
        self._recent: list[int] = []
        self._first = self._duration = 0
        self._decode: int | None = None
        self._joins = False
        self._lost_until: int | None = None

    def skip(self, until: int) -> None:
        """The next recording begins at that time at the earliest: where the one before it would have ended."""
        self._lost_until = until

    def join(self, frame: Fraction) -> None:
        """The next packet is the first of another recording with frames of that length, whatever its time."""
        self._joins, self._nominal = bool(self._recent), frame

    @property
    def joins(self) -> bool:
        """Whether the next packet is the first of another recording."""
        return self._joins

    @property
    def shift(self) -> int:
        """What is added to the clock of the present recording."""
        return self._shift

    @property
    def frame(self) -> Fraction:
        """Length of the latest frame: by its own duration, else as the frames before it were apart."""
        apart = median_low([later - earlier for earlier, later in pairwise(self._recent)] or [0])
        length = self._duration if 0 < self._duration <= self._horizon else apart
        return self._nominal if length == 0 or abs(length - self._nominal) < 1 else Fraction(length)

    def place(self, stamp: Stamp, following: Iterable[Stamp], goes_on: bool = False) -> Place:
        """Of the next packet; `following` are some that come behind it, fewer at the end. `goes_on`: it belongs to the
        recording before it, so that only the clock can have been set back: decode times go on."""
        if stamp.time is None:
            return Place(self._shift)
        if self._joins:
            return self._begin(stamp)
        if not self._recent:
            self._first = stamp.time
        if not self._recent or self._in_line(stamp):
            self._take(stamp)
            return Place(self._shift)
        near = self._unwrapped(stamp)
        behind = [self._unwrapped(each) for each in following if each.time is not None]
        if self._begins(near, behind):
            return self._set_back(stamp) if goes_on else self._begin(stamp)
        if self._leaps(near) and self._returns(near, behind):
            return Place(self._shift, stray=True)
        leaps = self._leaps(near)
        self._take(near)
        return Place(self._shift + _time(near) - stamp.time, leaps=leaps)

    def _in_line(self, stamp: Stamp) -> bool:
        if self._leaps(stamp) or self._decodes_back(stamp):
            return False
        return not stamp.keyframe or _time(stamp) > self._recent[-1]

    def _begins(self, stamp: Stamp, behind: Sequence[Stamp]) -> bool:
        back = self._recent[-1] - _time(stamp)
        if back < 0:
            return False
        if stamp.keyframe and not self._decodes_on(stamp):
            overlaps = back <= OVERLAP_FRAMES * self._nominal
            if not behind or overlaps or any(_time(each) <= self._recent[-1] for each in behind):
                return True
        if self._leaps(stamp):
            return bool(behind) and not self._returns(stamp, behind)
        return self._decodes_back(stamp) and bool(behind) and all(self._decodes_back(each) for each in behind)

    def _leaps(self, stamp: Stamp) -> bool:
        return abs(_time(stamp) - self._recent[-1]) > self._horizon

    def _returns(self, stamp: Stamp, behind: Sequence[Stamp]) -> bool:
        """Whether what comes behind a leap is nearer to what was before it."""
        before = sum(abs(_time(each) - self._recent[-1]) <= self._horizon for each in behind)
        return before > sum(abs(_time(each) - _time(stamp)) <= self._horizon for each in behind)

    def _decodes_on(self, stamp: Stamp) -> bool:
        """Decode times rise: then an early presentation time is the encoder's and no new beginning."""
        return stamp.decode is not None and self._decode is not None and stamp.decode > self._decode

    def _decodes_back(self, stamp: Stamp) -> bool:
        return stamp.decode is not None and self._decode is not None and stamp.decode < self._decode - self._step_back

    def _begin(self, stamp: Stamp) -> Place:
        begins = self._next() if self._lost_until is None else max(self._next(), self._lost_until - self._exact)
        self._exact += begins - _time(stamp)
        self._lost_until = None
        self._shift = round(self._exact)
        self._recent, self._decode, self._joins = [], None, False
        self._first = _time(stamp)
        self._take(stamp)
        return Place(self._shift, begins=True)

    def _set_back(self, stamp: Stamp) -> Place:
        if stamp.decode is None or self._decode is None:
            return replace(self._begin(stamp), begins=False)
        back = self._decode + self.frame - stamp.decode
        self._exact += back
        self._shift = round(self._exact)
        self._recent = [round(each - back) for each in self._recent]
        self._first = round(self._first - back)
        self._take(stamp)
        return Place(self._shift)

    def _take(self, stamp: Stamp) -> None:
        time = _time(stamp)
        if not self._recent or time >= self._recent[-1]:
            self._duration = stamp.duration
        insort(self._recent, time)
        del self._recent[:-RECENT]
        if stamp.decode is not None:
            self._decode = stamp.decode

    def _next(self) -> Fraction:
        """One frame after the last, whose stamp may be rounded to coarse ticks: 33 ms, 67, 100."""
        last = Fraction(self._recent[-1])
        regular = self._first + round((last - self._first) / self._nominal) * self._nominal
        return (regular if abs(regular - last) < 1 else last) + self.frame

    def _unwrapped(self, stamp: Stamp) -> Stamp:
        """With WRAP added as often as the clock went round, where that continues the time before without a leap."""
        if not self._wraps:
            return stamp
        near = replace(stamp, time=_nearest(_time(stamp), self._recent[-1]))
        if stamp.decode is not None and self._decode is not None:
            near = replace(near, decode=_nearest(stamp.decode, self._decode))
        return stamp if self._leaps(near) else near


def _time(stamp: Stamp) -> int:
    return stamp.time or 0


def _nearest(time: int, to: int) -> int:
    """The time that is nearest to the other among those that a clock of WRAP ticks shows alike."""
    return time + round(Fraction(to - time, WRAP)) * WRAP


def spread(after: int | None, count: int, before: int | None, frame: Fraction) -> list[int]:
    """Times for `count` frames that bring none, between the frames at `after` and `before` (None: there is none).

    Evenly between both, or one frame apart where `before` is further away than that.
    """
    if after is None:
        first = Fraction(0) if before is None else before - count * frame
        return [round(first + number * frame) for number in range(count)]
    apart = frame if before is None else Fraction(before - after, count + 1)
    apart = frame if apart > frame * Fraction(3, 2) else max(apart, Fraction(0))
    return [round(after + number * apart) for number in range(1, count + 1)]
