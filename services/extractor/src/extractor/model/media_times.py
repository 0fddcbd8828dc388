"""Media times of a session's packets, where what FFmpeg hands out is missing or wrong. Pure.

FFmpeg gives the first packet of a session no time, and with B-frames the picture in it is shown well before what the
second packet has. Some cameras send the parameter sets of a keyframe with the time of the picture before it (Reolink,
docs/dialects.md), and FFmpeg then gives the keyframe that time.
"""

from dataclasses import dataclass

FIRST = 100
"""Packets by which the first is timed."""


@dataclass(frozen=True, slots=True)
class MediaTime:
    """Seconds. `known`: as the camera sent it; else as it follows from the others."""

    at_s: float
    known: bool = True


class MediaTimes:
    """Of one session."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._newest_s: float | None = None
        self._step_s = 0.0

    def take(self, at_s: float | None) -> MediaTime:
        """Of the next packet in the order of arrival; `at_s` is None where it has no time."""
        before, step_s = self._newest_s, self._step_s
        if at_s is None:
            return MediaTime(0.0 if before is None else before + step_s, known=False)
        if at_s == before:  # two pictures have one time: this one came later
            self._newest_s = at_s + step_s
            return MediaTime(at_s + step_s, known=False)
        self._step_s = step_s if before is None else abs(at_s - before)
        self._newest_s = at_s
        if len(self._first) < FIRST:
            self._first.append(at_s)
        return MediaTime(at_s)

    @property
    def first_s(self) -> float:
        """Of the session's first picture: one step before the earliest of those that follow; 0 before two came."""
        earliest = sorted(self._first)[:2]
        return 2 * earliest[0] - earliest[1] if len(earliest) == 2 else 0.0
