"""`video.command`: a cancelled upload ends at once, a deleted video leaves nothing here."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chassis.clock import Clock
from chassis.consume import Invalid
from chassis.multipart import S3Multipart
from chassis.objects import ObjectStore
from chassis.records import Record
from ingest.partial import partial_path
from ingest.uploads import ANY, OPEN, Status
from tablewatch_schemas import ContractError, VideoCommand, decode, keys


class Withdrawals(Protocol):
    """What of `Uploads` a command needs."""

    async def withdraw(self, video_id: str, now: datetime, of: Sequence[Status]) -> bool: ...


class Commands:
    """Handler of the group `ingest`. Both commands may come before the upload they are for, and more than once."""

    def __init__(
        self,
        uploads: Withdrawals,
        objects: ObjectStore,
        directory: Path,
        clock: Clock,
        bucket: S3Multipart | None = None,
    ) -> None:
        self._uploads, self._objects, self._directory, self._clock = uploads, objects, directory, clock
        self._bucket = bucket

    async def __call__(self, record: Record) -> None:
        try:
            event = decode(record.topic, record.key, record.value, record.headers).event
        except ContractError as error:
            raise Invalid(error.code, error.reason) from error
        if not isinstance(event, VideoCommand):
            raise Invalid("not_a_command", "a video.command is never a tombstone")
        if event.action in ("cancel", "delete"):
            await self._withdraw(event)

    async def _withdraw(self, command: VideoCommand) -> None:
        delete = command.action == "delete"
        if await self._uploads.withdraw(command.video_id, self._clock.now(), of=ANY if delete else OPEN):
            # A request that is writing sees that its file is gone, and ends
            path = partial_path(self._directory, command.video_id)
            await asyncio.to_thread(path.unlink, missing_ok=True)
            await self._clear_bucket(command)
        if delete:
            await self._objects.delete_prefix(keys.original_prefix(command.site_id, command.video_id))

    async def _clear_bucket(self, command: VideoCommand) -> None:
        """Parts, and an object that was put together of them and is not decided on."""
        if self._bucket is None:
            return
        prefix = keys.original_prefix(command.site_id, command.video_id)
        for one in await self._bucket.open_ones(prefix):
            await self._bucket.abort(one.key, one.multipart_id)
        await self._objects.delete_prefix(prefix)
