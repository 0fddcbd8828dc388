"""The dead-letter fuse: it keeps a bad deployment from draining a topic into its dead letters."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from chassis.backoff import Backoff
from chassis.records import Record

_WAIT = Backoff(first_s=15.0, max_s=300.0)


def anybody(_record: Record) -> str | None:
    """The producer of a record where all producers are counted as one."""
    return "anybody"


@dataclass(frozen=True, kw_only=True)
class FuseOptions:
    """When the dead letters of one producer on one topic are stopped for a while: after `consecutive` in a row,
    or when more than `ratio` of its last `window` records became one, once there were `min_records`.

    `producer` names the program that made a record. What it answers None for was made by no program of ours: it is
    dead-lettered and never counted, since no deployment of ours can be at fault, and a stranger must not stop anything.
    `wait` is how long the fuse stays open, by the number of times it blew without a success in between.
    """

    consecutive: int = 20
    ratio: float = 0.5
    window: int = 200
    min_records: int = 50
    wait: Backoff = _WAIT
    producer: Callable[[Record], str | None] = anybody


class Fuse:
    """Of one producer on one topic; `now` is monotonic seconds.

    Closed, it counts. Open, until a time, no record may become a dead letter. Half open after that, a few may, half as
    many as the last time, and then it opens for longer. A success closes it once the ratio is right.
    """

    def __init__(self, options: FuseOptions) -> None:
        self._options = options
        self._recent: deque[bool] = deque(maxlen=options.window)
        self._consecutive = self._tries_left = 0
        self._open_until = 0.0
        self.blown_times = 0
        self.reason: str | None = None

    def succeeded(self) -> None:
        """Count a record that was handled."""
        self._recent.append(False)
        self._consecutive = 0
        if self.blown_times and self._too_many() is None:
            self.blown_times, self._open_until = 0, 0.0

    def failed(self, now: float) -> float:
        """Count a record that is to be dead-lettered: 0 when it may be, otherwise seconds until it may be tried."""
        if now < self._open_until:
            return self._open_until - now
        self._recent.append(True)
        if self._tries_left and self.blown_times:
            self._tries_left -= 1
            return 0.0
        self._consecutive += 1
        too_many = self._too_many()
        if too_many or self.blown_times:
            self._blow(now, too_many)
        return max(0.0, self._open_until - now)

    def open_for(self, now: float) -> float:
        """Seconds for which it is open; 0 when it is closed or half open."""
        return max(0.0, self._open_until - now)

    def _blow(self, now: float, too_many: str | None) -> None:
        self.reason = too_many or self.reason
        self.blown_times += 1
        self._tries_left = max(1, self._options.consecutive >> self.blown_times)
        self._open_until = now + self._options.wait.delay_s(self.blown_times)

    def _too_many(self) -> str | None:
        if self._consecutive > self._options.consecutive:
            return f"{self._consecutive} dead letters in a row"
        share = sum(self._recent) / len(self._recent)
        if len(self._recent) >= self._options.min_records and share > self._options.ratio:
            return f"{share:.0%} of the last {len(self._recent)} records were dead letters"
        return None
