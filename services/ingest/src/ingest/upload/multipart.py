"""Multipart uploads straight to the bucket: created, signed, listed, completed and aborted here; the bytes bypass us.

The parts become the original under its own key, which no event names before admission: nothing has to be copied.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from chassis.clock import Clock
from ingest.refusals import BytesLost, LengthMismatch, OffsetMismatch, PartsInvalid, Refusal, TooLarge
from ingest.store.uploads import Upload, Uploads
from ingest.tokens import UploadToken
from ingest.upload.finish import Finisher
from ingest.upload.service import UploadService
from objects.multipart import BadParts, S3Multipart, SentPart
from objects.store import Gone, ObjectStore
from tablewatch_schemas import keys

MIB = 1024 * 1024
SMALLEST_PART = 16 * MIB
MOST_PARTS = 9000  # S3 takes 10,000
MOST_SIGNED = 100
LINK_S = 3600
_ETAG = re.compile(r'"?([A-Za-z0-9+/=_-]{1,128})"?')


@dataclass(frozen=True, slots=True)
class ClientPart:
    """A part as the client names it for completion."""

    number: int
    etag: str


def part_bytes(length: int) -> int:
    """Size of every part but the last: 16 MiB, or as many MiB as keep a large file below 9,000 parts."""
    return max(SMALLEST_PART, -(-length // (MOST_PARTS * MIB)) * MIB)


def part_count(length: int) -> int:
    """Parts of a file of `length` bytes."""
    return max(1, -(-length // part_bytes(length)))


class MultipartService:
    """What a request may do to a multipart upload. Raises a Refusal where it is not accepted."""

    def __init__(
        self,
        service: UploadService,
        uploads: Uploads,
        finisher: Finisher,
        bucket: S3Multipart,
        objects: ObjectStore,
        clock: Clock,
    ) -> None:
        self._service, self._uploads, self._finisher = service, uploads, finisher
        self._bucket, self._objects, self._clock = bucket, objects, clock

    async def create(self, token: UploadToken, length: int) -> Upload:
        """Begin the upload; repeated with the same length, it is resumed."""
        upload = await self._uploads.find(token.video_id)
        if upload is not None and upload.multipart_id is not None:
            return await self._begun_before(token.video_id, length)
        upload = await self._service.begin(token, length, "")
        if upload.status != "receiving":
            return upload
        multipart_id = await self._bucket.create(_key(upload))
        if not await self._uploads.set_multipart(upload.video_id, multipart_id):
            await self._bucket.abort(_key(upload), multipart_id)
            return await self._begun_before(token.video_id, length)
        self._service.delete_bytes(upload.video_id)
        return replace(upload, multipart_id=multipart_id)

    async def sign(self, video_id: str, numbers: Sequence[int]) -> list[str]:
        """A link for each part to PUT its bytes to. Counts the parts that have arrived."""
        upload, multipart_id = await self._receiving(video_id)
        count = part_count(upload.length or 0)
        if not 1 <= len(numbers) <= MOST_SIGNED or not all(1 <= number <= count for number in numbers):
            raise PartsInvalid(f"Parts go from 1 to {count}, {MOST_SIGNED} at a time.")
        await self._arrived(upload, multipart_id)
        return await self._bucket.sign(_key(upload), multipart_id, numbers, LINK_S)

    async def parts(self, video_id: str) -> tuple[Upload, list[SentPart]]:
        """The parts that have arrived."""
        upload, multipart_id = await self._receiving(video_id)
        return upload, await self._arrived(upload, multipart_id)

    async def complete(self, video_id: str, named: Sequence[ClientPart]) -> None:
        """Make the object of the parts; then the file is examined like any other."""
        try:
            await self._complete(video_id, named)
        except (PartsInvalid, BytesLost):
            await self._service.find(video_id)  # raises what ended the upload meanwhile: its parts are gone for that
            raise

    async def _complete(self, video_id: str, named: Sequence[ClientPart]) -> None:
        upload = await self._service.find(video_id)
        if upload.status != "receiving":
            return
        upload, multipart_id = await self._receiving(video_id)
        try:
            parts = _matching(await self._arrived(upload, multipart_id), named)
            total = sum(part.size for part in parts)
            if total != upload.length:
                raise LengthMismatch(f"The parts make {total} bytes, {upload.length} were declared.")
            await self._uploads.set_completing(video_id, self._clock.now())
            await self._bucket.complete(_key(upload), multipart_id, parts)
        except BadParts as error:
            raise PartsInvalid(f"The store answered {error}.") from None
        except Gone:
            pass  # completed by an earlier request that was cut or killed: the object is the proof
        if not await self.submit_completed(upload):
            raise BytesLost

    async def submit_completed(self, upload: Upload) -> bool:
        """Hand a completed object to the finisher; False when there is none."""
        found = await self._objects.stat(_key(upload))
        if found is None:
            return False
        await self._uploads.set_received(upload.video_id, found.size, self._clock.now())
        self._finisher.submit(upload.video_id)
        return True

    async def abort(self, video_id: str) -> None:
        """Delete the parts; the upload cannot begin again."""
        await self._service.terminate(await self._service.find(video_id))

    async def _receiving(self, video_id: str) -> tuple[Upload, str]:
        upload = await self._service.find(video_id)
        if upload.multipart_id is None:
            raise PartsInvalid("The upload is not sent in parts.")
        if upload.status != "receiving":
            raise OffsetMismatch("The upload is complete.")
        return upload, upload.multipart_id

    async def _arrived(self, upload: Upload, multipart_id: str) -> list[SentPart]:
        """Parts in the bucket, which are counted."""
        found = await self.check_size(upload, multipart_id)
        await self._uploads.record_progress(upload.video_id, sum(part.size for part in found), self._clock.now())
        return found

    async def check_size(self, upload: Upload, multipart_id: str) -> list[SentPart]:
        """Parts in the bucket; more bytes than were declared, and so reserved, refuse the file.

        The link to a part says nothing of its length: whoever has it may send as much as S3 takes.
        """
        found = await self._bucket.parts(_key(upload), multipart_id)
        size, most = sum(part.size for part in found), min(upload.max_bytes, upload.length or upload.max_bytes)
        if size > most:
            refusal = TooLarge(f"The parts are {size} bytes, {most} are taken.")
            await self._finisher.reject(upload, refusal, size)
            raise refusal
        return found

    async def _begun_before(self, video_id: str, length: int) -> Upload:
        upload = await self._service.find(video_id)
        if upload.length != length:
            raise LengthMismatch
        return upload


class MultipartSweep:
    """Clears what crashes leave in the bucket: completed objects not submitted, refused ones, uploads without a row.

    And refuses uploads whose parts are more than was reserved for them, which nobody may ever ask about again.
    """

    def __init__(
        self, service: MultipartService, uploads: Uploads, finisher: Finisher, bucket: S3Multipart, ttl_s: int
    ) -> None:
        self._service, self._uploads, self._finisher = service, uploads, finisher
        self._bucket, self._ttl = bucket, timedelta(seconds=ttl_s)

    async def sweep(self, clock: Clock) -> None:
        """One pass; replicas may sweep at the same time."""
        async for upload in self._uploads.completing_uploads():
            with suppress(Refusal):
                await self._service.submit_completed(upload)
        async for upload in self._uploads.receiving_multipart():
            with suppress(Refusal, Gone):
                await self._service.check_size(upload, upload.multipart_id or "")
        async for upload in self._uploads.refused_multipart():
            await self._finisher.delete_object(upload)
        for each in await self._bucket.list_open("originals/"):
            old = each.started is None or clock.now() - each.started > self._ttl
            if old and not await self._uploads.has_multipart(each.multipart_id):
                await self._bucket.abort(each.key, each.multipart_id)


def _key(upload: Upload) -> str:
    return keys.original(upload.site_id, upload.video_id)


def _matching(arrived: Sequence[SentPart], named: Sequence[ClientPart]) -> list[SentPart]:
    by_number = {part.number: part for part in arrived}
    for part in named:
        etag = _ETAG.fullmatch(part.etag)
        if part.number not in by_number or etag is None or by_number[part.number].etag != etag[1]:
            raise PartsInvalid(f"Part {part.number} is not there with this ETag. Send it again.")
    numbers = sorted({part.number for part in named})
    if len(numbers) != len(named):
        raise PartsInvalid("A part is named twice.")
    return [by_number[number] for number in numbers]
