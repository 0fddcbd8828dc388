"""Liveness that means progress, readiness that names its reason."""

from collections.abc import Callable

from chassis.clock import Clock, SystemClock


class Health:
    """Progress marks and readiness checks of one process.

    Alive: every expected mark was beaten in time. Ready: alive, and no check has a complaint.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._limits: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._checks: dict[str, Callable[[], str | None]] = {}

    def expect(self, name: str, within_s: float) -> None:
        """From now on `name` must beat at least every `within_s` seconds."""
        self._limits[name] = within_s
        self.beat(name)

    def beat(self, name: str) -> None:
        """`name` made progress."""
        self._beats[name] = self._clock.monotonic()

    def forget(self, name: str) -> None:
        """`name` ended as it should and is expected no longer."""
        self._limits.pop(name, None)

    def ready(self, name: str, check: Callable[[], str | None]) -> None:
        """Add a readiness check: None when well, otherwise why not."""
        self._checks[name] = check

    def dead(self) -> dict[str, str]:
        """What made no progress in time, with how long ago it last did; empty when alive."""
        now = self._clock.monotonic()
        return {
            name: f"no progress for {now - self._beats[name]:.0f} s (limit {limit:.0f} s)"
            for name, limit in self._limits.items()
            if now - self._beats[name] > limit
        }

    def unready(self) -> dict[str, str]:
        """Why no work should be expected of this process; empty when ready."""
        said = {name: check() for name, check in self._checks.items()}
        return self.dead() | {name: reason for name, reason in said.items() if reason is not None}
