"""How long a look takes at the moment, so that none is begun for which too little time is left. Pure; seconds.

A look that is given up runs on: nobody can stop a model in the middle of a picture. Where frames come faster than they
can be looked at, each would be begun a little too late, and hardly one be done in time (docs/measurements/live.md).
"""

from collections import deque
from statistics import median

RECENT = 8
SPARE = 1.25
"""Of the usual time: looks are not all alike."""
HALVED_S = 30.0
"""After which half of that is asked for: where nothing was looked at, nobody knows whether looks are still slow."""


class Pace:
    """Of one classifier; before its first look nothing is expected. `now` of a monotonic clock."""

    def __init__(self) -> None:
        self._answered: deque[float] = deque(maxlen=RECENT)
        self._given_up: deque[float] = deque(maxlen=RECENT)
        """Since the last answer."""
        self._known_at = 0.0

    def took(self, seconds: float, now: float) -> None:
        """A look had its answer after so long: what was given up before it is over."""
        self._answered.append(seconds)
        self._given_up.clear()
        self._known_at = now

    def took_longer_than(self, seconds: float, now: float) -> None:
        """A look was given up; one that was given less than the usual time says nothing.

        Where none has an answer any more, looks are not slow but the classifier is away, which the circuit breaker
        finds out by asking.
        """
        if seconds >= self._expected_s(now):
            self._given_up.append(seconds)
            self._known_at = now

    def is_enough(self, left_s: float, now: float) -> bool:
        """Whether a look that is begun now is likely to end within that time."""
        return left_s >= SPARE * self._expected_s(now)

    def _expected_s(self, now: float) -> float:
        if len(self._given_up) >= RECENT or not self._answered:
            return 0.0
        usual = median([*self._answered, *self._given_up])
        return float(usual * 0.5 ** ((now - self._known_at) / HALVED_S))
