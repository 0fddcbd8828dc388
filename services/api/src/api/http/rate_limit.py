"""How many requests a key may make, and the keys of a site together; counted by all replicas together."""

from collections.abc import Collection
from contextlib import suppress
from heapq import nsmallest
from typing import Any

import asyncpg

from api.http.errors import HttpError, RateLimited, SiteRateLimited
from api.model.access import Caller
from chassis.clock import Clock
from chassis.metrics import Metrics
from ratelimit.limit import Exceeded, RateLimit, RateStatus, headers
from ratelimit.limiter import SharedLimiter

ATTEMPTS = 4
"""Sites that are asked, of a key that opens many whose requests are used up."""


class RequestLimiter:
    """`key` and `site` as `12000/minute`; empty for none.

    A request counts for one of the sites that its key opens: any that has requests left, so that a key of several sites
    is not stopped by one that is busy. A key that opens all sites is the operator's and counts for none.
    """

    def __init__(self, key: str, site: str, pool: asyncpg.Pool, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._key, self._site = RateLimit.parse(key), RateLimit.parse(site)
        self.shared = SharedLimiter(pool, clock=clock, metrics=metrics, log=log)

    async def take(self, caller: Caller) -> list[RateStatus]:
        """Count a request; what key and site have left. Raises RateLimited, SiteRateLimited."""
        taken: list[RateStatus] = []
        try:
            if self._key is not None:
                taken.append(await self.shared.take("key", caller.key_id, self._key))
            if self._site is not None and caller.sites:
                taken.append(await self._take_of_a_site(caller.sites, self._site))
        except Exceeded as exceeded:
            raise _refusal(exceeded, taken) from None
        return taken

    async def take_of_camera(self, what: str, camera_id: str, limit: RateLimit, refusal: type[HttpError]) -> None:
        """Count `what` of a camera, whoever asks for it. Raises `refusal`."""
        try:
            await self.shared.take(what, camera_id, limit)
        except Exceeded as exceeded:
            detail = f"At most {exceeded.limit} of one camera."
            raise refusal(detail, headers={"Retry-After": str(exceeded.status.reset_s)}) from None

    async def _take_of_a_site(self, sites: Collection[str], limit: RateLimit) -> RateStatus:
        *others, last = nsmallest(ATTEMPTS, sites, key=lambda site: (-self.shared.tokens("site", site), site))
        for site in others:
            with suppress(Exceeded):
                return await self.shared.take("site", site, limit)
        return await self.shared.take("site", last, limit)


def _refusal(exceeded: Exceeded, taken: list[RateStatus]) -> RateLimited | SiteRateLimited:
    status = exceeded.status
    says = headers([*taken, status]) | {"Retry-After": str(status.reset_s)}
    if status.name == "site":
        return SiteRateLimited(
            f"More than {exceeded.limit} by the keys of this site together; slow down.", headers=says
        )
    return RateLimited(f"More than {exceeded.limit} by this key; slow down.", headers=says)
