"""What a request may do to an upload, whatever the protocol: begin it, add to it, look at it, end it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from chassis.clock import Clock
from chassis.connection import Pieces
from ingest.finish import Finisher
from ingest.partial import Partial, partial_path
from ingest.receive import Limit, receive
from ingest.refusals import REFUSALS, Refused
from ingest.tokens import UploadToken
from ingest.uploads import OPEN, Upload, Uploads


class Door:
    """Uploads as requests see them. Every method raises Refused where it says no."""

    def __init__(
        self, uploads: Uploads, finisher: Finisher, directory: Path, *, idle_s: float, min_free: int, clock: Clock
    ) -> None:
        self._uploads, self._finisher, self._directory = uploads, finisher, directory
        self._idle_s, self._min_free, self._clock = idle_s, min_free, clock

    async def begin(self, token: UploadToken, length: int | None, metadata: str) -> Upload:
        """Begin an upload of `length` bytes (None: said later), or begin it again at nothing.

        An upload that is past receiving is returned as it is. A length over the token's limit refuses the file.
        """
        await self._refuse_withdrawn(token.video_id)
        with Partial.open(self._path(token.video_id), create=True) as partial:
            await self._refuse_in_parts(token.video_id)
            upload = await self._start(token, length, metadata, partial)
            if upload is None:
                return await self.find(token.video_id)
            await self._refuse_too_large(upload, length)
            self._refuse_without_space(length)
        return upload

    def drop_bytes(self, video_id: str) -> None:
        """The bytes do not come through here: no file is needed."""
        self._path(video_id).unlink(missing_ok=True)

    async def _start(self, token: UploadToken, length: int | None, metadata: str, partial: Partial) -> Upload | None:
        try:
            return await self._uploads.start(
                *(token, length, metadata, self._clock.now(), partial.size),
                throw_away=lambda: asyncio.to_thread(partial.empty),
            )
        except Refused:
            if partial.size == 0:
                partial.remove()
            raise

    async def find(self, video_id: str) -> Upload:
        """The upload; a refused one raises its refusal."""
        upload = await self._uploads.find(video_id)
        if upload is None:
            await self._refuse_withdrawn(video_id)
            raise Refused("upload_unknown")
        if upload.status == "rejected" and upload.code:
            raise Refused(upload.code)
        return upload

    def offset(self, upload: Upload) -> int:
        """Bytes that are here: what the file holds, which is never more than what was written."""
        if upload.status != "receiving":
            return upload.size_bytes or 0
        if upload.multipart_id is not None:
            return upload.counted_bytes
        try:
            return self._path(upload.video_id).stat().st_size
        except FileNotFoundError:
            return 0

    async def append(self, video_id: str, offset: int, body: Pieces, length: int | None, coming: int | None) -> int:
        """Add a body at `offset`, `coming` bytes if that is known; returns the new offset.

        `length` declares the size where it was deferred. When the last byte is here, finishing begins.
        """
        async with self._writing(video_id) as (upload, partial):
            total = await self._declared(upload, length)
            if partial.size != offset:
                raise Refused("offset_mismatch", headers={"Upload-Offset": str(partial.size)})
            limit = await self._limit(upload, total, offset, coming)
            upload = replace(upload, length=total)
            await self._receive(upload, partial, body, limit)
            complete = await self._completed(upload, partial, total)
        return self._left(upload, partial, complete)

    async def replace(self, upload: Upload, body: Pieces) -> int:
        """All of the content in one body, from nothing; its end is the file's end."""
        async with self._writing(upload.video_id) as (upload, partial):
            partial.truncate(0)
            limit = Limit(upload.max_bytes, "too_large")
            if upload.length is not None and upload.length <= upload.max_bytes:
                limit = Limit(upload.length, "length_exceeded")
            await self._receive(upload, partial, body, limit)
            if upload.length is not None and partial.size != upload.length:
                raise Refused("request_incomplete")
            complete = await self._completed(upload, partial, partial.size)
        return self._left(upload, partial, complete)

    def expiry(self) -> datetime:
        """Until when an upload that moves just now may rest."""
        return self._clock.now() + self._uploads.ttl

    async def outcome(self, video_id: str, within_s: float) -> Upload:
        """Wait until it is decided: the stored upload, or one that still is `received`; raises its refusal."""
        await asyncio.wait({self._finisher.submit(video_id)}, timeout=within_s)
        return await self.find(video_id)

    async def end(self, upload: Upload) -> None:
        """Terminate: the bytes go, and the upload cannot be begun again."""
        await self._finisher.reject(upload, Refused("upload_terminated"), self.offset(upload))
        if not await self._uploads.withdraw(upload.video_id, self._clock.now(), of=(*OPEN, "rejected")):
            raise Refused("offset_mismatch", "The upload is finished; delete the video with the API.")

    def _path(self, video_id: str) -> Path:
        return partial_path(self._directory, video_id)

    @asynccontextmanager
    async def _writing(self, video_id: str) -> AsyncIterator[tuple[Upload, Partial]]:
        """The file, locked, and the row as it is under the lock: another request may just have finished both."""
        with Partial.open(self._path(video_id), create=True) as partial:
            try:
                upload = await self.find(video_id)
            except Refused:
                partial.remove()
                raise
            if upload.status != "receiving":
                if upload.status == "stored":
                    partial.remove()  # just made, by opening it
                raise Refused("offset_mismatch", headers={"Upload-Offset": str(upload.size_bytes)})
            if upload.multipart_id is not None:
                partial.remove()
                raise Refused("upload_in_parts")
            yield upload, partial

    async def _refuse_in_parts(self, video_id: str) -> None:
        upload = await self._uploads.find(video_id)
        if upload is not None and upload.multipart_id is not None and upload.status == "receiving":
            self.drop_bytes(video_id)
            raise Refused("upload_in_parts")

    async def _refuse_withdrawn(self, video_id: str) -> None:
        if await self._uploads.is_withdrawn(video_id):
            raise Refused("upload_gone")

    async def _refuse_too_large(self, upload: Upload, length: int | None) -> None:
        if length is not None and length > upload.max_bytes:
            refused = Refused("too_large", f"It is {length} bytes, {upload.max_bytes} are taken.")
            await self._finisher.reject(upload, refused, None)
            raise refused

    def _refuse_without_space(self, coming: int | None) -> None:
        if shutil.disk_usage(self._directory).free - (coming or 0) < self._min_free:
            raise Refused("disk_full")

    async def _declared(self, upload: Upload, length: int | None) -> int | None:
        if length is None or length == upload.length:
            return upload.length
        if upload.length is not None:
            raise Refused("length_mismatch")
        await self._refuse_too_large(upload, length)
        await self._uploads.declare(upload, length, self._clock.now())
        return length

    async def _limit(self, upload: Upload, total: int | None, offset: int, coming: int | None) -> Limit:
        limit = Limit(upload.max_bytes, "too_large") if total is None else Limit(total, "length_exceeded")
        if coming is not None and offset + coming > limit.size:
            if total is None:
                await self._refuse_too_large(upload, offset + coming)
            raise Refused(limit.code)
        self._refuse_without_space(coming)
        return limit

    async def _receive(self, upload: Upload, partial: Partial, body: Pieces, limit: Limit) -> None:
        try:
            await receive(body, partial, limit, self._idle_s, self._uploads.meter(upload, self._clock.now()))
        except Refused as refused:
            await self._uploads.progressed(upload.video_id, partial.size, self._clock.now())
            if refused.refusal is REFUSALS["too_large"]:
                await self._finisher.reject(upload, refused, partial.size)
            raise
        await self._uploads.progressed(upload.video_id, partial.size, self._clock.now())

    async def _completed(self, upload: Upload, partial: Partial, total: int | None) -> bool:
        if partial.size != total:
            return False
        await asyncio.to_thread(_sync_directory, self._directory)
        await self._uploads.received(upload.video_id, partial.size, self._clock.now())
        return True

    def _left(self, upload: Upload, partial: Partial, complete: bool) -> int:
        if complete:  # after the lock is given back, since finishing takes it
            self._finisher.submit(upload.video_id)
        return partial.size


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
