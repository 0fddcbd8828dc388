"""Which frame stands for which time: exact, in integer ticks of the stream's time base.

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
    """The sampling of a run; `every_ms` is set for a cadence only. Raises ValueError for anything else."""

    mode: Mode
    every_ms: int | None

    def __post_init__(self) -> None:
        step_is_valid = self.every_ms is None if self.mode != "cadence" else (self.every_ms or 0) > 0
        if not step_is_valid:
            raise ValueError("every_ms goes with mode cadence, and is positive")


class Rule(Protocol):
    """Decides on one frame after another, each once, in order of presentation."""

    def takes(self, pts: int, keyframe: bool) -> bool: ...


class Cadence:
    """The first frame at or after each target; `step` is the cadence in ticks and need not be whole."""

    def __init__(self, start: int, step: Fraction) -> None:
        self._start, self._step, self._target = start, step, start

    def takes(self, pts: int, keyframe: bool) -> bool:
        if pts < self._target:
            return False
        targets_passed = (pts - self._start) // self._step + 1
        self._target = self._start + math.ceil(targets_passed * self._step)
        return True


class Keyframes:
    """Every frame that was coded as a keyframe."""

    def takes(self, pts: int, keyframe: bool) -> bool:
        return keyframe


class EveryFrame:
    def takes(self, pts: int, keyframe: bool) -> bool:
        return True


def rule_for(sampling: Sampling, start: int, time_base: Fraction) -> Rule:
    """The rule for a stream whose first displayable frame is at `start` ticks of `time_base` seconds."""
    if sampling.mode == "keyframes":
        return Keyframes()
    if sampling.every_ms is None:
        return EveryFrame()
    return Cadence(start, Fraction(sampling.every_ms, 1000) / time_base)


def media_ms(pts: int, start: int, time_base: Fraction) -> int:
    """Time since the first displayable frame, rounded to whole milliseconds."""
    return max(0, round((pts - start) * time_base * 1000))


def captured_at(started_at: datetime | None, uploaded_at: datetime, ms: int) -> datetime:
    """When the light of a frame was seen; counted from the upload where the start of the recording is unknown."""
    return (started_at or uploaded_at) + timedelta(milliseconds=ms)


def thumbnail_score(sharpness: float, brightness: float) -> float:
    """How well a frame serves as the thumbnail: sharp, neither dark nor overexposed.

    The logarithm keeps one noisy frame from winning over every well lit one; exposure falls from 1 at mid grey to 0.
    """
    exposure = 1.0 - (2.0 * brightness - 1.0) ** 2
    return math.log1p(max(0.0, sharpness)) * max(0.0, exposure)
