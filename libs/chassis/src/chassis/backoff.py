"""Exponential backoff with jitter: the wait before a retry."""

import random
from dataclasses import dataclass

_MAX_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Backoff:
    """`first_s` after the first failure, doubled with each further one up to `max_s`.

    Jitter takes off up to a half, so that those that failed together do not come back together.
    """

    first_s: float
    max_s: float

    def delay_s(self, attempt: int) -> float:
        """The wait after the `attempt`th failure in a row, from 1: at random between half the limit and the limit."""
        return self.limit_s(attempt) * random.uniform(0.5, 1)  # noqa: S311 (jitter)

    def limit_s(self, attempt: int) -> float:
        """The longest wait after the `attempt`th failure in a row: the delay without jitter."""
        return min(self.max_s, self.first_s * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS))
