"""Answers probes that nobody works on, and deletes what an old probe left."""

import asyncio
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics
from extractor.live.secrets import Secrets
from extractor.metrics import PROBES
from extractor.model.probes import ATTEMPTS, KEPT, LEASE, LEAST_LEFT, failure_of_abandoned
from extractor.probe import rows
from extractor.probe.events import failed_event
from objects.store import ObjectStore
from tablewatch_schemas import keys

INTERVAL_S = 1.0


class Leftovers:
    """Any number of processes may run one: each probe is locked while it is answered or deleted."""

    def __init__(
        self, pool: asyncpg.Pool, store: ObjectStore, secrets: Secrets, *, clock: Clock, metrics: Metrics, log: Any
    ) -> None:
        self._pool, self._store, self._secrets = pool, store, secrets
        self._clock, self._metrics, self._log = clock, metrics, log

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what fails is done in a later round."""
        while not stop.is_set():
            try:
                while await self.answer_one() or await self.delete_one():
                    pass
            except (*DISCONNECTED, OSError) as error:
                self._log.warning("probes_put_off", error=repr(error))
            await wait_or_stop(self._clock, INTERVAL_S, stop)

    async def answer_one(self) -> bool:
        """Answer one that nobody will work on any more; False if there is none. Its secret goes with its row."""
        async with self._pool.acquire() as conn, conn.transaction():
            probe = await rows.next_abandoned(conn, LEASE, least_left=LEAST_LEFT, attempts=ATTEMPTS)
            if probe is None:
                return False
            failure = failure_of_abandoned(probe.attempts)()
            await rows.answer(conn, probe, failed_event(probe.cause, failure, self._clock.now()))
        self._metrics.count(PROBES, code=failure.code)
        self._log.warning("probe_abandoned", probe_id=probe.probe_id, attempts=probe.attempts, code=failure.code)
        return True

    async def delete_one(self) -> bool:
        """Delete picture, secret and row of one that is older than KEPT; False if there is none. Raises OSError."""
        async with self._pool.acquire() as conn, conn.transaction():
            old = await rows.next_old(conn, KEPT)
            if old is None:
                return False
            probe_id, site_id = old
            await self._store.delete(keys.probe_snapshot(site_id, probe_id))
            await self._secrets.forget(site_id, probe_id)
            await rows.remove(conn, probe_id)
        return True
