"""When the pictures of segments were taken, and which of them are wanted. Pure.

A playlist may date its segments (EXT-X-PROGRAM-DATE-TIME); that is believed while it agrees with when they are listed.
Without dates, the segment that was listed with the least delay tells how media time lies to ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.model.capture_time import ERROR_S, MAX_AHEAD_S, Arrival, CaptureClock, CaptureTime
from extractor.model.playlists import Segment

ADDED_UP_S = 0.1
"""Bound of a date that was added up from the durations of segments before."""
MAX_LATE_S = 10.0
"""And three target durations: a segment that is listed later after it ended is no live one, or its date is wrong."""
EPSILON_S = 1e-3


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment that was new in a playlist, where it begins on a line of media time, and when it was seen, Unix."""

    segment: Segment
    begins_s: float
    seen_s: float

    @property
    def ends_s(self) -> float:
        return self.begins_s + self.segment.duration_s


class SegmentClock:
    """Of one run of segments whose times go on. `unseen_s`: for how long what is new may have been listed already."""

    def __init__(self) -> None:
        self._clock = CaptureClock()
        self._unseen_s = 0.0
        self._listings = 0

    def listed(self, listed: Listed, unseen_s: float) -> None:
        """In the order of the playlist."""
        self._listings += 1
        self._unseen_s = unseen_s if self._listings <= 2 else min(self._unseen_s, unseen_s)
        self._clock.arrived(Arrival(listed.ends_s, listed.seen_s))

    def captured(self, listed: Listed, at_s: float, target_s: float) -> CaptureTime:
        """Of the picture `at_s` after the first of its segment, which has been `listed`."""
        segment = listed.segment
        if segment.date_s is not None and refusal(listed, target_s) is None:
            return CaptureTime(segment.date_s + at_s, "playlist", ERROR_S["playlist"] if segment.dated else ADDED_UP_S)
        by_receipt = self._clock.captured(listed.begins_s + at_s)
        return CaptureTime(by_receipt.at_s, "receipt", ERROR_S["receipt"] + self._unseen_s)


def refusal(listed: Listed, target_s: float) -> str | None:
    """Why the playlist's date is not believed: `no_report` without one, `ahead` of our clock or far `behind` it."""
    date_s = listed.segment.date_s
    if date_s is None:
        return "no_report"
    ended_s = date_s + listed.segment.duration_s
    if ended_s > listed.seen_s + MAX_AHEAD_S:
        return "ahead"
    return "behind" if ended_s < listed.seen_s - MAX_LATE_S - 3 * target_s else None


class Due:
    """Which times of a line of segments are wanted so that there is a picture each `every_s`."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_s: float | None = None

    def wanted(self, listed: Listed) -> Sequence[float]:
        """Seconds from the segment's beginning; none where nothing of it is due, and it need not be fetched."""
        due = self._next_s
        if due is None or due < listed.begins_s - self._every_s:  # the first, or some were left out
            due = listed.begins_s
        found = []
        while due < listed.ends_s - EPSILON_S:
            found.append(max(0.0, due - listed.begins_s))
            due += self._every_s
        self._next_s = due
        return found
