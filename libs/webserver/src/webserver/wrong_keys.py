"""Failed authentications of a process: how many an address may have, a metric, and a line of the log once a minute."""

import math
from collections.abc import Callable
from typing import Any

from webserver.failures import FailedAttempts
from webserver.minutes import MinuteCounts

Count = Callable[[str, str], None]


class WrongKeys:
    """Counts failures only: what is good is neither counted nor slowed, whoever else is at its address.

    `count` gets (what was wrong, wrong or limited) of each; `now` gives monotonic seconds.
    """

    def __init__(self, per_minute: int, *, now: Callable[[], float], count: Count, log: Any) -> None:
        self._attempts, self._now, self._count = FailedAttempts(per_minute), now, count
        self._minutes = MinuteCounts(
            lambda counts: log.warning("authentication_failed", counts=counts, addresses=len(self._attempts))
        )

    def retry_after_s(self, host: str) -> int:
        """Whole seconds until the address may try what is not known to be good; 0 when it may now."""
        return math.ceil(self._attempts.retry_after(host, self._now()))

    def wrong(self, host: str, what: str) -> None:
        """It was tried, and is not good."""
        self._attempts.failed(host, self._now())
        self._seen(what, "wrong")

    def limited(self, what: str) -> None:
        """It was not tried, as its address has failed too often."""
        self._seen(what, "limited")

    def _seen(self, what: str, outcome: str) -> None:
        self._count(what, outcome)
        self._minutes.add(f"{what} {outcome}")
