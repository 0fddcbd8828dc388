"""Publishing: the frames of a run go out in media order as its finished prefix grows, by one publisher at a time."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import WORK, Metrics
from chassis.produce import Producer
from chassis.trace import trace_id
from events.metrics import FRAMES
from extractor import events
from extractor.files.flow_control import PublishWindow
from extractor.files.rows import jobs, publication
from extractor.model.failures import Failed, StorageFailed
from extractor.model.frames import Batch, next_batch
from objects.store import ObjectStore
from tablewatch_schemas import Encoded, keys

MAX_BATCH = 100
LEASE = timedelta(seconds=10)
POLL_S = 0.2
LINGER_S = 0.4
"""After a round without a full batch: each batch costs a request and two transactions, of ten frames hardly more than
of one."""
POSTPONE = timedelta(seconds=5)
"""For a run whose best thumbnail could not be stored."""


class Publisher:
    """Claims runs that have something to publish, one after another, each under its own lease and fence."""

    def __init__(
        self,
        owner: str,
        pool: asyncpg.Pool,
        store: ObjectStore,
        producer: Producer,
        window: PublishWindow,
        *,
        clock: Clock,
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._owner, self._pool, self._store, self._producer, self._window = owner, pool, store, producer, window
        self._clock, self._metrics, self._log = clock, metrics, log
        metrics.count(
            FRAMES, 0, outcome="extracted", reason="", lane="run"
        )  # increase() misses what a series begins with

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while the database is unreachable it waits."""
        while not stop.is_set():
            try:
                largest = await self.round()
            except DISCONNECTED as error:
                self._log.warning("database_away", error=type(error).__name__)
                largest = 0
            if largest < MAX_BATCH:
                await wait_or_stop(self._clock, LINGER_S if largest else POLL_S, stop)

    async def round(self) -> int:
        """Publish one batch of every run that has something; the size of the largest, 0 if nothing was published."""
        done, largest = list[str](), 0
        while (job := await self._claim(done)) is not None:
            if await self._window.room() == 0:
                async with self._pool.acquire() as conn:
                    await publication.release(conn, job)
                return 0
            largest = max(largest, await self._publish(job))
            done.append(job["run_id"])
        return largest

    async def _claim(self, done: list[str]) -> asyncpg.Record | None:
        async with self._pool.acquire() as conn:
            return await publication.claim(conn, self._owner, LEASE, done)

    async def _publish(self, job: asyncpg.Record) -> int:
        """One batch of a claimed run; its size, at least 1."""
        batch = await self._next_batch(job)
        try:
            best_thumb = batch.ends_run and not job["given_up"] and await self._store_best_thumbnail(job)
        except Failed as error:
            self._log.warning("thumbnail_put_off", run_id=job["run_id"], error=str(error))
            self._metrics.count(WORK, stage="publish", outcome="storage_failed")
            async with self._pool.acquire() as conn:
                await publication.postpone(conn, job, POSTPONE)
            return 1
        await self._producer.send_all(self._messages(job, batch))
        self._window.published(len(batch.frames))
        if await self._record(job, batch, best_thumb):
            self._report(job, batch)
        return max(1, len(batch.frames))

    async def _next_batch(self, job: asyncpg.Record) -> Batch:
        async with self._pool.acquire() as conn:
            frames = await publication.frames_of(conn, job, limit=MAX_BATCH + 1)
        room = min(MAX_BATCH, await self._window.room())
        batch = next_batch(frames, job["published"], job["total"], job["given_up"], job["marked"] > 0, room)
        return batch if len(frames) <= MAX_BATCH else Batch(batch.frames)  # more rows than were read: not the end

    def _messages(self, job: asyncpg.Record, batch: Batch) -> list[Encoded]:
        upload, now = events.upload_record(job), self._clock.now()
        final = batch.frames[-1] if batch.frames else None
        messages = [events.frame_event(upload, frame, batch.last and frame is final, now) for frame in batch.frames]
        if batch.marker:
            index = job["published"] + len(batch.frames)
            messages.append(events.end_marker_event(upload, index, final.media_ms if final else 0, now))
        return messages

    async def _record(self, job: asyncpg.Record, batch: Batch, best_thumb: bool) -> bool:
        """Record what the broker acknowledged; False if the lease was lost meanwhile."""
        published = job["published"] + len(batch.frames)
        async with self._pool.acquire() as conn, conn.transaction():
            if not batch.ends_run:
                return await publication.advance(conn, job, published)
            if job["given_up"]:
                return await publication.mark(conn, job, published)
            if not await publication.finish(conn, job, published, best_thumb):
                return False
            await jobs.enqueue_progress(conn, job["run_id"], self._clock.now())
            return True

    def _report(self, job: asyncpg.Record, batch: Batch) -> None:
        upload, count = events.upload_record(job), len(batch.frames)
        self._metrics.count(WORK, count, stage="publish", outcome="ok")
        if upload.event is not None and "tables" in upload.event.make and upload.event.layout_key is not None:
            self._metrics.count(FRAMES, count, outcome="extracted", reason="", lane="run")
        ids = {
            "run_id": job["run_id"],
            "video_id": job["video_id"],
            "trace_id": trace_id(upload.traceparent) or "",
        }
        figures = {"frames": count, "published": job["published"] + count}
        if batch.ends_run:
            self._log.info("run_published", **ids, **figures)
        else:
            self._log.debug("frames_published", **ids, **figures)

    async def _store_best_thumbnail(self, job: asyncpg.Record) -> bool:
        """False if no segment has one. Raises StorageFailed."""
        async with self._pool.acquire() as conn:
            thumbnail = await publication.best_thumbnail(conn, job["run_id"])
        if thumbnail is None:
            return False
        try:
            await self._store.put(keys.thumbnail(job["site_id"], job["run_id"], "best"), thumbnail, "image/jpeg")
        except Exception as error:  # the boundary to storage: every backend has its own errors
            raise StorageFailed(str(error)) from error
        return True
