"""Which cameras this process captures: its fair share, under leases; and what their status is."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import asyncpg

from chassis.clock import wait_or_stop
from chassis.database import DISCONNECTED
from chassis.health import Health
from extractor.live import rows
from extractor.live.capture import Capture, CaptureParts
from extractor.live.lease import Lease
from extractor.metrics import CAMERAS, CAMERAS_UNCLAIMED
from extractor.model.camera_status import next_status
from extractor.model.share import STEP, Load, next_change, weight

INTERVAL_S = 1.0
ALIVE_S = 60.0
STATUSES = ("live", "degraded", "frozen", "dark", "moved", "blocked", "offline", "paused", "unknown")


class Supervisor:
    """Any number of processes may run one. `lease`: after so long without a round, others take its cameras."""

    def __init__(
        self, owner: str, pool: asyncpg.Pool, parts: CaptureParts, lease: Lease, health: Health, limit: int
    ) -> None:
        """`limit`: cameras that this process takes at most."""
        self._owner, self._pool, self._parts, self._limit = owner, pool, parts, limit
        self._lease, self._health = lease, health
        self._clock, self._log = parts.clock, parts.log
        self._captures: dict[str, Capture] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then its cameras are given back, for others to take at once."""
        self._health.expect("cameras", ALIVE_S)
        try:
            while not stop.is_set():
                try:
                    await self.round()
                except DISCONNECTED as error:
                    self._log.warning("database_away", error=type(error).__name__)
                    await self._let_go_if_lost()
                self._health.beat("cameras")
                await wait_or_stop(self._clock, INTERVAL_S, stop)
        finally:
            await self._leave()

    async def round(self) -> None:
        """Renew, take or give back, report."""
        asked = self._lease.moment()
        async with self._pool.acquire() as conn:
            held = sum(self._weights())
            load = await rows.seen(conn, self._owner, self._lease.length, held, self._is_full)
            renewed = await rows.renew(conn, self._held(self._captures), self._lease.length)
        await self._keep(renewed)
        self._lease.renewed(asked)  # now that those of others are let go
        change = next_change(self._weights(), load, self._limit)
        if change.claim:
            async with self._pool.acquire() as conn:
                claimed = await rows.claim(conn, self._owner, self._lease.length, change)
            for each in claimed:
                await self._begin(each)
        if change.give_back:
            await self._give_back(list(self._captures)[-change.give_back :])
        await self._report()
        await self._report_unclaimed(load)
        await self._parts.readers.end_idle()

    @property
    def _is_full(self) -> bool:
        return len(self._captures) >= self._limit

    def _weights(self) -> list[float]:
        return [weight(capture.config.cadence_ms) for capture in self._captures.values()]

    async def _report_unclaimed(self, load: Load) -> None:
        """What is left over while nobody has room: nobody else would say so."""
        waiting = 0
        if self._is_full and load.all_full:
            async with self._pool.acquire() as conn:
                waiting = await rows.unclaimed(conn, self._lease.length)
        self._parts.metrics.set(CAMERAS_UNCLAIMED, waiting)
        if not waiting:
            return
        self._log.warning("cameras_full", limit=self._limit, unclaimed=waiting)
        for _ in range(STEP):
            async with self._pool.acquire() as conn, conn.transaction():
                if not await rows.report_unclaimed(conn, self._lease.length, self._clock.now()):
                    return

    def _held(self, camera_ids: Iterable[str]) -> list[rows.Held]:
        chosen = [(each, self._captures[each]) for each in camera_ids]
        return [rows.Held(each, capture.claimed.fence, capture.captured_ms) for each, capture in chosen]

    async def _keep(self, renewed: list[rows.Claimed]) -> None:
        """Go on with these as they are configured now, and stop the others: somebody has them, or nobody shall."""
        still = {each.camera_id: each for each in renewed}
        lost = [each for each in self._captures if each not in still]
        for camera_id in lost:
            self._log.info("camera_let_go", camera_id=camera_id)
        await self._stop(lost)
        opened = 0
        for camera_id, claimed in still.items():
            self._captures[camera_id].update(claimed)
            opened += self._captures[camera_id].observe_hours(may_open=opened < STEP)
            error = self._captures[camera_id].crashed()
            if error is not None:
                self._log.error("camera_capture_failed", camera_id=camera_id, exc_info=error)
                last_ms = self._captures[camera_id].captured_ms
                self._captures[camera_id] = Capture(replace(claimed, captured_ms=last_ms), self._parts)

    async def _begin(self, claimed: rows.Claimed) -> None:
        if claimed.camera_id in self._captures:  # a row that was lost and claimed anew within one round
            await self._stop([claimed.camera_id])
        self._log.info("camera_taken", camera_id=claimed.camera_id, site_id=claimed.config.site_id)
        self._captures[claimed.camera_id] = Capture(claimed, self._parts)

    async def _give_back(self, camera_ids: list[str]) -> None:
        """Stop them first: no camera is captured twice."""
        for camera_id in camera_ids:
            self._log.info("camera_given_back", camera_id=camera_id)
        held = await self._stop(camera_ids)
        async with self._pool.acquire() as conn:
            await rows.give_back(conn, held)

    async def _report(self) -> None:
        now, by_status = self._clock.now(), dict.fromkeys(STATUSES, 0)
        for camera_id, capture in self._captures.items():
            before, proposal = capture.claimed.status, capture.layout_proposal
            status = next_status(before, capture.seen, now)
            if (
                status is None
                and before is not None
                and (capture.gained or proposal != capture.claimed.layout_proposal)
            ):
                status = replace(before, published_at=now)
            if status is not None:
                has = capture.has
                async with self._pool.acquire() as conn, conn.transaction():
                    seen = capture.last_frame_at, now, capture.snapshot_key, proposal
                    await rows.report(conn, camera_id, capture.claimed.fence, status, *seen)
                capture.reported = has
            current = status or capture.claimed.status
            by_status[current.status if current else "unknown"] += 1
        for name, count in by_status.items():
            self._parts.metrics.set(CAMERAS, count, status=name)

    async def _let_go_if_lost(self) -> None:
        """The database was away for as long as a lease: others may have the cameras by now."""
        if not self._lease.holds:
            await self._stop(list(self._captures))

    async def _stop(self, camera_ids: list[str]) -> list[rows.Held]:
        """All at once: one whose reader hangs takes seconds, and the leases of the others run meanwhile. What they
        were when nothing is published of them any more.
        """
        await asyncio.gather(*(self._captures[each].stop() for each in camera_ids))
        held = self._held(camera_ids)
        for camera_id in camera_ids:
            del self._captures[camera_id]
        return held

    async def _leave(self) -> None:
        held = await self._stop(list(self._captures))
        await self._parts.drops.flush()
        try:
            async with self._pool.acquire() as conn:
                await rows.give_back(conn, held)
                await rows.leave(conn, self._owner)
        except DISCONNECTED as error:
            self._log.warning("database_away", error=type(error).__name__)
