"""Which frame stands for which time: exact, in integer ticks of the stream's own clock.

The rule (docs/decisions/0020-which-frame-stands-for-a-time.md): let t0 be the presentation time of the first frame that
can be displayed. With a cadence of `every_ms` the targets are t0 + k * every_ms for k = 0, 1, 2, ...; the frame of a
target is the first frame, in order of presentation, whose time is not before it. A frame that is the first for several
targets is taken once.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal, Protocol

Mode = Literal["cadence", "keyframes", "all"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """What an upload asked for; `every_ms` is set for a cadence only."""

    mode: Mode
    every_ms: int | None

    def __post_init__(self) -> None:
        if (self.mode == "cadence") != (self.every_ms is not None and self.every_ms > 0):
            raise ValueError("every_ms goes with mode cadence, and is positive")


class Rule(Protocol):
    """Asked about each frame once, in order of presentation."""

    def takes(self, pts: int, keyframe: bool) -> bool: ...


class Cadence:
    """The first frame at or after each target; `step` is the cadence in ticks and need not be whole."""

    def __init__(self, start: int, step: Fraction) -> None:
        self._start, self._step, self._due = start, step, start

    def takes(self, pts: int, keyframe: bool) -> bool:
        if pts < self._due:
            return False
        passed = (pts - self._start) // self._step + 1
        self._due = self._start + math.ceil(passed * self._step)
        return True


class Keyframes:
    """Every frame that was coded as a keyframe."""

    def takes(self, pts: int, keyframe: bool) -> bool:
        return keyframe


class Everything:
    """Every frame."""

    def takes(self, pts: int, keyframe: bool) -> bool:
        return True


def rule_for(sampling: Sampling, start: int, time_base: Fraction) -> Rule:
    """The rule of a sampling for a stream whose first displayable frame is at `start` ticks of `time_base` seconds."""
    if sampling.mode == "keyframes":
        return Keyframes()
    if sampling.every_ms is None:
        return Everything()
    return Cadence(start, Fraction(sampling.every_ms, 1000) / time_base)


def media_ms(pts: int, start: int, time_base: Fraction) -> int:
    """Milliseconds since the first displayable frame, to the nearest one."""
    return max(0, round((pts - start) * time_base * 1000))


def captured_at(started_at: datetime | None, uploaded_at: datetime, ms: int) -> datetime:
    """When the light was seen; a video that does not know counts from its upload."""
    return (started_at or uploaded_at) + timedelta(milliseconds=ms)


def picture_score(sharpness: float, brightness: float) -> float:
    """How well a picture serves as a thumbnail: sharp, and neither dark nor burnt out.

    The logarithm keeps one noisy frame from winning over every well lit one; exposure falls from 1 at mid grey to 0.
    """
    exposure = 1.0 - (2.0 * brightness - 1.0) ** 2
    return math.log1p(max(0.0, sharpness)) * max(0.0, exposure)
