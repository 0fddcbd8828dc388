"""When the light of a live picture was seen: by the camera's clock where that can be trusted, else by receipt. Pure.

A camera's sender reports (RFC 3550, 6.4.1) tie its media time to its own clock. They may be missing, late, stand still
or lie, so that they are believed only as far as they agree with when pictures arrive; without them, the least delayed
picture so far tells how media time lies to ours. How exact either is: docs/measurements/live.md.

All times are in seconds; those of receipt are Unix time that our own clock's steps do not move (`steady` below).
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["camera", "playlist", "receipt"]
Refusal = Literal["no_report", "unconfirmed", "stepped", "ahead", "behind"]
"""Why the camera's clock is not believed: it never reported; its one report, or the one after a step, is not confirmed
yet; it jumped; it is ahead of ours; it is behind our receipt."""

MAX_AHEAD_S = 0.1
"""A picture cannot have been taken after it came; this much may lie between the two clocks."""
MAX_BEHIND_S = 1.0
"""On a local network nothing takes longer. Five seconds were tried: a clock that is two seconds slow passed."""
MAX_STEP_S = 0.1
MAX_DRIFT = 500e-6
"""By which the camera's crystal may run slower than ours; a cap of 50 ppm followed too slowly."""
RESTART_S, RESTART_PICTURES = 1.0, 50
"""Media time that fell back by more than that, for so many pictures: it begins anew."""
MAX_FUTURE_S = 2.0
"""By which the last frame may be ahead of our clock: clocks of two machines, and steps between two sources of time."""
ERROR_S: dict[Source, float] = {"camera": 0.02, "playlist": 0.02, "receipt": 0.15}
"""Bounds that 99 of 100 pictures keep; that of receipt is beyond the line's least delay, which nobody can see."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet: its media time, when it came, and what the camera's clock said of it.

    `camera_s` is the Unix time that the camera's last report gives for this packet (None before the first), `report`
    the NTP time stamp of a report that came just before it.
    """

    media_s: float
    received_s: float
    camera_s: float | None = None
    report: int | None = None


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """Unix time, whose clock it is, and the bound of its error."""

    at_s: float
    source: Source
    error_s: float


class CaptureClock:
    """Of one session. `arrived` is called for each packet in the order of arrival, `captured` for any media time."""

    def __init__(self) -> None:
        self._receipt: float | None = None  # received - media of the least delayed packet, which may drift
        self._received_s = 0.0
        self._fallen_back = 0
        self._camera: float | None = None  # the camera's time - media
        self._report: int | None = None
        self._confirmed = False
        self._stepped = False

    def arrived(self, arrival: Arrival) -> None:
        """Take a packet into account."""
        self._take_receipt(arrival.media_s, arrival.received_s)
        if arrival.camera_s is not None:
            self._take_camera(arrival.camera_s - arrival.media_s, arrival.report)

    def captured(self, media_s: float) -> CaptureTime:
        """Raises ValueError before the first arrival."""
        if self._receipt is None:
            raise ValueError("nothing has arrived yet")
        if self._camera is not None and self.refusal is None:
            return CaptureTime(media_s + self._camera, "camera", ERROR_S["camera"])
        return CaptureTime(media_s + self._receipt, "receipt", ERROR_S["receipt"])

    @property
    def refusal(self) -> Refusal | None:
        """Why times are those of receipt; None while they are the camera's."""
        if self._camera is None or self._receipt is None:
            return "no_report"
        delay = self._receipt - self._camera
        if delay < -MAX_AHEAD_S:
            return "ahead"
        if delay > MAX_BEHIND_S:
            return "behind"
        if not self._confirmed:
            return "stepped" if self._stepped else "unconfirmed"
        return None

    def _take_receipt(self, media_s: float, received_s: float) -> None:
        offset = received_s - media_s
        if self._receipt is None:
            self._receipt, self._received_s = offset, received_s
            return
        drifted = self._receipt + MAX_DRIFT * max(0.0, received_s - self._received_s)
        self._received_s = received_s
        self._fallen_back = self._fallen_back + 1 if offset > drifted + RESTART_S else 0
        if self._fallen_back >= RESTART_PICTURES:
            drifted, self._fallen_back = offset, 0
        self._receipt = min(drifted, offset)

    def _take_camera(self, offset: float, report: int | None) -> None:
        if self._camera is not None and abs(offset - self._camera) > MAX_STEP_S:
            self._confirmed, self._stepped = False, True
        elif report is not None and report != self._report:
            # A stale report repeats its time stamp, and its offset then steps; a second one that agrees confirms.
            self._confirmed, self._stepped = True, False
        if report is not None:
            self._report = report
        self._camera = offset


class Rising:
    """Capture times of one camera in presentation order: each at least a millisecond after the one before.

    Going over from receipt to the camera's clock is a step back by the delay of the line, about 70 ms. Where our own
    clock was set back by more than MAX_FUTURE_S, times begin anew: else they would stand in the future until it has
    caught up, and no frame would ever be late, and no state stale.
    """

    def __init__(self, last_ms: int | None = None) -> None:
        """`last_ms` of a session before, so that a camera never repeats a time."""
        self.last_ms = last_ms

    def next_ms(self, at_s: float, now_s: float) -> int:
        """Unix milliseconds."""
        at_ms = round(at_s * 1000)
        begins_anew = self.last_ms is None or self.last_ms > (now_s + MAX_FUTURE_S) * 1000
        self.last_ms = at_ms if begins_anew or self.last_ms is None else max(at_ms, self.last_ms + 1)
        return self.last_ms
