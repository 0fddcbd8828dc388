"""From all bytes received to stored or refused; whatever a crash interrupts is done again from the start.

Object first, then one transaction of row and outbox row, then the partial file goes. The object's key comes from ids,
so a repetition overwrites it with the same bytes.
"""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from chassis import outbox
from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import Metrics
from chassis.multipart import S3Multipart
from chassis.objects import Gone, ObjectStore
from ingest import events
from ingest.admission.facts import Limits, Video
from ingest.admission.probe import Child, admit
from ingest.partial import Partial, partial_path
from ingest.refusals import Refused
from ingest.uploads import Upload, Uploads, set_rejected, set_stored
from tablewatch_schemas import keys

AGAIN_S = 5.0
LOST_AFTER = timedelta(minutes=5)  # a shared folder that is not mounted just now must not refuse what it holds


class Finisher:
    """Finishes uploads, each once at a time, `at_once` of them together."""

    def __init__(
        self,
        uploads: Uploads,
        objects: ObjectStore,
        directory: Path,
        *,
        child: Child,
        max_pixels: int,
        max_streams: int,
        at_once: int,
        clock: Clock,
        metrics: Metrics,
        log: Any,
        bucket: S3Multipart | None = None,
    ) -> None:
        self._uploads, self._objects, self._directory = uploads, objects, directory
        self._child, self._max_pixels, self._max_streams = child, max_pixels, max_streams
        self._clock, self._metrics, self._log = clock, metrics, log
        self._bucket = bucket
        self._turns = asyncio.Semaphore(at_once)
        self._running: dict[str, asyncio.Task[None]] = {}

    def submit(self, video_id: str) -> asyncio.Task[None]:
        """Finish it in the background, if that is not under way; the task may be waited for, shielded."""
        task = self._running.get(video_id)
        if task is None:
            task = asyncio.create_task(self._finish_logged(video_id), name=f"finish {video_id}")
            self._running[video_id] = task
            task.add_done_callback(lambda _: self._running.pop(video_id, None))
        return task

    async def run(self, stop: asyncio.Event) -> None:
        """Take up what a crash, a lost database or another replica left, now and every few seconds."""
        while not stop.is_set():
            try:
                await self._take_up()
            except (OSError, *DISCONNECTED) as error:
                self._log.warning("recovery waits", error=type(error).__name__)
            await wait_or_stop(self._clock, AGAIN_S, stop)
        for task in list(self._running.values()):
            task.cancel()

    async def reject(self, upload: Upload, refused: Refused, size: int | None) -> None:
        """Refuse for good: row and `video.rejected` in one transaction, then the bytes are deleted."""
        now = self._clock.now()
        async with self._uploads.pool.acquire() as conn, conn.transaction():
            if not await set_rejected(conn, upload.video_id, refused.refusal.code, size, now):
                return  # decided meanwhile: stored, its object is named by an event
            await outbox.add(conn, events.rejected(upload, refused, size, now))
        partial_path(self._directory, upload.video_id).unlink(missing_ok=True)
        await self.drop_object(upload)
        self._metrics.count("work_total", stage="admission", outcome=refused.refusal.code)
        self._log.info("upload refused", video_id=upload.video_id, run_id=upload.run_id, code=refused.refusal.code)

    async def drop_object(self, upload: Upload) -> None:
        """Delete what a refused upload in parts has in the bucket; what a crash leaves, the sweep comes back to."""
        if self._bucket is None or upload.multipart_id is None:
            return
        key = keys.original(upload.site_id, upload.video_id)
        await self._bucket.abort(key, upload.multipart_id)
        await self._objects.delete(key)
        await self._uploads.out_of_parts(upload.video_id)

    async def _take_up(self) -> None:
        for video_id, length in await self._uploads.complete_by_length():
            await self._complete_after_crash(video_id, length)
        waiting = await self._uploads.unfinished()
        self._metrics.gauge("backlog", len(waiting), queue="admission")
        for video_id in waiting:
            self.submit(video_id)

    async def _complete_after_crash(self, video_id: str, length: int) -> None:
        path = partial_path(self._directory, video_id)
        if not path.exists() or path.stat().st_size != length:
            return
        try:
            with Partial.open(path) as partial:
                if partial.size == length:
                    await asyncio.to_thread(partial.sync)
                    await self._uploads.received(video_id, length, self._clock.now())
        except (Refused, FileNotFoundError):  # its request is just doing that
            return

    async def _finish_logged(self, video_id: str) -> None:
        try:
            async with self._turns:
                await self._finish(video_id)
        except Exception:  # noqa: BLE001 (a task of its own: `run` takes it up again, and the log must say why)
            self._log.exception("upload not finished, again soon", video_id=video_id)

    async def _finish(self, video_id: str) -> None:
        upload = await self._uploads.find(video_id)
        if upload is None or upload.status != "received":
            return
        path = partial_path(self._directory, video_id)
        try:
            partial = Partial.open(path, create=upload.multipart_id is not None)
        except FileNotFoundError:
            await self._missing(video_id)
            return
        except Refused:  # locked: another replica is at it
            return
        with partial:
            try:
                await self._fetch(upload, partial)
                await self._examine_and_store(upload, path)
            except Gone:
                partial.remove()
                await self._missing(video_id)
            except Refused as refused:
                await self.reject(upload, refused, upload.size_bytes)

    async def _fetch(self, upload: Upload, partial: Partial) -> None:
        """An upload in parts stands in the bucket: bring it here to be examined."""
        if self._bucket is None or upload.multipart_id is None or (upload.size_bytes or 0) > upload.max_bytes:
            return
        partial.truncate(0)
        async for chunk in self._bucket.stream(keys.original(upload.site_id, upload.video_id)):
            await asyncio.to_thread(partial.append, [chunk])

    async def _missing(self, video_id: str) -> None:
        upload = await self._uploads.find(video_id)
        if upload is None or upload.status != "received" or upload.received_at is None:  # finished by a replica
            return
        if self._clock.now() - upload.received_at > LOST_AFTER:
            await self.reject(upload, Refused("bytes_lost"), upload.size_bytes)

    async def _examine_and_store(self, upload: Upload, path: Path) -> None:
        started = self._clock.monotonic()
        limits = Limits(self._max_pixels, upload.max_duration_ms, self._max_streams)
        if (upload.size_bytes or 0) > upload.max_bytes:
            raise Refused("too_large")
        video = await admit(path, limits, self._child)
        sha256 = await asyncio.to_thread(_sha256, path)
        key = keys.original(upload.site_id, upload.video_id)
        if upload.multipart_id is None:
            await self._objects.put(key, path, final=True)
        await self._record(upload, video, sha256, key)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        self._metrics.observe("work_seconds", self._clock.monotonic() - started, stage="admission")

    async def _record(self, upload: Upload, video: Video, sha256: str, key: str) -> None:
        now = self._clock.now()
        async with self._uploads.pool.acquire() as conn, conn.transaction():
            stored = await set_stored(conn, upload, sha256, now)
            if stored:
                await outbox.add(conn, events.uploaded(upload, video, sha256, now))
        if not stored:  # cancelled or deleted while we looked at it
            await self._objects.delete(key)
        self._metrics.count("work_total", stage="admission", outcome="stored" if stored else "withdrawn")
        ids = {"video_id": upload.video_id, "run_id": upload.run_id, "camera_id": upload.camera_id}
        self._log.info("upload stored", **ids, size_bytes=upload.size_bytes, stored=stored)


def _sha256(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
