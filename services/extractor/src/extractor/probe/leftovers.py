"""Answers probes that nobody works on, and deletes what an old probe left."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
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

INTERVAL_S, SWEEP_S = 1.0, 600.0
STORE_S, LIST_S = 5.0, 60.0
"""For the store to delete what one probe left, and for a sweep."""
SECRETS = "secrets/"
"""Of all sites, as `keys.camera_secret` has it."""
MOST = 100
"""Secrets that one sweep deletes."""


class Leftovers:
    """Any number of processes may run one: each probe is locked while it is answered or deleted."""

    def __init__(
        self, pool: asyncpg.Pool, store: ObjectStore, secrets: Secrets, *, clock: Clock, metrics: Metrics, log: Any
    ) -> None:
        self._pool, self._store, self._secrets = pool, store, secrets
        self._clock, self._metrics, self._log = clock, metrics, log
        self._answered: deque[tuple[str, str]] = deque()
        """Site and probe, whose secret is not deleted yet. If this process dies, it goes with the row."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Beside one another: somebody waits for an answer, and it needs no store."""
        async with asyncio.TaskGroup() as group:
            for chore in (self.answer_one, self.forget_one, self.delete_one):
                group.create_task(self._repeat(chore, INTERVAL_S, stop))
            group.create_task(self._repeat(self.sweep, SWEEP_S, stop))

    async def _repeat(self, chore: Callable[[], Awaitable[bool]], every_s: float, stop: asyncio.Event) -> None:
        """Until it has nothing to do, then again later; so is what fails."""
        while not stop.is_set():
            try:
                while await chore():
                    pass
            except (*DISCONNECTED, OSError) as error:
                self._log.warning("probes_put_off", error=repr(error))
            await wait_or_stop(self._clock, every_s, stop)

    async def answer_one(self) -> bool:
        """Answer one that nobody will work on any more; False if there is none."""
        async with self._pool.acquire() as conn, conn.transaction():
            probe = await rows.next_abandoned(conn, LEASE, least_left=LEAST_LEFT, attempts=ATTEMPTS)
            if probe is None:
                return False
            failure = failure_of_abandoned(probe.attempts)()
            await rows.answer(conn, probe, failed_event(probe.cause, failure, self._clock.now()))
        self._answered.append((probe.command.site_id, probe.probe_id))
        self._metrics.count(PROBES, action=probe.command.action, code=failure.code)
        self._log.warning("probe_abandoned", probe_id=probe.probe_id, attempts=probe.attempts, code=failure.code)
        return True

    async def forget_one(self) -> bool:
        """Delete the secret of one that was answered here; False if there is none. Raises OSError."""
        if not self._answered:
            return False
        async with asyncio.timeout(STORE_S):
            await self._secrets.forget(*self._answered[0])
        self._answered.popleft()
        return True

    async def delete_one(self) -> bool:
        """Delete picture, secret and row of one that is older than KEPT; False if there is none. Raises OSError."""
        async with self._pool.acquire() as conn, conn.transaction():
            old = await rows.next_old(conn, KEPT)
            if old is None:
                return False
            probe_id, site_id = old
            async with asyncio.timeout(STORE_S):  # the row is locked meanwhile
                await self._store.delete(keys.probe_snapshot(site_id, probe_id))
                await self._secrets.forget(site_id, probe_id)
            await rows.remove(conn, probe_id)
        return True

    async def sweep(self) -> bool:
        """Delete secrets of probes that were never asked for: the api was killed, or its transaction failed, after it
        had stored one. True: there may be more of them. Raises OSError."""
        async with asyncio.timeout(LIST_S):
            old = await self._old_secrets()
            async with self._pool.acquire() as conn:
                known = await rows.known(conn, [probe_id for _, probe_id in old])
            left = [each for each in old if each[1] not in known][:MOST]
            for site_id, probe_id in left:
                await self._secrets.forget(site_id, probe_id)
        if left:
            self._log.info("probe_secrets_deleted", objects=len(left))
        return len(left) == MOST

    async def _old_secrets(self) -> list[tuple[str, str]]:
        """Site and probe of those that are older than KEPT; the others are cameras'."""
        before, old = self._clock.now() - KEPT, []
        async for each in self._store.list(SECRETS):
            owner = probe_of(each.key)
            if owner is not None and each.modified < before:
                old.append(owner)
        return old


def probe_of(key: str) -> tuple[str, str] | None:
    """Site and probe whose secret it is; None: it is no probe's."""
    site_id, _, name = key.removeprefix(SECRETS).partition("/")
    probe_id = name.removesuffix(".sealed")
    is_one = (
        probe_id.startswith(("prb_", "dsc_")) and "/" not in probe_id and key == keys.camera_secret(site_id, probe_id)
    )
    return (site_id, probe_id) if is_one else None
