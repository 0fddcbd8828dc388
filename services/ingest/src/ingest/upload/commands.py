"""`video.command`: cancel ends a running upload, delete removes rows and bytes; `site.config`: what a site may keep."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chassis.clock import Clock
from chassis.consume import Invalid
from chassis.records import Record
from events.decode import decode_record, decode_record_as
from ingest.store.partial_file import partial_path
from ingest.store.uploads import ANY, OPEN, Status
from objects.multipart import S3Multipart
from objects.store import ObjectStore
from tablewatch_schemas import Received, SiteConfig, VideoCommand, keys


class Rows(Protocol):
    """The part of `Uploads` that a command needs."""

    async def withdraw(self, video_id: str, now: datetime, of: Sequence[Status]) -> bool: ...

    async def set_site_limit(self, site_id: str, version: int, original_bytes: int | None) -> None: ...

    async def forget_site_limit(self, site_id: str) -> None: ...


class Commands:
    """Handler of the group `ingest`. A command may come before its upload, and be redelivered."""

    def __init__(
        self,
        uploads: Rows,
        objects: ObjectStore,
        directory: Path,
        clock: Clock,
        bucket: S3Multipart | None = None,
    ) -> None:
        self._uploads, self._objects, self._directory, self._clock = uploads, objects, directory, clock
        self._bucket = bucket

    async def __call__(self, record: Record) -> None:
        if record.topic == SiteConfig.TOPIC:
            await self._limit_site(decode_record_as(SiteConfig, record))
            return
        event = decode_record(record).event
        if not isinstance(event, VideoCommand):
            raise Invalid("not_a_command", "a video.command is never a tombstone")
        if event.action in ("cancel", "delete"):
            await self._withdraw(event)

    async def _limit_site(self, received: Received[SiteConfig]) -> None:
        site = received.event
        if site is None:
            await self._uploads.forget_site_limit(received.key or "")
        else:
            await self._uploads.set_site_limit(site.site_id, site.version, site.original_bytes)

    async def _withdraw(self, command: VideoCommand) -> None:
        delete = command.action == "delete"
        if await self._uploads.withdraw(command.video_id, self._clock.now(), of=ANY if delete else OPEN):
            # A request that is writing sees that its file was removed, and ends
            path = partial_path(self._directory, command.video_id)
            await asyncio.to_thread(path.unlink, missing_ok=True)
            await self._clear_bucket(command)
        if delete:
            await self._objects.delete_prefix(keys.original_prefix(command.site_id, command.video_id))

    async def _clear_bucket(self, command: VideoCommand) -> None:
        """Delete parts, and the object of completed parts that is not admitted yet."""
        if self._bucket is None:
            return
        prefix = keys.original_prefix(command.site_id, command.video_id)
        for each in await self._bucket.list_open(prefix):
            await self._bucket.abort(each.key, each.multipart_id)
        await self._objects.delete_prefix(prefix)
