"""Until when the cameras of a process are surely its own: what it may publish of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.clock import Clock


@dataclass(frozen=True, slots=True)
class _Moment:
    monotonic: float
    wall: datetime


class Lease:
    """Of all cameras of a process. It may be frozen anywhere and go on much later: so it is asked before each frame."""

    def __init__(self, clock: Clock, length: timedelta) -> None:
        self._clock, self.length = clock, length
        self._renewed = self.moment()

    def moment(self) -> _Moment:
        """To be taken before the database is asked to renew."""
        return _Moment(self._clock.monotonic(), self._clock.now())

    def renewed(self, asked: _Moment) -> None:
        """The database renewed the leases when it was asked at that moment, or later."""
        self._renewed = asked

    @property
    def holds(self) -> bool:
        """False once others may have the cameras. The wall clock counts too: the other one stands still while a
        machine is suspended.
        """
        now = self.moment()
        length_s = self.length.total_seconds()
        return (
            now.monotonic - self._renewed.monotonic < length_s
            and abs((now.wall - self._renewed.wall).total_seconds()) < length_s
        )
