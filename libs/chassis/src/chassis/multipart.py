"""S3 multipart uploads to the bucket of the objects: others send the parts by signed links, we put them together.

The client library offers these calls to itself only (names with an underscore, the same since its version 7.0), for it
has no public way to send parts by other hands.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from minio.datatypes import Part
from minio.error import S3Error

from chassis.objects import Gone, checked_key, checked_prefix
from chassis.objects_s3 import S3Objects, asked

if TYPE_CHECKING:
    from chassis.settings import ServiceSettings

CHUNK = 1024 * 1024
_BAD_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML", "InvalidPartNumber"})


class BadParts(Exception):
    """The store does not put these parts together: one is missing, too small (only the last may be), or another."""


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part that is there: its number from 1, ETag without quotes, bytes."""

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
    """Multipart uploads of one bucket. Every method raises ConnectionError where the store is away."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects, self._bucket = objects, objects.bucket

    async def create(self, key: str) -> str:
        """Begin one; returns its id."""
        headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": "application/octet-stream"}
        return str(
            await asked(
                lambda: self._objects.client()._create_multipart_upload(self._bucket, checked_key(key), headers)
            )
        )

    async def sign(self, key: str, multipart_id: str, numbers: Sequence[int], expires_s: int) -> list[str]:
        """Links that take the bytes of these parts by PUT, for `expires_s` seconds."""
        return await asked(self._sign, checked_key(key), multipart_id, numbers, timedelta(seconds=expires_s))

    async def parts(self, key: str, multipart_id: str) -> list[SentPart]:
        """Parts that are there, by number. Raises Gone when the upload is completed or aborted."""
        return await asked(self._parts, checked_key(key), multipart_id)

    async def complete(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        """Make the object of them. Raises BadParts, or Gone when the upload is completed or aborted already."""
        await asked(self._complete, checked_key(key), multipart_id, parts)

    async def abort(self, key: str, multipart_id: str) -> None:
        """Drop the parts; one that is gone already is no error."""
        await asked(self._abort, checked_key(key), multipart_id)

    async def open_ones(self, prefix: str) -> list[OpenMultipart]:
        """Uploads under way to keys that start with `prefix`."""
        return await asked(self._open_ones, checked_prefix(prefix))

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes, a MiB at a time. Raises Gone."""
        response = await asked(self._objects.open, checked_key(key))
        try:
            while chunk := await asked(response.read, CHUNK):
                yield chunk
        finally:
            response.close()
            response.release_conn()

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
                page = client._list_parts(self._bucket, key, multipart_id, part_number_marker=after)
            except S3Error as error:
                raise _translated(error, key) from error
            found += [SentPart(part.part_number, part.etag.strip('"'), part.size or 0) for part in page.parts]
            if not page.is_truncated or not page.parts:
                return found
            after = str(page.parts[-1].part_number)

    def _complete(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        named = [Part(part.number, part.etag) for part in parts]
        try:
            self._objects.client()._complete_multipart_upload(self._bucket, key, multipart_id, named)
        except S3Error as error:
            raise _translated(error, key) from error

    def _abort(self, key: str, multipart_id: str) -> None:
        try:
            self._objects.client()._abort_multipart_upload(self._bucket, key, multipart_id)
        except S3Error as error:
            if error.code != "NoSuchUpload":
                raise

    def _open_ones(self, prefix: str) -> list[OpenMultipart]:
        client, found = self._objects.client(), list[OpenMultipart]()
        key_after = id_after = None
        while True:
            page = client._list_multipart_uploads(
                self._bucket, prefix=prefix, key_marker=key_after, upload_id_marker=id_after
            )
            found += [OpenMultipart(one.object_name, one.upload_id or "", one.initiated_time) for one in page.uploads]
            if not page.is_truncated or not page.uploads:
                return [one for one in found if one.key.startswith(prefix)]
            key_after, id_after = page.next_key_marker, page.next_upload_id_marker


def open_multipart(settings: "ServiceSettings") -> "S3Multipart | None":
    """The bucket of the objects, or None when they are kept on local disk."""
    return S3Multipart(S3Objects.from_settings(settings)) if settings.s3_url else None


def _translated(error: S3Error, key: str) -> Exception:
    if error.code == "NoSuchUpload":
        return Gone(key)
    return BadParts(error.code) if error.code in _BAD_PARTS else error
