"""Counts requests against limits that replicas share, with a round trip to Postgres for a batch and not for each."""

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

import ratelimit.metrics
from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics
from ratelimit import counts
from ratelimit.limit import Exceeded, RateLimit, RateStatus
from ratelimit.metrics import RATE_LIMIT_ALONE, RATE_LIMIT_LEASES

TIMEOUT_S = 1.0
"""Of a lease, with the wait for a connection."""
ALONE_S = 2.0
"""After a lease failed: until the database is asked again."""
FORGET_EVERY_S = 60.0
REFUSED_S = 1.0
"""How long a refusal is repeated at most without asking: a client that does not stop costs one statement a second."""
_MAX_SUBJECTS = 8192


@dataclass(slots=True)
class _Leased:
    """What this process holds for a subject: `tokens` until `ends`, on the monotonic clock; else refused until then."""

    tokens: int = 0
    ends: float = -math.inf
    left: int = 0
    refused_until: float = -math.inf
    retry_at: float = -math.inf
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SharedLimiter:
    """Limits of subjects by their names, e.g. `key key_1`.

    While the database is away a process counts alone, each subject from nothing and up to its whole limit: a client may
    make as many requests more as there are replicas, and nobody is refused or let through because of it.
    """

    def __init__(self, pool: asyncpg.Pool, *, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._pool, self._clock, self._metrics, self._log = pool, clock, metrics, log
        self._leased: dict[str, _Leased] = {}
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._alone_until = -math.inf
        metrics.declare(ratelimit.metrics)
        metrics.set(RATE_LIMIT_ALONE, 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Delete old counts until `stop`."""
        while not stop.is_set():
            try:
                async with self._pool.acquire(timeout=TIMEOUT_S) as conn:
                    await counts.forget(conn)
            except (*DISCONNECTED, asyncpg.PostgresError) as error:
                self._log.warning("request_counts_not_cleared", error=type(error).__name__)
            await wait_or_stop(self._clock, FORGET_EVERY_S, stop)

    async def take(self, name: str, subject: str, limit: RateLimit) -> RateStatus:
        """Count a request of a subject; `name` is that of the limit. Raises Exceeded."""
        key = f"{name} {subject}"
        leased = self._leased.get(key) or self._leased.setdefault(key, _Leased())
        if not self._known(leased):
            async with leased.lock:  # others of the subject wait for the same lease
                if not self._known(leased) and not await self._lease(key, limit, leased):
                    return await self._take_alone(name, key, limit)
        now = self._clock.monotonic()
        if leased.tokens > 0 and now < leased.ends:
            leased.tokens -= 1
            return RateStatus(
                name, limit.amount, limit.window_s, leased.left + leased.tokens, _whole(leased.ends - now)
            )
        raise Exceeded(limit, RateStatus(name, limit.amount, limit.window_s, 0, _whole(leased.retry_at - now)))

    def tokens(self, name: str, subject: str) -> int:
        """Requests that this process holds for a subject; -1 while it is refused without asking."""
        leased, now = self._leased.get(f"{name} {subject}"), self._clock.monotonic()
        if leased is None:
            return 0
        return leased.tokens if leased.tokens > 0 and now < leased.ends else -int(now < leased.refused_until)

    def _known(self, leased: _Leased) -> bool:
        """Whether the next request can be decided without the database."""
        now = self._clock.monotonic()
        return (leased.tokens > 0 and now < leased.ends) or now < leased.refused_until

    async def _lease(self, key: str, limit: RateLimit, leased: _Leased) -> bool:
        """Ask the database; False if it does not answer, now or just before."""
        if self._clock.monotonic() < self._alone_until:
            return False
        try:
            async with asyncio.timeout(TIMEOUT_S), self._pool.acquire() as conn:
                found = await counts.lease(conn, key, limit)
        except (*DISCONNECTED, asyncpg.PostgresError) as error:
            self._go_alone(error)
            return False
        self._back()
        now = self._clock.monotonic()
        leased.tokens, leased.left = found.granted, found.left(limit)
        leased.ends = now + found.reset_s(limit)
        if not found.granted:
            leased.retry_at = now + found.retry_s(limit)
            leased.refused_until = min(leased.retry_at, now + REFUSED_S)
        self._metrics.count(RATE_LIMIT_LEASES, outcome="granted" if found.granted else "refused")
        self._make_room(now)
        return True

    async def _take_alone(self, name: str, key: str, limit: RateLimit) -> RateStatus:
        allowed = await self._alone.hit(limit.item, key)
        reset, left = await self._alone.get_window_stats(limit.item, key)
        status = RateStatus(name, limit.amount, limit.window_s, left, _whole(reset - self._clock.now().timestamp()))
        if not allowed:
            raise Exceeded(limit, status._replace(left=0))
        return status

    def _go_alone(self, error: Exception) -> None:
        if self._alone_until == -math.inf:
            self._log.warning("request_limits_alone", error=type(error).__name__)
            self._metrics.set(RATE_LIMIT_ALONE, 1)
        self._alone_until = self._clock.monotonic() + ALONE_S

    def _back(self) -> None:
        if self._alone_until != -math.inf:
            self._alone_until = -math.inf
            self._log.info("request_limits_shared")
            self._metrics.set(RATE_LIMIT_ALONE, 0)

    def _make_room(self, now: float) -> None:
        """Forget subjects that hold nothing, once there are many."""
        if len(self._leased) > _MAX_SUBJECTS:
            idle = [key for key, each in self._leased.items() if max(each.ends, each.refused_until) <= now]
            for key in idle:
                if not self._leased[key].lock.locked():
                    del self._leased[key]


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
