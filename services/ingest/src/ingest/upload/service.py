"""What a request may do to an upload, whatever the protocol: begin it, add bytes, ask for its state, end it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from chassis.clock import Clock
from ingest.borrowed_body import Chunks
from ingest.refusals import (
    REFUSALS,
    LengthExceeded,
    LengthMismatch,
    OffsetMismatch,
    Refusal,
    TooLarge,
    UploadGone,
    UploadInParts,
    UploadTerminated,
    UploadUnknown,
)
from ingest.store.partial_file import PartialFile, partial_path
from ingest.store.uploads import OPEN, Upload, Uploads
from ingest.tokens import UploadToken
from ingest.upload.finish import Finisher
from ingest.upload.receive import Limit, receive
from ingest.upload.room import Room


class UploadService:
    """Uploads through this process. Every method raises a Refusal where the request is not accepted."""

    def __init__(
        self,
        uploads: Uploads,
        finisher: Finisher,
        directory: Path,
        room: Room,
        *,
        idle_s: float,
        clock: Clock,
    ) -> None:
        self._uploads, self._finisher, self._directory, self._room = uploads, finisher, directory, room
        self._idle_s, self._clock = idle_s, clock

    async def begin(self, token: UploadToken, length: int | None, metadata: str) -> Upload:
        """Begin an upload of `length` bytes (None: as announced, or declared later); repeated, it starts from nothing.

        An upload that is past receiving is returned unchanged. A length over the token's limit refuses the file.
        """
        await self._refuse_withdrawn(token.video_id)
        length = await self._announced(token, length)
        async with self._room.reporting(token.run):
            with PartialFile.open(self._path(token.video_id), create=True) as partial:
                await self._refuse_multipart(token.video_id)
                upload = await self._start(token, length, metadata, partial)
                if upload is None:
                    return await self._past_receiving(token.video_id, partial)
                await self._refuse_too_large(upload, length)
                await self._room.check(length or 0)
        return upload

    async def find(self, video_id: str) -> Upload:
        """The upload; the refusal of a rejected one is raised."""
        upload = await self._uploads.find(video_id)
        if upload is None:
            await self._refuse_withdrawn(video_id)
            raise UploadUnknown
        if upload.status == "rejected" and upload.code:
            raise REFUSALS[upload.code](upload.detail or "")
        return upload

    def offset(self, upload: Upload) -> int:
        """Bytes that have arrived: the size of the file, which is never more than what was written."""
        if upload.status != "receiving":
            return upload.size_bytes or 0
        if upload.multipart_id is not None:
            return upload.counted_bytes
        try:
            return self._path(upload.video_id).stat().st_size
        except FileNotFoundError:
            return 0

    def expiry(self) -> datetime:
        """When an upload that received bytes just now expires without more."""
        return self._clock.now() + self._uploads.ttl

    async def append(
        self, video_id: str, offset: int, body: Chunks, length: int | None, body_length: int | None
    ) -> int:
        """Add a body at `offset`, of `body_length` bytes where that is known; returns the new offset.

        `length` declares the size of a deferred upload. The last byte starts finishing.
        """
        async with self._writing(video_id) as (upload, partial):
            total = await self._declared(upload, length)
            if partial.size != offset:
                raise OffsetMismatch(headers={"Upload-Offset": str(partial.size)})
            limit = await self._limit(upload, total, offset, body_length)
            upload = replace(upload, length=total)
            await self._receive(upload, partial, body, limit)
            complete = await self._completed(upload, partial, total)
        return self._released(upload, partial, complete)

    async def receive_whole(self, upload: Upload, body: Chunks) -> int:
        """All of the content in one body, from nothing; its end is the end of the file. Returns the size."""
        async with self._writing(upload.video_id) as (upload, partial):
            partial.truncate(0)
            limit = Limit(upload.max_bytes, TooLarge)
            if upload.length is not None and upload.length <= upload.max_bytes:
                limit = Limit(upload.length, LengthExceeded)
            await self._receive(upload, partial, body, limit)
            if upload.length is not None and partial.size != upload.length:
                raise LengthMismatch(f"{partial.size} bytes were sent, {upload.length} were announced.")
            complete = await self._completed(upload, partial, partial.size)
        return self._released(upload, partial, complete)

    async def wait_for_outcome(self, video_id: str, timeout_s: float) -> Upload:
        """The upload once it is stored, or `received` still at the timeout. Raises its refusal."""
        await asyncio.wait({self._finisher.submit(video_id)}, timeout=timeout_s)
        return await self.find(video_id)

    async def terminate(self, upload: Upload) -> None:
        """Delete the bytes; the upload cannot begin again."""
        await self._finisher.reject(upload, UploadTerminated(), self.offset(upload))
        if not await self._uploads.withdraw(upload.video_id, self._clock.now(), of=(*OPEN, "rejected")):
            raise OffsetMismatch("The upload is finished; delete the video with the API.")

    def delete_bytes(self, video_id: str) -> None:
        """Delete the partial file: the bytes of a multipart upload do not come through here."""
        self._path(video_id).unlink(missing_ok=True)

    def _path(self, video_id: str) -> Path:
        return partial_path(self._directory, video_id)

    async def _start(
        self, token: UploadToken, length: int | None, metadata: str, partial: PartialFile
    ) -> Upload | None:
        try:
            return await self._uploads.start(
                *(token, length, metadata, self._clock.now(), partial.size),
                discard=lambda: asyncio.to_thread(partial.empty),
            )
        except Refusal:
            if partial.size == 0:
                partial.remove()
            raise

    async def _past_receiving(self, video_id: str, partial: PartialFile) -> Upload:
        """The upload as it is; nothing is left of a file that opening it made."""
        try:
            upload = await self.find(video_id)
        except Refusal:
            partial.remove()
            raise
        if upload.status == "stored":
            partial.remove()
        return upload

    @asynccontextmanager
    async def _writing(self, video_id: str) -> AsyncIterator[tuple[Upload, PartialFile]]:
        """The locked file, and the row as read under the lock: another request may just have completed both."""
        with PartialFile.open(self._path(video_id), create=True) as partial:
            try:
                upload = await self.find(video_id)
            except Refusal:
                partial.remove()
                raise
            if upload.status != "receiving":
                if upload.status == "stored":
                    partial.remove()  # made by opening it
                raise OffsetMismatch(headers={"Upload-Offset": str(upload.size_bytes)})
            if upload.multipart_id is not None:
                partial.remove()
                raise UploadInParts
            async with self._room.reporting(upload.run):
                yield upload, partial

    async def _refuse_multipart(self, video_id: str) -> None:
        upload = await self._uploads.find(video_id)
        if upload is not None and upload.multipart_id is not None and upload.status == "receiving":
            self.delete_bytes(video_id)
            raise UploadInParts

    async def _refuse_withdrawn(self, video_id: str) -> None:
        if await self._uploads.is_withdrawn(video_id):
            raise UploadGone

    async def _announced(self, token: UploadToken, length: int | None) -> int | None:
        """The length of an upload that begins. Raises LengthMismatch where the API was told another one."""
        if token.size_bytes is None or length == token.size_bytes:
            return length
        upload = await self._uploads.find(token.video_id)
        if length is not None and (upload is None or upload.status == "receiving"):
            raise LengthMismatch(
                f"{length} bytes are to be sent, {token.size_bytes} were announced.", headers={"Connection": "close"}
            )  # rather than read an unwanted body to its end
        return token.size_bytes

    async def _refuse_too_large(self, upload: Upload, length: int | None) -> None:
        if length is not None and length > upload.max_bytes:
            refusal = TooLarge(f"It is {length} bytes, {upload.max_bytes} are taken.")
            await self._finisher.reject(upload, refusal, None)
            raise refusal

    async def _declared(self, upload: Upload, length: int | None) -> int | None:
        """The length of the upload, after this request declared it or repeated it."""
        if length is None or length == upload.length:
            return upload.length
        if upload.length is not None:
            raise LengthMismatch
        await self._refuse_too_large(upload, length)
        await self._uploads.declare_length(upload, length, self._clock.now())
        return length

    async def _limit(self, upload: Upload, total: int | None, offset: int, body_length: int | None) -> Limit:
        limit = Limit(upload.max_bytes, TooLarge) if total is None else Limit(total, LengthExceeded)
        if body_length is not None and offset + body_length > limit.size:
            if total is None:
                await self._refuse_too_large(upload, offset + body_length)
            raise limit.refusal
        await self._room.check(body_length or 0)
        return limit

    async def _receive(self, upload: Upload, partial: PartialFile, body: Chunks, limit: Limit) -> None:
        begun_at = partial.size
        try:
            await receive(body, partial, limit, self._idle_s, self._uploads.meter(upload, self._clock.now()))
        except LengthExceeded:
            await self._discard(upload, partial, begun_at)
            raise
        except Refusal as refusal:
            await self._uploads.record_progress(upload.video_id, partial.size, self._clock.now())
            if isinstance(refusal, TooLarge):
                await self._finisher.reject(upload, refusal, partial.size)
            raise
        await self._uploads.record_progress(upload.video_id, partial.size, self._clock.now())

    async def _discard(self, upload: Upload, partial: PartialFile, begun_at: int) -> None:
        """Drop the bytes of a request that were more than the file has: which of them are the file nobody knows."""
        discarded = partial.size - begun_at
        await asyncio.to_thread(partial.truncate, begun_at)
        await asyncio.to_thread(partial.sync)
        await self._uploads.record_discarded(upload, begun_at, discarded, self._clock.now())

    async def _completed(self, upload: Upload, partial: PartialFile, total: int | None) -> bool:
        if partial.size != total:
            return False
        await asyncio.to_thread(_sync_directory, self._directory)
        await self._uploads.set_received(upload.video_id, partial.size, self._clock.now())
        return True

    def _released(self, upload: Upload, partial: PartialFile, complete: bool) -> int:
        """To be called without the lock, which finishing takes; returns the offset."""
        if complete:
            self._finisher.submit(upload.video_id)
        return partial.size


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
