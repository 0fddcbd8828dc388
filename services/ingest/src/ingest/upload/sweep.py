"""Expires uploads without progress, and deletes files and objects that no row needs."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from ingest.refusals import Refusal, UploadExpired
from ingest.store.partial_file import SUFFIX, PartialFile, partial_path
from ingest.store.uploads import Uploads
from ingest.upload.finish import Finisher
from ingest.upload.multipart import MultipartSweep
from objects.store import ObjectStore
from tablewatch_schemas import keys

EVERY_S = 60.0
ORPHAN_S = 3600.0


class Sweep:
    """Runs once a minute; replicas may sweep the same folder."""

    def __init__(
        self,
        uploads: Uploads,
        finisher: Finisher,
        directory: Path,
        clock: Clock,
        log: Any,
        objects: ObjectStore,
        multipart: MultipartSweep | None = None,
    ) -> None:
        self._multipart, self._objects = multipart, objects
        self._uploads, self._finisher, self._directory = uploads, finisher, directory
        self._clock, self._log = clock, log

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep every EVERY_S until `stop`."""
        while not stop.is_set():
            try:
                await self.expire(self._clock.now())
                await self.clear_orphans(self._clock.now())
                await self.clear_withdrawn(self._clock.now())
                if self._multipart is not None:
                    await self._multipart.sweep(self._clock)
            except (OSError, *DISCONNECTED) as error:
                self._log.warning("sweep failed, again later", error=type(error).__name__)
            await wait_or_stop(self._clock, EVERY_S, stop)

    async def expire(self, now: datetime) -> None:
        """Reject uploads that are past their expiry, unless a request is writing."""
        async for video_id in self._uploads.expired(now):
            path = partial_path(self._directory, video_id)
            upload = await self._uploads.find(video_id)
            if upload is None:
                continue
            try:
                with PartialFile.open(path) as partial:
                    await self._finisher.reject(upload, UploadExpired(), partial.size)
            except FileNotFoundError:
                await self._finisher.reject(upload, UploadExpired(), 0)
            except Refusal:  # locked by a request
                continue

    async def clear_withdrawn(self, now: datetime) -> None:
        """Delete originals that were stored after their video was withdrawn, by a process that was killed then."""
        async for site_id, video_id in self._uploads.recently_withdrawn():
            await self._objects.delete_prefix(keys.original_prefix(site_id, video_id))
        await self._uploads.expire_tombstones(now)

    async def clear_orphans(self, now: datetime) -> int:
        """Delete partial files without an open upload, which a crash left; returns how many."""
        cleared = 0
        for path in await asyncio.to_thread(lambda: list(self._directory.glob(f"*{SUFFIX}"))):
            upload = await self._uploads.find(path.name.removesuffix(SUFFIX))
            if upload is not None and upload.status in ("receiving", "received"):
                continue
            if (
                upload is not None or _age_s(path, now) > ORPHAN_S
            ):  # one without a row may belong to a request that begins
                path.unlink(missing_ok=True)
                cleared += 1
        return cleared


def _age_s(path: Path, now: datetime) -> float:
    try:
        return now.timestamp() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
