"""A worker: claims segments one after another and does each in a child process of its own."""

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis.clock import Clock
from chassis.database import DISCONNECTED
from chassis.health import Health
from chassis.leases import Lost
from chassis.metrics import Metrics
from chassis.objects import Gone, ObjectStore
from extractor.files import segments, work
from extractor.files.children import Child, Limits
from extractor.files.claims import Claim
from extractor.files.failures import CRASHED, SOURCE_GONE, Failed
from extractor.files.sources import Sources
from extractor.files.tasks import together

IDLE_S = 0.2
"""Between two looks for work; a new video, and the plan of one, wait for it."""
RENEW_S = 1.0
"""Also how soon a cancelled job's decoder is killed."""

ALIVE_S = 120.0
POISON = 3
"""Times the allowed tries after which a segment is given up whose worker was always gone before it could say why."""


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """How a worker works; see the settings of the same names."""

    lease_s: float
    attempts: int
    quality: int
    limits: Limits


class Worker:
    """One segment at a time. Any number of workers, in any number of processes, share the jobs."""

    def __init__(
        self,
        owner: str,
        pool: asyncpg.Pool,
        store: ObjectStore,
        sources: Sources,
        options: WorkOptions,
        *,
        clock: Clock,
        metrics: Metrics,
        health: Health,
        log: Any,
    ) -> None:
        self._owner, self._pool, self._store, self._sources, self._options = owner, pool, store, sources, options
        self._clock, self._metrics, self._health, self._log = clock, metrics, health, log.bind(worker=owner)
        self._child: Child | None = None
        self._run: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: then the running segment is given up at once, for another worker to claim."""
        working = asyncio.ensure_future(self._loop())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await self.close()

    async def _loop(self) -> None:
        self._health.expect(f"worker {self._owner}", ALIVE_S)
        while True:
            self._health.beat(f"worker {self._owner}")
            try:
                if not await self.once():
                    await self._rest()
            except DISCONNECTED as error:
                self._log.warning("database_away", error=type(error).__name__)
                await self.close()
                await self._clock.sleep(IDLE_S)

    async def _rest(self) -> None:
        """Nothing to do: have a decoder ready for the next file, then wait a little."""
        if self._run is not None:
            await self.close()
        await self._sources.trim()
        try:
            await self._child_for(None)
        except Failed as failed:
            self._log.error("decoder_does_not_start", error=str(failed))
        await self._clock.sleep(IDLE_S)

    async def once(self) -> bool:
        """Claim and do one segment; False if there was none."""
        async with self._pool.acquire() as conn, conn.transaction():
            held = await segments.claim(conn, self._owner, self._options.lease_s, self._clock.now())
        if held is None:
            return False
        began = self._clock.monotonic()
        outcome = await self._outcome(held)
        if outcome != "ok":
            await self.close()
        stage = "plan" if held.kind == "plan" else "extract"
        self._metrics.count("work_total", stage=stage, outcome=outcome)
        self._metrics.observe("work_seconds", self._clock.monotonic() - began, stage=stage)
        ids = {"video_id": held.upload.video_id, "run_id": held.run_id}
        self._log.info("segment", **ids, number=held.number, kind=held.kind, outcome=outcome)
        return True

    async def _outcome(self, held: Claim) -> str:
        """Do it: `ok`, `lost`, or the code of the failure, which is written down."""
        try:
            await together(self._do(held), self._renew(held))
        except Lost:
            self._metrics.count("leases_lost_total", lease="segment")
            return "lost"
        except Failed as failed:
            await self._failed(held, failed)
            return failed.failure.code
        except (KeyError, TypeError, ValueError) as error:  # the decoder said something that makes no sense
            await self._failed(held, Failed(CRASHED, repr(error)))
            return CRASHED.code
        return "ok"

    async def _do(self, held: Claim) -> None:
        if held.tries > self._options.attempts * POISON:
            raise Failed(CRASHED, "whoever worked on it did not come back")
        try:
            async with self._sources.open(held.upload.object_key) as path:
                child = await self._child_for(held.run_id)
                if held.kind == "plan":
                    found = await work.survey(child, path, held)
                    async with self._pool.acquire() as conn, conn.transaction():
                        await segments.plan(conn, held, found, self._clock.now())
                    return
                stored = await work.extract(
                    child, path, held, self._store, self._pool, self._options.quality, self._clock
                )
        except Gone as error:
            raise Failed(SOURCE_GONE, str(error)) from error
        async with self._pool.acquire() as conn, conn.transaction():
            if stored.held:
                await segments.finish(conn, held, stored.frames, stored.best, stored.gaps)
            else:
                await segments.straighten(conn, held)

    async def _renew(self, held: Claim) -> None:
        """Hold the lease; Lost as soon as it is not ours, or the database was away for as long as it lasts."""
        good = self._clock.monotonic()
        while True:
            await self._clock.sleep(RENEW_S)
            try:
                async with self._pool.acquire() as conn:
                    if not await segments.renew(conn, held, self._options.lease_s):
                        raise Lost(held.run_id)
                good = self._clock.monotonic()
                self._health.beat(f"worker {self._owner}")
            except DISCONNECTED as error:
                if self._clock.monotonic() - good > self._options.lease_s:
                    raise Lost(held.run_id) from error

    async def _failed(self, held: Claim, failed: Failed) -> None:
        self._log.warning("segment_failed", run_id=held.run_id, number=held.number, error=str(failed))
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                await segments.give_back(conn, held, failed, self._options.attempts, self._clock.now())
        except Lost:
            self._metrics.count("leases_lost_total", lease="segment")

    async def _child_for(self, run_id: str | None) -> Child:
        """A decoder that has seen no other file than this run's: one that was fooled cannot reach the next video."""
        if self._child is not None and self._run not in (None, run_id):
            await self.close()
        if self._child is None:
            self._child = await Child.start(self._options.limits)
        self._run = run_id
        return self._child

    async def close(self) -> None:
        """Kill the decoder."""
        child, self._child, self._run = self._child, None, None
        if child is not None:
            await child.kill()
