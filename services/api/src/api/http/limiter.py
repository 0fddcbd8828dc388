"""How many requests a key may make. Counted in this process: with n processes a key may make n times as many."""

import math
import time
from typing import NamedTuple

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from api.problems import Problem


class Share(NamedTuple):
    """What a key has left. Header fields of draft-ietf-httpapi-ratelimit-headers."""

    quota: int
    window_s: int
    left: int
    again_s: int

    def headers(self) -> dict[str, str]:
        """RateLimit-Policy and RateLimit."""
        return {
            "RateLimit-Policy": f'"key";q={self.quota};w={self.window_s}',
            "RateLimit": f'"key";r={self.left};t={self.again_s}',
        }


class Limiter:
    """`limit` as `12000/minute`; empty for none. A sliding window, so that no burst of twice as many fits a border."""

    def __init__(self, limit: str) -> None:
        self._item: RateLimitItem | None = parse(limit) if limit else None
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def take(self, key_id: str) -> Share | None:
        """One request of a key; None without a limit. Raises Problem rate_limited."""
        if self._item is None:
            return None
        allowed = await self._window.hit(self._item, key_id)
        reset, left = await self._window.get_window_stats(self._item, key_id)
        share = Share(self._item.amount, self._item.get_expiry(), left, max(1, math.ceil(reset - time.time())))
        if not allowed:
            headers = share._replace(left=0).headers() | {"Retry-After": str(share.again_s)}
            raise Problem("rate_limited", f"More than {self._item} by this key; slow down.", headers=headers)
        return share
