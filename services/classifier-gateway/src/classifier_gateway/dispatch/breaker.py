"""Circuit breaker: after failures in a row nobody asks for a while, then one asks alone. Pure; seconds as arguments."""

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
        self._failed = 0
        self._open_s = options.open_s
        self._until: float | None = None
        self._probing = False

    def wait_s(self, now: float) -> float:
        """Seconds until one may ask; 0: now. While a probe is under way the others wait a little more."""
        if self._until is None:
            return 0.0
        if self._probing:
            return max(0.1, self._until - now)
        return max(0.0, self._until - now)

    def begin(self) -> None:
        """Somebody asks; in an open breaker that is the probe."""
        self._probing = self._until is not None

    def succeeded(self) -> None:
        """The answer came: closed."""
        self._failed, self._until, self._probing, self._open_s = 0, None, False, self._options.open_s

    def failed(self, now: float) -> None:
        """No answer."""
        self._failed += 1
        if self._until is not None:
            self._open_s = min(self._options.open_max_s, self._open_s * 2)
        if self._until is not None or self._failed >= self._options.failures:
            self._until = now + self._open_s
        self._probing = False
