"""Objects in an S3-compatible store, through the `minio` client in threads."""

import asyncio
import io
import itertools
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import HTTPError

from dependencies.errors import (
    StoreBucketMissing,
    StoreClockSkewed,
    StoreFailing,
    StoreFull,
    StoreKeyRefused,
    StoreUnavailable,
    StoreUnreachable,
)
from objects.minio_patches import TimeoutPool
from objects.settings import ObjectSettings
from objects.store import Gone, ObjectInfo, checked_key, checked_prefix

P = ParamSpec("P")
T = TypeVar("T")
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_UNAVAILABLE: dict[str, type[StoreUnavailable]] = {
    "NoSuchBucket": StoreBucketMissing,
    "RequestTimeTooSkewed": StoreClockSkewed,
    # The first three are S3's, the last is versitygw's for an access key that it does not know
    "AccessDenied": StoreKeyRefused,
    "InvalidAccessKeyId": StoreKeyRefused,
    "SignatureDoesNotMatch": StoreKeyRefused,
    "XAdminUserNotFound": StoreKeyRefused,
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"), StoreFailing),
    **dict.fromkeys(("QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"), StoreFull),
}
"""By the code of S3's answer: what is no fault of a request, and may be put right."""
_BUCKET_EXISTS = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
PAGE = 1000
EPOCH = datetime.fromtimestamp(0, UTC)  # where a server sends no time


class S3Objects:
    """`ObjectStore` in one bucket, which is created at the first use if it does not exist."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._minio, self.bucket = client, bucket
        self._bucket_exists, self._bucket_lock = False, threading.Lock()

    @classmethod
    def from_settings(cls, settings: ObjectSettings) -> "S3Objects":
        """Client for `S3_URL`."""
        return cls(client_of(settings), settings.s3_bucket)

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        await call_store(self._put, checked_key(key), data, content_type)

    async def get(self, key: str) -> bytes:
        return await call_store(self._get, checked_key(key), 0, 0)

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        return await call_store(self._get, checked_key(key), offset, length) if length else b""

    async def stat(self, key: str) -> ObjectInfo | None:
        return await call_store(self._stat, checked_key(key))

    async def delete(self, key: str) -> None:
        await call_store(self._delete, checked_key(key))

    async def delete_prefix(self, prefix: str) -> int:
        return await call_store(self._delete_prefix, checked_prefix(prefix))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        client = await call_store(self.client)
        found = client.list_objects(self.bucket, prefix=checked_prefix(prefix), recursive=True)
        while page := await call_store(lambda: list(itertools.islice(found, PAGE))):
            for item in page:
                yield ObjectInfo(item.object_name, item.size, item.last_modified)

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        with tempfile.TemporaryDirectory(prefix="object-") as directory:
            path = Path(directory) / "source.bin"
            await call_store(self._download, checked_key(key), path)
            yield path

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        return await call_store(self._link, checked_key(key), expires_s, filename)

    def client(self) -> Minio:
        """The client, once the bucket exists; blocks."""
        with self._bucket_lock:
            if not self._bucket_exists:
                self._make_bucket()
                self._bucket_exists = True
        return self._minio

    def _make_bucket(self) -> None:
        if self._minio.bucket_exists(self.bucket):
            return
        try:
            self._minio.make_bucket(self.bucket)
        except S3Error as error:
            if error.code not in _BUCKET_EXISTS:  # another process was faster
                raise

    def _put(self, key: str, data: bytes | Path, content_type: str) -> None:
        client = self.client()
        if isinstance(data, Path):
            client.fput_object(self.bucket, key, str(data), content_type=content_type)
        else:
            client.put_object(self.bucket, key, io.BytesIO(data), len(data), content_type=content_type)

    def open(self, key: str) -> BaseHTTPResponse:
        """The object as a stream; the caller closes it and releases its connection. Blocks. Raises Gone."""
        try:
            return self.client().get_object(self.bucket, key)
        except S3Error as error:
            raise _translated(error, key) from error

    def _get(self, key: str, offset: int, length: int) -> bytes:
        try:
            response = self.client().get_object(self.bucket, key, offset=offset, length=length)
        except S3Error as error:
            if error.code == "InvalidRange":
                return b""
            raise _translated(error, key) from error
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()

    def _stat(self, key: str) -> ObjectInfo | None:
        try:
            found = self.client().stat_object(self.bucket, key)
        except S3Error as error:
            if error.code in _MISSING:
                return None
            raise
        return ObjectInfo(key, found.size or 0, found.last_modified or EPOCH)

    def _delete(self, key: str) -> None:
        self.client().remove_object(self.bucket, key)

    def _delete_prefix(self, prefix: str) -> int:
        client = self.client()
        keys = [item.object_name for item in client.list_objects(self.bucket, prefix=prefix, recursive=True)]
        errors = list(client.remove_objects(self.bucket, [DeleteObject(key) for key in keys]))
        if errors:
            raise OSError(f"{len(errors)} objects below {prefix} were not deleted: {errors[0].code}")
        return len(keys)

    def _download(self, key: str, path: Path) -> None:
        try:
            self.client().fget_object(self.bucket, key, str(path))
        except S3Error as error:
            raise _translated(error, key) from error

    def _link(self, key: str, expires_s: int, filename: str | None) -> str:
        headers: dict[str, str | list[str] | tuple[str]] = {}
        if filename:
            headers["response-content-disposition"] = f'attachment; filename="{filename}"'
        expires = timedelta(seconds=expires_s)
        return str(self.client().presigned_get_object(self.bucket, key, expires=expires, response_headers=headers))


def client_of(
    settings: ObjectSettings, *, connect_s: float | None = None, read_s: float | None = None, retries: int = 2
) -> Minio:
    """Client for `S3_URL`; the region is always set, since some servers do not implement GetBucketLocation."""
    address = urlsplit(settings.s3_url or "")
    retry = Retry(total=retries, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504] if retries else [])
    return Minio(
        address.netloc,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        secure=address.scheme == "https",
        region=settings.s3_region,
        http_client=TimeoutPool(connect_s=connect_s, read_s=read_s, maxsize=16, retries=retry),
    )


async def call_store(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `call` in a thread. Raises StoreUnavailable, which consumers wait for, where the store cannot be used."""
    try:
        return await asyncio.to_thread(call, *args, **kwargs)
    except (HTTPError, ServerError, InvalidResponseError, S3Error) as error:
        if (unavailable := store_error(error)) is None:
            raise
        raise unavailable from error


def store_error(error: Exception) -> StoreUnavailable | None:
    """An error of the client as one of ours; None for one that is about a single object or request."""
    if isinstance(error, HTTPError):
        reason = str(getattr(error, "reason", error))
        return StoreUnreachable(f"({reason.rpartition(': ')[2]})")  # urllib3 puts objects and addresses before it
    if not isinstance(error, S3Error):
        return StoreFailing(f"({error})")
    if (kind := _UNAVAILABLE.get(error.code or "")) is not None:
        return kind(f"({error.code})")
    status = HTTPStatus.OK if error.response is None else error.response.status
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return StoreKeyRefused(f"({error.code})")
    return StoreFailing(f"({error.code})") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None


def _translated(error: S3Error, key: str) -> Exception:
    return Gone(key) if error.code in _MISSING else error
