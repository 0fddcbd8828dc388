"""Liveness that means progress; readiness with the reason when it is missing."""

from collections.abc import Callable

from chassis.clock import Clock, SystemClock


class Health:
    """Heartbeats and readiness checks of one process.

    Alive: every expected heartbeat came in time. Ready: alive, and no check has a complaint.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._limits: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._checks: dict[str, Callable[[], str | None]] = {}

    def expect(self, name: str, within_s: float) -> None:
        """Expect a heartbeat of `name` at least every `within_s` seconds from now on."""
        self._limits[name] = within_s
        self.beat(name)

    def beat(self, name: str) -> None:
        self._beats[name] = self._clock.monotonic()

    def forget(self, name: str) -> None:
        self._limits.pop(name, None)

    def add_check(self, name: str, check: Callable[[], str | None]) -> None:
        """Add a readiness check, which returns None or the complaint."""
        self._checks[name] = check

    def checks(self) -> list[str]:
        """Names of the readiness checks."""
        return list(self._checks)

    def dead(self) -> dict[str, str]:
        """Complaints by name about heartbeats that did not come in time; empty when alive."""
        now = self._clock.monotonic()
        return {
            name: f"no progress for {now - self._beats[name]:.0f} s (limit {limit:.0f} s)"
            for name, limit in self._limits.items()
            if now - self._beats[name] > limit
        }

    def unready(self) -> dict[str, str]:
        """Complaints by name, those of `dead` among them; empty when ready."""
        complaints = {name: check() for name, check in self._checks.items()}
        return self.dead() | {name: reason for name, reason in complaints.items() if reason is not None}
