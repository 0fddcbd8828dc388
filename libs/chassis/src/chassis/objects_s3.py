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
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from chassis.objects import Gone, ObjectInfo, checked_key, checked_prefix

if TYPE_CHECKING:
    from chassis.settings import ServiceSettings

P = ParamSpec("P")
T = TypeVar("T")
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_BUCKET_EXISTS = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
PAGE = 1000
CONNECT_S, READ_S, SLOW_READ_S = 5.0, 20.0, 60.0
"""Until connected; until the first or the next byte of an answer; the same of a POST, by which a store puts the parts
of a large object together or deletes many. What a store that went away never answers ends by these."""
EPOCH = datetime.fromtimestamp(0, UTC)  # of a server that does not say when


class _Pool(PoolManager):
    """Connections whose patience fits the request; the client itself offers none."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> BaseHTTPResponse:  # type: ignore[override]
        """As of PoolManager."""
        kw["timeout"] = Timeout(connect=CONNECT_S, read=SLOW_READ_S if method == "POST" else READ_S)
        return super().urlopen(method, url, redirect, **kw)


class S3Objects:
    """`ObjectStore` in one bucket, which is made when it is first used and not there."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._minio, self.bucket = client, bucket
        self._prepared, self._preparing = False, threading.Lock()

    @classmethod
    def from_settings(cls, settings: "ServiceSettings") -> "S3Objects":
        """Client for `S3_URL`; the region is always set, since smaller servers do not answer where a bucket is."""
        address = urlsplit(settings.s3_url or "")
        client = Minio(
            address.netloc,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=address.scheme == "https",
            region=settings.s3_region,
            # The client's own defaults wait five minutes for a store that is away.
            http_client=_Pool(
                maxsize=16,
                retries=Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
            ),
        )
        return cls(client, settings.s3_bucket)

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        await asked(self._put, checked_key(key), data, content_type)

    async def get(self, key: str) -> bytes:
        return await asked(self._get, checked_key(key), 0, 0)

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        return await asked(self._get, checked_key(key), offset, length) if length else b""

    async def stat(self, key: str) -> ObjectInfo | None:
        return await asked(self._stat, checked_key(key))

    async def delete(self, key: str) -> None:
        await asked(self.client().remove_object, self.bucket, checked_key(key))

    async def delete_prefix(self, prefix: str) -> int:
        return await asked(self._delete_prefix, checked_prefix(prefix))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        client = await asked(self.client)
        found = client.list_objects(self.bucket, prefix=checked_prefix(prefix), recursive=True)
        while page := await asked(lambda: list(itertools.islice(found, PAGE))):
            for item in page:
                yield ObjectInfo(item.object_name, item.size, item.last_modified)

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        with tempfile.TemporaryDirectory(prefix="object-") as directory:
            path = Path(directory) / "source.bin"
            await asked(self._download, checked_key(key), path)
            yield path

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        return await asked(self._link, checked_key(key), expires_s, filename)

    def client(self) -> Minio:
        """The client, once the bucket is there; blocks."""
        with self._preparing:
            if not self._prepared:
                self._make_bucket()
                self._prepared = True
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
        """The object as a stream, to be closed and its connection released by the caller; blocks. Raises Gone."""
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


async def asked(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `step` in a thread; a store that is away or overloaded is a ConnectionError, which consumers wait out."""
    try:
        return await asyncio.to_thread(step, *args, **kwargs)
    except (HTTPError, ServerError, InvalidResponseError) as error:
        raise ConnectionError(f"object store: {error}") from error
    except S3Error as error:
        if error.response is not None and error.response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ConnectionError(f"object store: {error.code}") from error
        raise


def _translated(error: S3Error, key: str) -> Exception:
    return Gone(key) if error.code in _MISSING else error
