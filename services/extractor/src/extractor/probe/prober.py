"""Which probes this process works on: as many as it has room for, under leases. The others are for `leftovers`."""

import asyncio
from typing import Any

import asyncpg

from chassis.clock import first_of
from chassis.database import DISCONNECTED
from chassis.health import Health
from chassis.metrics import Metrics
from credentials import Credentials
from extractor.discovery.discoverer import Discoverer
from extractor.live.secrets import Secrets
from extractor.metrics import DEVICES, PROBES
from extractor.model.camera_failures import CameraFailed, CredentialsNotReadable
from extractor.model.probes import ANSWER_S, ATTEMPTS, LEASE, LEAST_LEFT, ProbeFailed, ProbeNotStored
from extractor.probe import rows
from extractor.probe.events import Found, discovered_event, failed_event, found_event
from extractor.probe.rows import Probe
from extractor.probe.sources import ProbeParts, look_at
from objects.store import ObjectStore
from tablewatch_schemas import Encoded, keys

INTERVAL_S = 1.0
ALIVE_S = 60.0
SECRET_S = 5.0
"""To read the credentials of a probe, and to delete them."""


class Prober:
    """Any number of processes may run one. `limit`: probes at once."""

    def __init__(
        self,
        owner: str,
        pool: asyncpg.Pool,
        parts: ProbeParts,
        store: ObjectStore,
        secrets: Secrets,
        discoverer: Discoverer,
        limit: int,
        *,
        health: Health,
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._owner, self._pool, self._parts, self._store = owner, pool, parts, store
        self._secrets, self._discoverer, self._limit, self._clock = secrets, discoverer, limit, parts.clock
        self._health, self._metrics, self._log = health, metrics, log
        self._running: dict[str, tuple[Probe, asyncio.Task[None]]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    def look(self) -> None:
        """There may be a probe to be made; without it that is found a second later."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then what it works on is given back, for others to take at once."""
        self._health.expect("probes", ALIVE_S)
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    await self.round()
                except DISCONNECTED as error:
                    self._log.warning("database_away", error=type(error).__name__)
                self._health.beat("probes")
                await first_of(self._wake.wait(), stop.wait(), self._clock.sleep(INTERVAL_S))
        finally:
            await self._leave()

    async def round(self) -> None:
        """Renew what is worked on, and take more."""
        self._forget_done()
        async with self._pool.acquire() as conn:
            still = await rows.renew(conn, [probe for probe, _ in self._running.values()], LEASE)
            for name in [each for each in self._running if each not in still]:
                self._running.pop(name)[1].cancel()
            room = self._limit - len(self._running)
            claimed = await rows.claim(conn, self._owner, LEASE, room, least_left=LEAST_LEFT, attempts=ATTEMPTS)
        for probe in claimed:
            self._running[probe.probe_id] = (
                probe,
                asyncio.create_task(self._work(probe), name=f"probe {probe.probe_id}"),
            )
        await self._parts.readers.end_idle()

    def _forget_done(self) -> None:
        for name in [name for name, (_, task) in self._running.items() if task.done()]:
            task = self._running.pop(name)[1]
            if not task.cancelled() and (error := task.exception()) is not None:
                self._log.error("probe_broke", probe_id=name, exc_info=error)

    async def _work(self, probe: Probe) -> None:
        """Look, store, answer. Once it has its outcome it is not cancelled any more: the fence decides whether that
        counts, and to who renews leases a probe is lost as soon as its answer is there, before its secret is deleted.
        """
        event, code = await self._outcome(probe)
        answering = asyncio.create_task(self._answer(probe, event, code), name=f"answer of {probe.probe_id}")
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)
        await asyncio.shield(answering)

    async def _answer(self, probe: Probe, event: Encoded, code: str) -> None:
        """A database that is away leaves it to whoever finds its lease run out."""
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                is_ours = await rows.answer(conn, probe, event)
            if is_ours:
                await self._answered(probe, code)
        except DISCONNECTED as error:
            self._log.warning("database_away", error=type(error).__name__)
        self.look()

    async def _outcome(self, probe: Probe) -> tuple[Encoded, str]:
        """The answer, and its code."""
        until = self._clock.monotonic() + probe.left_s - ANSWER_S
        try:
            event = await (self._discovered(probe, until) if probe.discovers else self._found(probe, until))
        except (CameraFailed, ProbeFailed) as failure:
            self._log.info("probe_failed", probe_id=probe.probe_id, code=failure.code, detail=failure.detail)
            return failed_event(probe.cause, failure, self._clock.now()), failure.code
        return event, "done"

    async def _discovered(self, probe: Probe, until: float) -> Encoded:
        """Raises CredentialsNotReadable, ProbeFailed."""
        credentials = await self._credentials(probe, "", probe.command.secret_ref)
        found = await self._discoverer.discover(credentials, until)
        for each in found.devices:
            self._metrics.count(DEVICES, code="done" if each.failure is None else each.failure.code)
        return discovered_event(probe.cause, found, self._clock.now())

    async def _found(self, probe: Probe, until: float) -> Encoded:
        """Raises CameraFailed, ProbeFailed."""
        command, source = probe.command, probe.command.source
        assert source is not None  # noqa: S101 - the intake takes no other
        credentials = await self._credentials(probe, source.address, source.secret_ref)
        found = await look_at(self._parts, command.site_id, source, credentials, until)
        return found_event(probe.cause, found, await self._stored(probe, found), self._clock.now())

    async def _credentials(self, probe: Probe, address: str, secret_ref: str | None) -> Credentials | None:
        """Raises CredentialsNotReadable."""
        try:
            async with asyncio.timeout(SECRET_S):
                return await self._secrets.read(probe.command.site_id, probe.probe_id, address, secret_ref)
        except (OSError, TimeoutError) as error:
            raise CredentialsNotReadable(f"the object store: {type(error).__name__}") from error

    async def _stored(self, probe: Probe, found: Found) -> str:
        """The key of the picture. Raises ProbeNotStored."""
        key = keys.probe_snapshot(probe.command.site_id, probe.probe_id)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._store.put(key, found.picture, "image/jpeg")
        except (OSError, TimeoutError) as error:
            raise ProbeNotStored(type(error).__name__) from error
        return key

    async def _answered(self, probe: Probe, code: str) -> None:
        self._metrics.count(PROBES, action=probe.command.action, code=code)
        self._log.info("probe_answered", probe_id=probe.probe_id, site_id=probe.command.site_id, code=code)
        try:
            async with asyncio.timeout(SECRET_S):
                await self._secrets.forget(probe.command.site_id, probe.probe_id)
        except (OSError, TimeoutError) as error:  # `leftovers` does it when the row goes
            self._log.warning("probe_secret_kept", probe_id=probe.probe_id, error=repr(error))

    async def _leave(self) -> None:
        running = list(self._running.values())
        for _, task in running:
            task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)
        await asyncio.gather(*self._answering, return_exceptions=True)
        try:
            async with self._pool.acquire() as conn:
                await rows.release(conn, [probe for probe, _ in running])
        except DISCONNECTED as error:
            self._log.warning("database_away", error=type(error).__name__)
