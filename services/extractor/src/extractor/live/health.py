"""What a capture notes of its camera, from which its status is concluded."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chassis.clock import Clock
from extractor.model.camera_failures import CameraFailed
from extractor.model.camera_health import Health, next_health, trouble_of
from extractor.model.camera_status import FEW_S, LEAST, MISSED, SILENT, CameraStatusNow, Seen
from extractor.model.scene import Scene


@dataclass(slots=True)
class _Picture:
    """When the newest picture came, and after how many packets of its session, where that is known."""

    at_s: float
    packets: int | None


@dataclass(slots=True)
class CameraHealth:
    """Of one camera, over its sessions. `before`: its status when it was taken over."""

    clock: Clock
    before: CameraStatusNow | None = None
    began: datetime = field(init=False)
    failure: CameraFailed | None = field(init=False, default=None)
    _health: Health = field(init=False)
    _newest: _Picture | None = field(init=False, default=None)
    _pictured_at: datetime | None = field(init=False, default=None)
    _played_at: datetime | None = field(init=False, default=None)
    _pictures: int = field(init=False, default=0)
    _unstored: int = field(init=False, default=0)
    _starved: int = field(init=False, default=0)
    _steady: int = field(init=False, default=0)
    _few: int = field(init=False, default=0)
    _slow: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.began = self.clock.now()
        self._health = Health(None if self.before is None else trouble_of(self.before.code))

    def after_rest(self) -> "CameraHealth":
        """Of the camera as it is opened again: what its pictures showed stands until others show something else."""
        health = CameraHealth(self.clock)
        health._health = Health(self._health.trouble)
        return health

    def opens(self) -> None:
        """A session begins."""
        self._pictures, self._newest, self._played_at = 0, None, None

    def takes(self, scene: Scene | None, packets: int | None, every: timedelta) -> None:
        """A picture came; `packets` of its session so far."""
        now_s, before = self.clock.monotonic(), self._newest
        self._pictured_at = self.clock.now()
        self._newest = _Picture(now_s, packets)
        self._pictures, self._unstored = self._pictures + 1, self._unstored + 1
        if self._pictures == 2:  # a camera that gives one picture for each session is not well again by it
            self._starved = 0
        self._note_gap(before, self._newest, every)
        if before is not None and now_s - before.at_s > max(LEAST, MISSED * every).total_seconds():
            self._health = Health(self._health.trouble)  # what was not certain before a break is not made so by it
        if scene is not None:
            self._health = next_health(self._health, scene, now_s)

    def _note_gap(self, before: _Picture | None, newest: _Picture, every: timedelta) -> None:
        """Between two pictures. What had enough packets took us long, not the camera."""
        if before is None:
            self._steady = 1
            return
        gap_s = newest.at_s - before.at_s
        is_long = gap_s > max(FEW_S, MISSED * every.total_seconds())
        self._steady = 1 if is_long else self._steady + 1
        if newest.packets is None or before.packets is None:
            return
        is_slow = gap_s > FEW_S and newest.packets - before.packets < gap_s / 2
        self._few, self._slow = self._few + 1 if is_slow and is_long else 0, self._slow + 1 if is_slow else 0

    @property
    def health(self) -> Health:
        """What the pictures show."""
        return self._health

    def drawn_anew(self) -> None:
        """A new layout was drawn on what is seen now: the camera is not moved any more."""
        if self._health.trouble in ("moved", "blocked"):
            self._health = Health()

    def stored(self) -> None:
        """The picture is a frame."""
        self._unstored = 0
        if self._pictures > 1 or not isinstance(self.failure, SILENT):
            self.failure = None

    def ends(self, failure: CameraFailed) -> None:
        """The session failed."""
        self.failure = failure
        self._starved = self._starved + 1 if isinstance(failure, SILENT) else 0

    def seen(self, every: timedelta, *, plays: bool) -> Seen:
        """`plays`: the camera of the session that is open does."""
        if plays and self._played_at is None:
            self._played_at = self.clock.now()
        return Seen(
            began=self.began,
            every=every,
            failure=None if plays and not isinstance(self.failure, SILENT) else self.failure,
            pictured_at=self._pictured_at,
            played_at=self._played_at,
            plays=plays,
            unstored=self._unstored,
            starved=self._starved,
            steady=self._steady,
            few=self._few,
            slow=self._slow,
            trouble=self._health.trouble,
        )
