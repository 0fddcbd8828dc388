"""Whether bytes go on: at least so many in every stretch of time. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """Bytes within a stretch of time that began at `since` with a total of `total`."""

    since: float
    total: int = 0

    def restart(self, total: int, now: float) -> None:
        """Measure anew: the other side was not asked for anything."""
        self.since, self.total = now, total

    def too_slow(self, total: int, now: float, stretch_s: float, least_per_s: float) -> bool:
        """Whether a whole stretch has passed with too few bytes; one with enough begins the next."""
        passed = now - self.since
        if passed < stretch_s:
            return False
        if total - self.total < least_per_s * stretch_s:
            return True
        self.restart(total, now)
        return False
