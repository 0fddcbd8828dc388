"""What a probe reports: when enough was watched, what is said of the camera's clock, why there is no answer. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import CodedError
from extractor.model.stream_meter import Measured

WATCH_S = 12.0
"""At most, after the first picture: most cameras report their clock every five seconds, and two have to agree."""
LEAST_WATCH_S = 3.0
"""For pictures a second."""
ANSWER_S = 3.0
"""Before a probe expires its picture is stored and its answer is on its way."""
SOUND_S = 3.0
"""To ask for the sound, which takes a session of its own."""
ATTEMPTS = 2
"""Processes that may die of a probe."""
LEASE = timedelta(seconds=5)
LEAST_LEFT = timedelta(seconds=2 * ANSWER_S)
"""A probe that has less is not begun any more: it is answered that it came too late."""
KEPT = timedelta(hours=1)
"""The picture of a probe, and its row."""

CLOCK_REASONS = {
    "no_report": "The camera does not say what time it is; pictures are timed by when they come, to within 0.15 s.",
    "unconfirmed": "The camera reported its time once while it was watched, and two reports have to agree.",
    "stepped": "The camera's clock jumped while it was watched; let it be set by NTP.",
    "ahead": "The camera's clock is ahead of ours; let both be set by NTP.",
    "behind": "The camera's clock is behind ours; let both be set by NTP.",
    "no_clock": "Pictures are timed by when they come, to within 0.15 s.",
}
SETTLED = ("ahead", "behind")
"""Of a clock: waiting longer changes nothing."""


class ProbeFailed(CodedError):
    """A probe has no result for a reason of ours; what is wrong with the camera is a CameraFailed."""


class ProbeTimedOut(ProbeFailed):
    """No picture came in the time that a probe has; is the camera on, and the line fast enough? Probe again."""


class ProbeInterrupted(ProbeFailed):
    """The process that read the camera ended before it had an answer; probe again."""


class ProbeTooLate(ProbeFailed):
    """No process had room for the probe in time; probe again, or have more extractors read cameras."""


class ProbeNotStored(ProbeFailed):
    """The camera's picture could not be stored; probe again when the object store is well."""


class SourceNotProbed(ProbeFailed):
    """This extractor cannot probe sources of this kind; it may be older than the api."""


class NoInterface(ProbeFailed):
    """No network interface here can ask for cameras; name them with CAMERA_DISCOVERY_INTERFACES, and see the manual."""


class DiscoveryOff(ProbeFailed):
    """Looking for cameras is switched off here (CAMERA_DISCOVERY_INTERFACES is none); enter the camera's address."""


@dataclass(frozen=True, slots=True)
class ClockFinding:
    """`code` as in camera.probe; None where the camera's clock is usable."""

    code: str | None

    @property
    def reason(self) -> str | None:
        """The sentence."""
        return None if self.code is None else CLOCK_REASONS.get(self.code, CLOCK_REASONS["no_clock"])


def is_enough(measured: Measured | None, clock: str | None, watched_s: float) -> bool:
    """Whether a camera need not be watched any longer. `clock`: why its own is not believed, None where it is;
    `watched_s`: since its first picture."""
    if watched_s >= WATCH_S:
        return True
    knows = measured is not None and measured.gop_frames is not None and measured.frames_per_s is not None
    return knows and watched_s >= LEAST_WATCH_S and (clock is None or clock in SETTLED)


def is_forgotten(requested_at: datetime, now: datetime) -> bool:
    """Whether its row may be deleted already: a command that comes again would be answered once more. Topics keep them
    for longer, and offsets are reset now and then."""
    return now - requested_at > KEPT


def failure_of_abandoned(attempts: int) -> type[ProbeFailed]:
    """Why a probe that nobody works on has no answer: nobody ever began it, or whoever did is gone."""
    return ProbeInterrupted if attempts else ProbeTooLate
