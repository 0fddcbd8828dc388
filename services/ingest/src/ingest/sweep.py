"""Uploads without progress expire; files that no row needs go."""

import asyncio
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.objects import ObjectStore
from ingest.finish import Finisher
from ingest.partial import SUFFIX, Partial, partial_path
from ingest.parts import PartsSweep
from ingest.refusals import Refused
from ingest.uploads import Uploads
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
        parts: PartsSweep | None = None,
    ) -> None:
        self._parts, self._objects = parts, objects
        self._uploads, self._finisher, self._directory = uploads, finisher, directory
        self._clock, self._log = clock, log

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`."""
        while not stop.is_set():
            try:
                await self.expire(self._clock.now())
                await self.clear_orphans(time.time())
                await self.clear_withdrawn(self._clock.now())
                if self._parts is not None:
                    await self._parts.sweep(self._clock)
            except (OSError, *DISCONNECTED) as error:
                self._log.warning("sweep failed, again later", error=type(error).__name__)
            await wait_or_stop(self._clock, EVERY_S, stop)

    async def expire(self, now: datetime) -> None:
        """Refuse what made no progress for its time; an upload that is being written to just now does."""
        for video_id in await self._uploads.expired(now):
            path = partial_path(self._directory, video_id)
            upload = await self._uploads.find(video_id)
            if upload is None:
                continue
            try:
                with Partial.open(path) as partial:
                    await self._finisher.reject(upload, Refused("upload_expired"), partial.size)
            except FileNotFoundError:
                await self._finisher.reject(upload, Refused("upload_expired"), 0)
            except Refused:
                continue

    async def clear_withdrawn(self, now: datetime) -> None:
        """Delete originals that were put after their video was withdrawn, by who was killed before he could see it."""
        for site_id, video_id in await self._uploads.withdrawn_lately():
            await self._objects.delete_prefix(keys.original_prefix(site_id, video_id))
        await self._uploads.let_withdrawn_rest(now)

    async def clear_orphans(self, now_s: float) -> int:
        """Delete partial files that are old and have no open row: left by a crash just before their end."""
        cleared = 0
        for path in await asyncio.to_thread(lambda: list(self._directory.glob(f"*{SUFFIX}"))):
            upload = await self._uploads.find(path.name.removesuffix(SUFFIX))
            if upload is not None and upload.status in ("receiving", "received"):
                continue
            if upload is not None or _age_s(path, now_s) > ORPHAN_S:  # without a row it may just be being created
                path.unlink(missing_ok=True)
                cleared += 1
        return cleared


def _age_s(path: Path, now_s: float) -> float:
    try:
        return now_s - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
