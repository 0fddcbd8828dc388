"""Metrics of what each site stores and may store."""

import asyncio
from datetime import timedelta

import asyncpg

from api.metrics import SITE_STORAGE, SITE_STORAGE_LIMIT
from api.model.storage import Limits, SiteStorage
from api.project.measuring import measure_every
from api.store import storage
from chassis.clock import Clock
from chassis.metrics import Metrics

EVERY_S = 30.0


class StorageMetrics:
    """Measures the read model every EVERY_S; several processes publish the same values."""

    def __init__(self, pool: asyncpg.Pool, defaults: Limits, upload_ttl_s: int, clock: Clock, metrics: Metrics) -> None:
        self._pool, self._defaults, self._clock, self._metrics = pool, defaults, clock, metrics
        self._upload_ttl = timedelta(seconds=upload_ttl_s)
        self._sites: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Measure until `stop`."""
        await measure_every(EVERY_S, self.measure, self._clock, stop)

    async def measure(self) -> None:
        """Measure once; a site that was deleted since has nothing."""
        async with self._pool.acquire() as conn:
            since = self._clock.now() - self._upload_ttl
            found = {site: each async for site, each in storage.of_all(conn, self._defaults, since)}
        for site in self._sites - found.keys():
            self._set(site, SiteStorage(0, 0, 0, 0, 0, Limits(0, 0)))
        for site, each in found.items():
            self._set(site, each)
        self._sites = set(found)

    def _set(self, site: str, found: SiteStorage) -> None:
        stored = {
            "originals": found.originals,
            "announced": found.announced,
            "frames": found.frames,
            "crops": found.crops,
            "reserved": found.reserved,
        }
        for kind, size in stored.items():
            self._metrics.set(SITE_STORAGE, size, site=site, kind=kind)
        self._metrics.set(SITE_STORAGE_LIMIT, found.limits.originals, site=site, kind="originals")
        self._metrics.set(SITE_STORAGE_LIMIT, found.limits.pictures, site=site, kind="pictures")
