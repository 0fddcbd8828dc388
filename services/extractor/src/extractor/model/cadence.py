"""Which packets of a live stream are decoded so that about every so many seconds there is a picture. Pure.

Where the camera sends keyframes at least as often as pictures are asked for, only keyframes are decoded, the one next
to each due time. Else the packets since the last keyframe are held and decoded when a picture is due, up to the packet
of that moment: what comes behind it in its group of pictures is never decoded. Figures: docs/measurements/live.md.
"""

from enum import Enum

MAX_HELD = 1500
"""Packets of a group of pictures; of a longer one they are decoded as they come."""


class Action(Enum):
    """What is done with a packet."""

    SKIP = "skip"
    HOLD = "hold"
    """Kept, because a later packet of its group may be wanted."""
    FEED = "feed"
    """Decoded together with those held, without a picture: so many are held."""
    SAMPLE = "sample"
    """Decoded together with those held; the last picture that comes out is the sample."""
    SAMPLE_KEYFRAME = "sample keyframe"
    """Decoded alone; its picture is the sample, and nothing else of its group will be decoded."""


class Cadence:
    """Of one session. Times are seconds of a monotonic clock, and media time for the distance of keyframes."""

    def __init__(self, every_s: float) -> None:
        self._every = every_s
        self._due: float | None = None
        self._keyframe_s: float | None = None
        self._group_s: float | None = None
        self._held = 0
        self._skips_group = False

    @property
    def keyframes_suffice(self) -> bool:
        """Whether the camera's keyframes come often enough; False until two of them came."""
        return self._group_s is not None and self._group_s <= self._every

    def take(self, now: float, media_s: float, keyframe: bool) -> Action:
        """The action for one packet that came `now`; in the order of arrival."""
        if keyframe:
            self._begin_group(media_s)
        elif self._keyframe_s is None or self._skips_group:
            return Action.SKIP
        if self.keyframes_suffice:
            return self._take_keyframe(now) if keyframe else Action.SKIP
        if keyframe and self._due is not None and now >= self._due - self._every / 2:
            self._due = now  # a keyframe is the cheapest sample: the times that are due begin anew with it
        if self._due is None or now >= self._due:
            self._advance(now)
            self._held = 0
            return Action.SAMPLE
        self._held += 1
        if self._held > MAX_HELD:
            self._held = 0
            return Action.FEED
        return Action.HOLD

    def _begin_group(self, media_s: float) -> None:
        if self._keyframe_s is not None and media_s > self._keyframe_s:
            self._group_s = media_s - self._keyframe_s
        self._keyframe_s, self._held = media_s, 0
        self._skips_group = self.keyframes_suffice

    def _take_keyframe(self, now: float) -> Action:
        """The keyframe that is nearest to the due time; `_due` keeps its grid, so that on average the cadence holds."""
        group = self._group_s or 0.0
        if self._due is not None and now + group / 2 < self._due:
            return Action.SKIP
        self._advance(now)
        return Action.SAMPLE_KEYFRAME

    def _advance(self, now: float) -> None:
        due = now if self._due is None else self._due
        behind = max(0.0, now - due)
        self._due = due + self._every * (1 + behind // self._every)
