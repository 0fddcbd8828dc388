"""S3 multipart uploads to the bucket of the objects: clients upload the parts by signed links, we complete them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from minio.datatypes import Part
from minio.error import S3Error

from objects import minio_patches
from objects.s3 import S3Objects, call_store
from objects.settings import ObjectSettings
from objects.store import Gone, checked_key, checked_prefix

CHUNK = 1024 * 1024
_BAD_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML", "InvalidPartNumber"})


class BadParts(Exception):
    """The store refuses to complete these parts: one is missing, too small (only the last may be), or another."""


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part that was uploaded: its number from 1, ETag without quotes, bytes."""

    number: int
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class OpenMultipart:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    multipart_id: str
    started: datetime | None


class S3Multipart:
    """Multipart uploads of one bucket. Every method raises ConnectionError where the store is unavailable."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects, self._bucket = objects, objects.bucket

    async def create(self, key: str) -> str:
        """Begin an upload; returns its id."""
        return await call_store(self._create, checked_key(key))

    async def sign(self, key: str, multipart_id: str, numbers: Sequence[int], expires_s: int) -> list[str]:
        """Links that take the bytes of these parts by PUT, for `expires_s` seconds."""
        return await call_store(self._sign, checked_key(key), multipart_id, numbers, timedelta(seconds=expires_s))

    async def parts(self, key: str, multipart_id: str) -> list[SentPart]:
        """Parts that were uploaded, by number. Raises Gone when the upload is completed or aborted."""
        return await call_store(self._parts, checked_key(key), multipart_id)

    async def complete(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        """Make the object of the parts. Raises BadParts, or Gone when the upload is completed or aborted already."""
        await call_store(self._complete, checked_key(key), multipart_id, parts)

    async def abort(self, key: str, multipart_id: str) -> None:
        """Drop the parts; an upload that is gone already is no error."""
        await call_store(self._abort, checked_key(key), multipart_id)

    async def list_open(self, prefix: str) -> list[OpenMultipart]:
        """Uploads under way to keys that start with `prefix`."""
        return await call_store(self._list_open, checked_prefix(prefix))

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes, a MiB at a time. Raises Gone."""
        response = await call_store(self._objects.open, checked_key(key))
        try:
            while chunk := await call_store(response.read, CHUNK):
                yield chunk
        finally:
            response.close()
            response.release_conn()

    def _create(self, key: str) -> str:
        return minio_patches.create_multipart_upload(self._objects.client(), self._bucket, key)

    def _sign(self, key: str, multipart_id: str, numbers: Sequence[int], expires: timedelta) -> list[str]:
        client = self._objects.client()
        return [
            client.get_presigned_url(
                *("PUT", self._bucket, key),
                expires=expires,
                extra_query_params={"partNumber": str(number), "uploadId": multipart_id},
            )
            for number in numbers
        ]

    def _parts(self, key: str, multipart_id: str) -> list[SentPart]:
        client, found, after = self._objects.client(), list[SentPart](), None
        while True:
            try:
                page = minio_patches.list_parts(client, self._bucket, key, multipart_id, after)
            except S3Error as error:
                raise _translated(error, key) from error
            found += [SentPart(part.part_number, part.etag.strip('"'), part.size or 0) for part in page.parts]
            if not page.is_truncated or not page.parts:
                return found
            after = str(page.parts[-1].part_number)

    def _complete(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        named = [Part(part.number, part.etag) for part in parts]
        try:
            minio_patches.complete_multipart_upload(self._objects.client(), self._bucket, key, multipart_id, named)
        except S3Error as error:
            raise _translated(error, key) from error

    def _abort(self, key: str, multipart_id: str) -> None:
        try:
            minio_patches.abort_multipart_upload(self._objects.client(), self._bucket, key, multipart_id)
        except S3Error as error:
            if error.code != "NoSuchUpload":
                raise

    def _list_open(self, prefix: str) -> list[OpenMultipart]:
        client, found = self._objects.client(), list[OpenMultipart]()
        key_after = id_after = None
        while True:
            page = minio_patches.list_multipart_uploads(client, self._bucket, prefix, key_after, id_after)
            found += [OpenMultipart(one.object_name, one.upload_id or "", one.initiated_time) for one in page.uploads]
            if not page.is_truncated or not page.uploads:
                return [one for one in found if one.key.startswith(prefix)]
            key_after, id_after = page.next_key_marker, page.next_upload_id_marker


def open_multipart(settings: ObjectSettings) -> S3Multipart | None:
    """The bucket of the objects, or None when they are stored on local disk."""
    return S3Multipart(S3Objects.from_settings(settings)) if settings.s3_url else None


def _translated(error: S3Error, key: str) -> Exception:
    if error.code == "NoSuchUpload":
        return Gone(key)
    return BadParts(error.code) if error.code in _BAD_PARTS else error
