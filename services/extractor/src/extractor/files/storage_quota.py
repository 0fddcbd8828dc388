"""What an attempt at a segment may store: within its reservation it asks nobody, beyond it the quota of the site."""

from typing import TYPE_CHECKING, Protocol

from extractor.files.rows import storage
from extractor.files.rows.claims import Claim
from extractor.model.failures import QuotaReserved
from extractor.model.storage import check_fits

if TYPE_CHECKING:
    import asyncpg


class Quota(Protocol):
    """Extends the reservation of a segment."""

    async def extend(self, claim: Claim, needed: int) -> int:
        """Reserve at least `needed` bytes; what is reserved then. Raises Lost, SiteStorageFull."""
        ...


MOST_WAITING = 1000


class SiteQuota:
    """`Quota` in Postgres; `default_limit` in bytes is that of a site without one of its own."""

    def __init__(self, pool: "asyncpg.Pool", default_limit: int) -> None:
        self._pool, self.default_limit = pool, default_limit
        self._needs: dict[str, int] = {}

    def waits(self, claim: Claim, reserved: QuotaReserved) -> None:
        """Note what a run needs that waits for the reservations of others."""
        self._needs[claim.run_id] = reserved.needed
        if len(self._needs) > MOST_WAITING:
            del self._needs[next(iter(self._needs))]

    async def check_waiting(self, claim: Claim) -> None:
        """Before a file is surveyed again that waited: a survey reads all of it. Raises QuotaReserved, SiteStorageFull.

        Only a survey that finds room reserves it.
        """
        needed = self._needs.pop(claim.run_id, None)
        if needed is not None:
            async with self._pool.acquire() as conn:
                check_fits(needed, await storage.used(conn, claim.upload.site_id, self.default_limit))

    async def extend(self, claim: Claim, needed: int) -> int:
        """See Quota."""
        async with self._pool.acquire() as conn, conn.transaction():
            return await storage.extend(conn, claim, needed, self.default_limit)


class Allowance:
    """Of one attempt. A repeated attempt writes the same objects again, so it counts from zero."""

    def __init__(self, claim: Claim, quota: Quota) -> None:
        self._claim, self._quota = claim, quota
        self._reserved, self._taken = claim.reserved_bytes, 0

    async def take(self, size: int) -> None:
        """Before so many bytes are stored. Raises Lost, SiteStorageFull."""
        self._taken += size
        if self._taken > self._reserved:
            self._reserved = await self._quota.extend(self._claim, self._taken)
