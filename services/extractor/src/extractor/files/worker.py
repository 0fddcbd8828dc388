"""A worker: claims segments one after another and has each decoded in a process of its own."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from chassis.clock import Clock
from chassis.database import DISCONNECTED
from chassis.health import Health
from chassis.metrics import WORK, WORK_SECONDS, Metrics
from dependencies.errors import StoreFull
from events.documents import Documents
from extractor.files import segment_work
from extractor.files.decoder import FORBIDDEN_CALL, Decoder, DecoderLimits
from extractor.files.linked_tasks import run_linked
from extractor.files.originals import Originals
from extractor.files.rows import segments
from extractor.files.rows.claims import Claim, Lost, SurveyResult
from extractor.files.storage_quota import SiteQuota
from extractor.files.storage_retry import retry_storage
from extractor.metrics import EXTRACTION_WAITS, LEASES_LOST
from extractor.model.failures import (
    QUOTA_RESERVED,
    STORE_FULL,
    Crashed,
    Failed,
    QuotaReserved,
    SourceGone,
    printable,
)
from extractor.model.frames import is_png
from extractor.model.storage import crop_share, run_estimate
from extractor.protocol import ProtocolError
from objects.space import StoreSpace
from objects.store import Gone, ObjectStore
from tablewatch_schemas import ContractError, VideoUploaded
from tablewatch_schemas.layout import Layout

IDLE_S = 0.2
"""Between two attempts to claim a segment; a new video, and then its plan, wait for it."""
RENEW_S = 1.0
"""Also how soon a cancelled job's decoder is killed."""
ALIVE_S = 120.0
FULL_IDLE_S = 1.0
"""Between two looks at the free space of a store that has too little."""
FULL_WAIT = timedelta(seconds=5)
"""After the store said itself that it is full, until the segment is tried again."""
RESERVED_WAIT = timedelta(seconds=30)
"""Between two looks at a quota that other runs of the site have reserved."""
MAX_ABANDONED = 3
"""Times the allowed attempts, after which a segment has failed whose workers all ended without recording a failure."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """See the settings of the same names."""

    lease_s: float
    attempts: int
    quality: int
    limits: DecoderLimits
    site_picture_bytes: int


class Worker:
    """One segment at a time. Any number of workers, in any number of processes, share the jobs."""

    def __init__(
        self,
        owner: str,
        pool: asyncpg.Pool,
        store: ObjectStore,
        space: StoreSpace,
        originals: Originals,
        options: WorkerOptions,
        *,
        clock: Clock,
        metrics: Metrics,
        health: Health,
        log: Any,
    ) -> None:
        self._owner, self._pool, self._store, self._originals, self._options = owner, pool, store, originals, options
        self._clock, self._metrics, self._health, self._log = clock, metrics, health, log.bind(worker=owner)
        self._quota = SiteQuota(pool, options.site_picture_bytes)
        self._output = segment_work.Output(store, pool, self._quota, space, clock)
        self._space, self._waits = space, False
        self._documents = Documents(store)
        self._decoder: Decoder | None = None
        self._decoder_file: tuple[str, Path] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: then the running segment is abandoned at once, for another worker to claim."""
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
                if not await self._has_space():
                    await self._clock.sleep(FULL_IDLE_S)
                elif not await self.work_once():
                    await self._idle()
            except DISCONNECTED as error:
                self._log.warning("database_away", error=repr(error))
                await self.close()
                await self._clock.sleep(IDLE_S)

    async def _has_space(self) -> bool:
        """False while the store has too little free space: no segment is begun, and the runs say so."""
        try:
            await self._space.check()
        except StoreFull as full:
            await self._wait(full)
            async with self._pool.acquire() as conn:
                await segments.wait_all(conn, STORE_FULL)
            return False
        if self._waits:
            self._waits = False
            self._metrics.set(EXTRACTION_WAITS, 0, code=STORE_FULL)
            self._log.info("extraction_goes_on")
        return True

    async def _wait(self, full: StoreFull) -> None:
        if not self._waits:
            self._waits = True
            self._metrics.set(EXTRACTION_WAITS, 1, code=STORE_FULL)
            self._log.warning("extraction_waits", code=STORE_FULL, reason=full.detail)
            await self.close()

    async def _idle(self) -> None:
        """Have a decoder ready for the next file, then wait a little."""
        if self._decoder_file is not None:
            await self.close()
        await self._originals.evict()
        try:
            await self._decoder_for(None)
        except Failed as failed:
            self._log.error("decoder_does_not_start", error=str(failed))
        await self._clock.sleep(IDLE_S)

    async def work_once(self) -> bool:
        """Claim a segment and work on it; False if there was none."""
        claim = await self._claim()
        if claim is None:
            return False
        began = self._clock.monotonic()
        outcome = await self._outcome(claim)
        if outcome != "ok":
            await self.close()
        stage = "plan" if claim.kind == "plan" else "extract"
        self._metrics.count(WORK, stage=stage, outcome=outcome)
        self._metrics.observe(WORK_SECONDS, self._clock.monotonic() - began, stage=stage)
        ids = {"video_id": claim.upload.video_id, "run_id": claim.run_id}
        self._log.info("segment", **ids, number=claim.number, kind=claim.kind, outcome=outcome)
        return True

    async def _claim(self) -> Claim | None:
        async with self._pool.acquire() as conn:
            if not await segments.any_claimable(conn, self._options.lease_s):
                return None
            async with conn.transaction():
                return await segments.claim(conn, self._owner, self._options.lease_s, self._clock.now())

    async def _outcome(self, claim: Claim) -> str:
        """`ok`, `lost`, or the code of the failure, or of what it waits for, which is recorded."""
        try:
            await run_linked(self._process(claim), self._keep_lease(claim))
        except Lost:
            self._metrics.count(LEASES_LOST, lease="segment")
            return "lost"
        except StoreFull as full:
            await self._wait(full)
            async with self._pool.acquire() as conn, conn.transaction():
                await segments.put_off(conn, claim, FULL_WAIT, STORE_FULL)
            return STORE_FULL
        except QuotaReserved as reserved:
            self._quota.waits(claim, reserved)
            async with self._pool.acquire() as conn, conn.transaction():
                await segments.put_off(conn, claim, RESERVED_WAIT, QUOTA_RESERVED)
            return QUOTA_RESERVED
        except Failed as failed:
            await self._record_failure(claim, failed)
            return failed.code
        except ProtocolError as error:
            await self._record_failure(claim, Crashed(f"the decoder sent what is no message: {error}"))
            return Crashed.code
        except Exception as error:
            # A ValueError is no lost database, though asyncpg's own (a value that no column holds) is among them
            if isinstance(error, DISCONNECTED) and not isinstance(error, ValueError):
                raise
            self._log.exception("segment_work_failed", run_id=claim.run_id, number=claim.number)
            await self._record_failure(claim, Crashed(repr(error)))
            return Crashed.code
        return "ok"

    async def _process(self, claim: Claim) -> None:
        if claim.attempts > self._options.attempts * MAX_ABANDONED:
            raise Crashed("whoever worked on it did not come back")
        if claim.kind == "plan":
            await self._quota.check_waiting(claim)
        try:
            async with self._originals.open(claim.upload.object_key) as path:
                decoder = await self._decoder_for((claim.run_id, path))
                if claim.kind == "plan":
                    surveyed = await segment_work.survey(decoder, path, claim, self._options.quality)
                    await self._plan(claim, surveyed)
                    return
                extracted = await segment_work.extract(decoder, path, claim, self._output, self._options.quality)
        except Gone as error:
            raise SourceGone(str(error)) from error
        async with self._pool.acquire() as conn, conn.transaction():
            if extracted.plan_held:
                await segments.finish(conn, claim, extracted.frames, extracted.best, extracted.gaps, extracted.ends_ms)
            else:
                await segments.fall_back_to_sequential(conn, claim)

    async def _plan(self, claim: Claim, surveyed: SurveyResult) -> None:
        share = await self._crop_share(claim.upload)
        estimate = run_estimate(surveyed.sample, is_png(claim.upload), share)
        limit = self._quota.default_limit
        async with self._pool.acquire() as conn, conn.transaction():
            await segments.plan(conn, claim, surveyed, estimate, limit, self._clock.now())

    async def _crop_share(self, upload: VideoUploaded) -> float:
        """Of the run's layout; 0 where no crops are made. Raises StorageFailed."""
        if "tables" not in upload.make or upload.layout_key is None:
            return 0.0
        try:
            layout = await retry_storage(partial(self._layout, upload.layout_key), self._clock)
        except Gone:
            layout = None
        return 0.0 if layout is None else crop_share(table.box for table in layout.tables)

    async def _layout(self, key: str) -> Layout | None:
        """None if it is no layout: the cropper meets the same, and makes no crops."""
        try:
            return await self._documents.layout(key)
        except ContractError:
            return None

    async def _keep_lease(self, claim: Claim) -> None:
        """Renew it. Raises Lost as soon as it is not ours, or the database was unreachable for as long as it lasts."""
        renewed = self._clock.monotonic()
        while True:
            await self._clock.sleep(RENEW_S)
            try:
                async with self._pool.acquire() as conn:
                    if not await segments.renew(conn, claim, self._options.lease_s):
                        raise Lost(claim.run_id)
                renewed = self._clock.monotonic()
                self._health.beat(f"worker {self._owner}")
            except DISCONNECTED as error:
                if self._clock.monotonic() - renewed > self._options.lease_s:
                    raise Lost(claim.run_id) from error

    async def _record_failure(self, claim: Claim, failed: Failed) -> None:
        self._log.warning("segment_failed", run_id=claim.run_id, number=claim.number, error=printable(str(failed)))
        if failed.detail.endswith(FORBIDDEN_CALL):
            self._log.error("decoder_made_forbidden_call", video_id=claim.upload.video_id, run_id=claim.run_id)
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                await segments.fail_attempt(conn, claim, failed, self._options.attempts, self._clock.now())
        except Lost:
            self._metrics.count(LEASES_LOST, lease="segment")

    async def _decoder_for(self, file: tuple[str, Path] | None) -> Decoder:
        """One that has seen no other run's file: a decoder that a file took control of cannot reach the next video.

        An original that was fetched anew since is another file, too, and a decoder opens one only. One that ended while
        it had no request, by the kernel's hand when memory runs out, is replaced: that is no attempt at a segment.
        """
        if self._decoder is not None and self._decoder.has_ended():
            self._log.warning("decoder_ended_idle", reason=await self._decoder.exit_reason())
            await self.close()
        if self._decoder is not None and self._decoder_file not in (None, file):
            await self.close()
        if self._decoder is None:
            self._decoder = await Decoder.start(self._options.limits)
        self._decoder_file = file
        return self._decoder

    async def close(self) -> None:
        """Kill the decoder."""
        decoder, self._decoder, self._decoder_file = self._decoder, None, None
        if decoder is not None:
            await decoder.kill()
