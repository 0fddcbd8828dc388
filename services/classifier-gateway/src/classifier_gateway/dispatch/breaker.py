"""Circuit breaker: after failures in a row no request for a while, then a single probe. Pure; seconds as arguments."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerOptions:
    """Open after `failures` in a row for `open_s`, twice as long after each failed probe, at most `open_max_s`."""

    failures: int = 5
    open_s: float = 2.0
    open_max_s: float = 15.0


class Breaker:
    """Closed: all may ask. Open: none until `wait_s` is 0. Then one probe at a time decides."""

    def __init__(self, options: BreakerOptions) -> None:
        self._options = options
        self._failures = 0
        self._open_s = options.open_s
        self._open_until: float | None = None
        self._probing = False

    def wait_s(self, now: float) -> float:
        """Seconds until a request may start; 0: now. While a probe is under way the others wait a little more."""
        if self._open_until is None:
            return 0.0
        # The sum `_open_until` is rounded: taking `now` away again can leave a little more than was added.
        left = min(self._open_s, self._open_until - now)
        return max(0.1 if self._probing else 0.0, left)

    def begin(self) -> None:
        """A request starts; with an open breaker it is the probe."""
        self._probing = self._open_until is not None

    def succeeded(self) -> None:
        """A request was answered: closed."""
        self._failures, self._open_until, self._probing, self._open_s = 0, None, False, self._options.open_s

    def ended(self) -> None:
        """A request is over, and says nothing of the classifier, as when nobody waits for it any more."""
        self._probing = False

    def failed(self, now: float) -> None:
        """A request was not answered."""
        self._failures += 1
        if self._open_until is not None:
            self._open_s = min(self._options.open_max_s, self._open_s * 2)
        if self._open_until is not None or self._failures >= self._options.failures:
            self._open_until = now + self._open_s
        self._probing = False
