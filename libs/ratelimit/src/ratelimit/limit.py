"""A limit, what is leased of it, and what its subject may still do. Pure; times in seconds."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

from limits import RateLimitItem, parse

BATCHES = 100
"""A lease is this part of a limit: what a process may hold unused, and how inexact a limit may be for each replica."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `amount` requests in any `window_s`; `item` is the same for the library that counts alone."""

    amount: int
    window_s: int
    item: RateLimitItem

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """From `12000/minute`; None for an empty text. Raises ValueError."""
        return cls.of(text) if text else None

    @classmethod
    def of(cls, text: str) -> Self:
        """From `12000/minute`. Raises ValueError."""
        item = parse(text)
        return cls(item.amount, item.get_expiry(), item)

    @property
    def batch(self) -> int:
        """Requests of one lease."""
        return max(1, self.amount // BATCHES)

    def __str__(self) -> str:
        return str(self.item)


@dataclass(frozen=True, slots=True)
class Counts:
    """The row of a subject after a lease of `granted`.

    `used` and `before` are requests of this window and the one before it, `share` is how much of this one has passed,
    0 to 1. Of the one before as much still counts as would lie in a window that slides.
    """

    granted: int
    used: int
    before: int
    share: float

    def left(self, limit: RateLimit) -> int:
        """Requests that may still be leased."""
        return max(0, math.floor(limit.amount - self.used - self.before * (1 - self.share)))

    def reset_s(self, limit: RateLimit) -> float:
        """Until this window ends."""
        return (1 - self.share) * limit.window_s

    def retry_s(self, limit: RateLimit) -> float:
        """Until there is one again, if nobody else takes it."""
        if self.used < limit.amount and self.before > 0:
            free_at = 1 - (limit.amount - self.used - 1) / self.before
            return max(0.0, free_at - self.share) * limit.window_s
        free_at = max(0.0, 1 - (limit.amount - 1) / max(1, self.used))
        return self.reset_s(limit) + free_at * limit.window_s


class RateStatus(NamedTuple):
    """What a subject may still do. `name`: whose limit it is, `key` or `site`."""

    name: str
    quota: int
    """Requests in a window."""
    window_s: int
    left: int
    reset_s: int
    """Until the window ends; past the limit, until a request may pass."""

    @property
    def policy(self) -> str:
        """An item of RateLimit-Policy."""
        return f'"{self.name}";q={self.quota};w={self.window_s}'

    @property
    def state(self) -> str:
        """An item of RateLimit."""
        return f'"{self.name}";r={self.left};t={self.reset_s}'


def headers(statuses: list[RateStatus]) -> dict[str, str]:
    """RateLimit-Policy and RateLimit, as in draft-ietf-httpapi-ratelimit-headers; none without a limit."""
    if not statuses:
        return {}
    return {
        "RateLimit-Policy": ", ".join(each.policy for each in statuses),
        "RateLimit": ", ".join(each.state for each in statuses),
    }


class Exceeded(Exception):
    """No request is left."""

    def __init__(self, limit: RateLimit, status: RateStatus) -> None:
        super().__init__(f"more than {limit} by this {status.name}")
        self.limit, self.status = limit, status
