"""Uploads in parts, straight to the bucket: begun, signed, looked at, put together and ended here; the bytes pass by.

The parts become the original under its own key, which nothing names before it is admitted: so nothing has to be copied.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from chassis.clock import Clock
from chassis.multipart import BadParts, S3Multipart, SentPart
from chassis.objects import Gone, ObjectStore
from ingest.door import Door
from ingest.finish import Finisher
from ingest.refusals import Refused
from ingest.tokens import UploadToken
from ingest.uploads import Upload, Uploads
from tablewatch_schemas import keys

MIB = 1024 * 1024
SMALLEST_PART = 16 * MIB
MOST_PARTS = 9000  # S3 takes 10,000
MOST_SIGNED = 100
LINK_S = 3600
_ETAG = re.compile(r'"?([A-Za-z0-9+/=_-]{1,128})"?')


@dataclass(frozen=True, slots=True)
class Named:
    """A part as the client names it for completion."""

    number: int
    etag: str


def part_bytes(length: int) -> int:
    """Size of every part but the last: 16 MiB, or as many MiB as keep a large file below 9,000 parts."""
    return max(SMALLEST_PART, -(-length // (MOST_PARTS * MIB)) * MIB)


def part_count(length: int) -> int:
    """Parts of a file of `length` bytes."""
    return max(1, -(-length // part_bytes(length)))


class PartsDoor:
    """What a request may do to an upload in parts. Raises Refused where it says no."""

    def __init__(
        self,
        door: Door,
        uploads: Uploads,
        finisher: Finisher,
        bucket: S3Multipart,
        objects: ObjectStore,
        clock: Clock,
    ) -> None:
        self._door, self._uploads, self._finisher = door, uploads, finisher
        self._bucket, self._objects, self._clock = bucket, objects, clock

    async def create(self, token: UploadToken, length: int) -> Upload:
        """Begin it; repeated, the one that was begun goes on, when its length is the same."""
        upload = await self._uploads.find(token.video_id)
        if upload is not None and upload.multipart_id is not None:
            return self._again(await self._door.find(token.video_id), length)
        upload = await self._door.begin(token, length, "")
        if upload.status != "receiving":
            return upload
        made = await self._bucket.create(_key(upload))
        kept = await self._uploads.in_parts(upload.video_id, made)
        if kept != made:  # another request was faster, or the video was withdrawn
            await self._bucket.abort(_key(upload), made)
        if kept is None:
            return self._again(await self._door.find(token.video_id), length)
        self._door.drop_bytes(upload.video_id)
        return replace(upload, multipart_id=kept)

    async def sign(self, video_id: str, numbers: Sequence[int]) -> list[str]:
        """A link for each part, to PUT its bytes to; counts what is there."""
        upload, multipart_id = await self._open(video_id)
        if not 1 <= len(numbers) <= MOST_SIGNED or not all(
            1 <= number <= part_count(upload.length or 0) for number in numbers
        ):
            most = part_count(upload.length or 0)
            raise Refused("parts_invalid", f"Parts go from 1 to {most}, {MOST_SIGNED} at a time.")
        await self._look(upload, multipart_id)
        return await self._bucket.sign(_key(upload), multipart_id, numbers, LINK_S)

    async def parts(self, video_id: str) -> tuple[Upload, list[SentPart]]:
        """What is there already."""
        upload, multipart_id = await self._open(video_id)
        return upload, await self._look(upload, multipart_id)

    async def complete(self, video_id: str, named: Sequence[Named]) -> None:
        """Put the parts together; then the file is examined as any other."""
        upload = await self._door.find(video_id)
        if upload.status != "receiving":
            return
        upload, multipart_id = await self._open(video_id)
        try:
            chosen = _chosen(await self._look(upload, multipart_id), named)
            total = sum(part.size for part in chosen)
            if total != upload.length:
                raise Refused("length_mismatch", f"The parts make {total} bytes, {upload.length} were declared.")
            await self._uploads.joining(video_id, self._clock.now())
            await self._bucket.complete(_key(upload), multipart_id, chosen)
        except BadParts as error:
            raise Refused("parts_invalid", f"The store answered {error}.") from None
        except Gone:
            pass  # completed before, by a request that was cut or killed: the object tells
        if not await self.joined(upload):
            raise Refused("bytes_lost")

    async def joined(self, upload: Upload) -> bool:
        """Go on from an object that was put together; False when there is none."""
        found = await self._objects.stat(_key(upload))
        if found is None:
            return False
        await self._uploads.received(upload.video_id, found.size, self._clock.now())
        self._finisher.submit(upload.video_id)
        return True

    async def end(self, video_id: str) -> None:
        """Abort: the parts go, and the upload cannot be begun again."""
        await self._door.end(await self._door.find(video_id))

    async def _open(self, video_id: str) -> tuple[Upload, str]:
        upload = await self._door.find(video_id)
        if upload.multipart_id is None:
            raise Refused("parts_invalid", "The upload is not sent in parts.")
        if upload.status != "receiving":
            raise Refused("offset_mismatch", "The upload is complete.")
        return upload, upload.multipart_id

    async def _look(self, upload: Upload, multipart_id: str) -> list[SentPart]:
        """Parts that are there, counted; more than was declared ends the upload."""
        found = await self._bucket.parts(_key(upload), multipart_id)
        size = sum(part.size for part in found)
        if size > upload.max_bytes:
            refused = Refused("too_large", f"The parts are {size} bytes, {upload.max_bytes} are taken.")
            await self._finisher.reject(upload, refused, size)
            raise refused
        await self._uploads.progressed(upload.video_id, size, self._clock.now())
        return found

    def _again(self, upload: Upload, length: int) -> Upload:
        if upload.length != length:
            raise Refused("length_mismatch")
        return upload


class PartsSweep:
    """What crashes leave in the bucket: objects joined and not taken on, refused ones, uploads that no row names."""

    def __init__(self, parts: PartsDoor, uploads: Uploads, finisher: Finisher, bucket: S3Multipart, ttl_s: int) -> None:
        self._parts, self._uploads, self._finisher = parts, uploads, finisher
        self._bucket, self._ttl = bucket, timedelta(seconds=ttl_s)

    async def sweep(self, clock: Clock) -> None:
        """Once; replicas may do it at the same time."""
        for upload in await self._uploads.joining_ones():
            with suppress(Refused):
                await self._parts.joined(upload)
        for upload in await self._uploads.refused_in_parts():
            await self._finisher.drop_object(upload)
        for one in await self._bucket.open_ones("originals/"):
            old = one.started is None or clock.now() - one.started > self._ttl
            if old and not await self._uploads.has_multipart(one.multipart_id):
                await self._bucket.abort(one.key, one.multipart_id)


def _key(upload: Upload) -> str:
    return keys.original(upload.site_id, upload.video_id)


def _chosen(found: Sequence[SentPart], named: Sequence[Named]) -> list[SentPart]:
    there = {part.number: part for part in found}
    for part in named:
        etag = _ETAG.fullmatch(part.etag)
        if part.number not in there or etag is None or there[part.number].etag != etag[1]:
            raise Refused("parts_invalid", f"Part {part.number} is not there with this ETag. Send it again.")
    numbers = sorted({part.number for part in named})
    if len(numbers) != len(named):
        raise Refused("parts_invalid", "A part is named twice.")
    return [there[number] for number in numbers]
