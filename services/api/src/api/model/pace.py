"""How fast a stage works through the frames of a run: what the time that is left is made of. Pure.

A pace is measured over the last tenth to fifth of the frames, so that it follows a classifier that becomes slower, and
a few frames at least, so that one slow frame does not count for all.
"""

from typing import Final

Pace = tuple[int, int, int, int, int, int]
"""(time in ms, frames) of an older mark, of a newer mark, and of the newest frame. A tuple, as JSON keeps it."""

LEAST_FRAMES: Final = 5
_PARTS: Final = 10


def go_on(pace: Pace | None, now_ms: int, frames: int, expected: int | None) -> Pace:
    """The pace after the frame that makes `frames` in all; `expected` in the end, None while that is not known."""
    if pace is None:
        return (now_ms, frames) * 3
    older_ms, older, newer_ms, newer, heard_ms, heard = pace
    now_ms, frames = max(now_ms, heard_ms), max(frames, heard)
    if frames - newer >= max(LEAST_FRAMES, (expected or frames) // _PARTS):
        return (newer_ms, newer, now_ms, frames, now_ms, frames)
    return (older_ms, older, newer_ms, newer, now_ms, frames)


def frames_per_s(pace: Pace | None) -> float | None:
    """Frames a second; None while there is no rate."""
    if pace is None:
        return None
    older_ms, older, _, _, heard_ms, heard = pace
    return (heard - older) / (heard_ms - older_ms) * 1000 if heard_ms > older_ms and heard > older else None
