"""From `received` to `stored` or `rejected`. Whatever a crash interrupts is repeated from the start.

The object is stored first, then row and outbox row in one transaction, then the partial file is deleted. The object's
key is made of ids, so that a repetition overwrites it with the same bytes.
"""

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from chassis import outbox
from chassis.backoff import Backoff
from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.metrics import WORK, WORK_SECONDS, Metrics
from dependencies.errors import UploadsDirectoryMissing
from ingest import events
from ingest.admission.facts import FileLimits, Video
from ingest.admission.probe import ProbeOptions, admit
from ingest.metrics import BACKLOG, WAITING
from ingest.refusals import BytesLost, FileRefusal, NoRoom, Refusal, TooLarge
from ingest.store.partial_file import PartialFile, partial_path
from ingest.store.uploads import Upload, Uploads, set_rejected, set_stored
from ingest.upload.room import Room
from objects.multipart import S3Multipart
from objects.store import Gone, ObjectStore
from tablewatch_schemas import keys

RETRY_S = 5.0
RETRY_MOST_S = 60.0
"""Between two attempts at an upload that cannot be finished: each may copy the whole file."""
LOST_AFTER = timedelta(minutes=5)  # a shared folder that is not mounted for a moment must not refuse its files

_RETRY = Backoff(RETRY_S, RETRY_MOST_S)
_ARRIVED = "All of it has arrived: it is stored by itself when there is room."


@dataclass(frozen=True, slots=True)
class Pause:
    """An upload is left alone until a time (`clock.monotonic`), after so many attempts failed, the last by `cause`."""

    failed: int
    until: float
    cause: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file was found to be, so that it is not read again while it waits to be stored.

    `state` tells it from one that was written since.
    """

    state: tuple[int, int, int]
    video: Video
    sha256: str


class Finisher:
    """Examines and stores uploads, `at_once` of them at a time; no upload twice at the same time."""

    def __init__(
        self,
        uploads: Uploads,
        objects: ObjectStore,
        directory: Path,
        room: Room,
        *,
        probe: ProbeOptions,
        max_pixels: int,
        max_streams: int,
        at_once: int,
        clock: Clock,
        metrics: Metrics,
        log: Any,
        bucket: S3Multipart | None = None,
    ) -> None:
        self._uploads, self._objects, self._directory, self._room = uploads, objects, directory, room
        self._probe, self._max_pixels, self._max_streams = probe, max_pixels, max_streams
        self._clock, self._metrics, self._log = clock, metrics, log
        self._bucket = bucket
        self._slots = asyncio.Semaphore(at_once)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, Pause] = {}
        self._examined: dict[str, Examined] = {}
        self._waiting: Counter[str] = Counter()

    def submit(self, video_id: str) -> asyncio.Task[None]:
        """Finish the upload in a background task, or return the running one; it is shared and not to be cancelled."""
        task = self._running.get(video_id)
        if task is None:
            task = asyncio.create_task(self._finish_logged(video_id), name=f"finish {video_id}")
            self._running[video_id] = task
            task.add_done_callback(lambda _: self._running.pop(video_id, None))
        return task

    async def run(self, stop: asyncio.Event) -> None:
        """Every RETRY_S until `stop`, resume uploads that a crash, a lost database or another replica left."""
        while not stop.is_set():
            try:
                await self._resume_unfinished()
            except (OSError, *DISCONNECTED) as error:
                self._log.warning("recovery waits", error=type(error).__name__)
            await wait_or_stop(self._clock, RETRY_S, stop)
        for task in list(self._running.values()):
            task.cancel()

    async def reject(self, upload: Upload, refusal: Refusal, size: int | None) -> None:
        """Reject the file: row and `video.rejected` in one transaction, then the bytes are deleted."""
        now = self._clock.now()
        async with self._uploads.pool.acquire() as conn, conn.transaction():
            if not await set_rejected(conn, upload.video_id, refusal, size, now):
                return  # stored or rejected meanwhile
            await outbox.enqueue(conn, events.video_rejected_event(upload, refusal, size, now))
        partial_path(self._directory, upload.video_id).unlink(missing_ok=True)
        await self.delete_object(upload)
        self._metrics.count(WORK, stage="admission", outcome=refusal.code)
        self._log.info(
            "upload refused",
            video_id=upload.video_id,
            run_id=upload.run.run_id,
            code=refusal.code,
            detail=refusal.detail,
        )

    async def delete_object(self, upload: Upload) -> None:
        """Delete parts and object of a refused multipart upload; the sweep repeats what a crash interrupts."""
        if self._bucket is None or upload.multipart_id is None:
            return
        key = keys.original(upload.site_id, upload.video_id)
        await self._bucket.abort(key, upload.multipart_id)
        await self._objects.delete(key)
        await self._uploads.clear_multipart(upload.video_id)

    async def _resume_unfinished(self) -> None:
        for video_id, length in await self._uploads.complete_by_length():
            await self._complete_after_crash(video_id, length)
        waiting = await self._uploads.unfinished()
        self._metrics.set(BACKLOG, len(waiting), queue="admission")
        self._forget_all_but(set(waiting))
        self._count_waiting()
        for video_id in waiting:
            self.submit(video_id)

    def _forget_all_but(self, waiting: set[str]) -> None:
        """Others were withdrawn, or finished by a replica."""
        for video_id in (self._pauses.keys() | self._examined.keys()) - waiting - self._running.keys():
            self._forget(video_id)

    def _count_waiting(self) -> None:
        codes = Counter(pause.cause for pause in self._pauses.values())
        for code in self._waiting.keys() | codes.keys():
            self._metrics.set(WAITING, codes[code], code=code)
        self._waiting = codes

    def _forget(self, video_id: str) -> None:
        self._pauses.pop(video_id, None)
        self._examined.pop(video_id, None)

    async def _complete_after_crash(self, video_id: str, length: int) -> None:
        path = partial_path(self._directory, video_id)
        if not path.exists() or path.stat().st_size != length:
            return
        try:
            with PartialFile.open(path) as partial:
                if partial.size == length:
                    await asyncio.to_thread(partial.sync)
                    await self._uploads.set_received(video_id, length, self._clock.now())
        except (Refusal, FileNotFoundError):  # its request is doing the same
            return

    async def _finish_logged(self, video_id: str) -> None:
        pause = self._pauses.get(video_id)
        if pause is not None and self._clock.monotonic() < pause.until:
            return
        try:
            async with self._slots:
                await self._finish(video_id)
        except Exception as error:  # noqa: BLE001 (a background task: `run` retries it, and the log has the reason)
            self._put_off(video_id, pause, error)
        else:
            self._forget(video_id)

    def _put_off(self, video_id: str, before: Pause | None, error: Exception) -> None:
        """Leave the upload alone for a while, longer after each attempt; the same cause again is not logged."""
        failed, cause = 1 if before is None else before.failed + 1, str(getattr(error, "code", type(error).__name__))
        self._pauses[video_id] = Pause(failed, self._clock.monotonic() + _RETRY.delay_s(failed), cause)
        if before is not None and before.cause == cause:
            return
        if isinstance(error, (NoRoom, OSError, *DISCONNECTED)) and not isinstance(error, ValueError):
            self._log.warning("upload waits", video_id=video_id, cause=cause, reason=str(error))
        else:
            self._log.exception("upload not finished, again soon", video_id=video_id)

    async def _finish(self, video_id: str) -> None:
        upload = await self._uploads.find(video_id)
        if upload is None or upload.status != "received":
            return
        path = partial_path(self._directory, video_id)
        try:
            partial = PartialFile.open(path, create=upload.multipart_id is not None)
        except FileNotFoundError:
            await self._missing(video_id)
            return
        except Refusal:  # locked by another replica
            return
        with partial:
            try:
                async with self._room.reporting(upload.run, _ARRIVED):
                    await self._fetch(upload, partial)
                    await self._examine_and_store(upload, path)
            except Gone:
                partial.remove()
                await self._missing(video_id)
            except FileRefusal as refusal:
                await self.reject(upload, refusal, upload.size_bytes)

    async def _fetch(self, upload: Upload, partial: PartialFile) -> None:
        """Copy the object of a multipart upload here, to be examined as a file."""
        if self._bucket is None or upload.multipart_id is None or (upload.size_bytes or 0) > upload.max_bytes:
            return
        partial.truncate(0)
        self._room.check_directory(upload.size_bytes or 0)
        try:
            async for chunk in self._bucket.stream(keys.original(upload.site_id, upload.video_id)):
                await asyncio.to_thread(partial.append, [chunk])
        except BaseException:
            partial.truncate(0)  # a part of a copy is of no use, and the disk may be full of it
            raise

    async def _missing(self, video_id: str) -> None:
        if not await asyncio.to_thread(self._directory.is_dir):  # not mounted: nothing is known to be lost
            raise UploadsDirectoryMissing(f"({self._directory})")
        upload = await self._uploads.find(video_id)
        if upload is None or upload.status != "received" or upload.received_at is None:  # finished by a replica
            return
        if self._clock.now() - upload.received_at > LOST_AFTER:
            await self.reject(upload, BytesLost(), upload.size_bytes)

    async def _examine_and_store(self, upload: Upload, path: Path) -> None:
        started = self._clock.monotonic()
        if (upload.size_bytes or 0) > upload.max_bytes:
            raise TooLarge
        await self._room.check_store(path)
        examined = await self._examine(upload, path)
        key = keys.original(upload.site_id, upload.video_id)
        if upload.multipart_id is None:
            await self._objects.put(key, path, final=True)
        await self._record(upload, examined.video, examined.sha256, key)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        self._metrics.observe(WORK_SECONDS, self._clock.monotonic() - started, stage="admission")

    async def _examine(self, upload: Upload, path: Path) -> Examined:
        """Read the file, unless an attempt before did. Raises FileRefusal."""
        state = await asyncio.to_thread(_state, path)
        before = self._examined.get(upload.video_id)
        if before is not None and before.state == state:
            return before
        limits = FileLimits(self._max_pixels, upload.max_duration_ms, self._max_streams)
        video = await admit(path, limits, self._probe)
        examined = Examined(state, video, await asyncio.to_thread(_sha256, path))
        self._examined[upload.video_id] = examined
        return examined

    async def _record(self, upload: Upload, video: Video, sha256: str, key: str) -> None:
        now = self._clock.now()
        async with self._uploads.pool.acquire() as conn, conn.transaction():
            stored = await set_stored(conn, upload, sha256, now)
            if stored:
                await outbox.enqueue(conn, events.video_uploaded_event(upload, video, sha256, now))
        if not stored:  # cancelled or deleted meanwhile
            await self._objects.delete(key)
        self._metrics.count(WORK, stage="admission", outcome="stored" if stored else "withdrawn")
        ids = {"video_id": upload.video_id, "run_id": upload.run.run_id, "camera_id": upload.run.camera_id}
        self._log.info("upload stored", **ids, size_bytes=upload.size_bytes, stored=stored)


def _state(path: Path) -> tuple[int, int, int]:
    """Inode, size and time of the last write of a file."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _sha256(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
