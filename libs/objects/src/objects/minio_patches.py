"""Every touch of minio's private parts, and the patch of its timeouts: no other module of this library does either.

Written for minio 7.2.20. `tests/unit/objects/test_minio_library.py` fails when the library changes under these
functions, and when it offers them itself.

The calls of S3 multipart uploads are private in minio (names with an underscore, the same since 7.0): the library
uploads the parts itself and has no public way to complete parts that others uploaded by signed links.
"""

from collections.abc import Sequence
from typing import Any

from minio import Minio
from minio.datatypes import ListMultipartUploadsResult, ListPartsResult, Part
from urllib3 import BaseHTTPResponse, PoolManager, Timeout

CONNECT_S, READ_S, SLOW_READ_S = 5.0, 20.0, 60.0
"""Timeouts: to connect; of the first and of each next byte of a response; the same of a POST, by which a store
completes a large multipart upload or deletes many objects."""


class TimeoutPool(PoolManager):
    """Connections with a timeout that fits the request.

    minio 7.2.20 has one timeout for all requests, five minutes, and passes none of its own to `urlopen`.
    """

    def __init__(self, *, connect_s: float | None = None, read_s: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._connect_s, self._read_s = connect_s, read_s

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> BaseHTTPResponse:  # type: ignore[override]
        """See PoolManager."""
        kw["timeout"] = Timeout(
            connect=self._connect_s or CONNECT_S, read=SLOW_READ_S if method == "POST" else self._read_s or READ_S
        )
        return super().urlopen(method, url, redirect, **kw)


def create_multipart_upload(client: Minio, bucket: str, key: str) -> str:
    """Begin an upload; returns its id."""
    headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": "application/octet-stream"}
    return str(client._create_multipart_upload(bucket, key, headers))


def list_parts(client: Minio, bucket: str, key: str, upload_id: str, after: str | None) -> ListPartsResult:
    """One page of the parts that were uploaded, of numbers past `after`."""
    return client._list_parts(bucket, key, upload_id, part_number_marker=after)


def complete_multipart_upload(client: Minio, bucket: str, key: str, upload_id: str, parts: Sequence[Part]) -> None:
    """Make the object of the parts."""
    client._complete_multipart_upload(bucket, key, upload_id, list(parts))


def abort_multipart_upload(client: Minio, bucket: str, key: str, upload_id: str) -> None:
    """Drop the upload and its parts."""
    client._abort_multipart_upload(bucket, key, upload_id)


def list_multipart_uploads(
    client: Minio, bucket: str, prefix: str, key_after: str | None, id_after: str | None
) -> ListMultipartUploadsResult:
    """One page of the uploads that are neither completed nor aborted."""
    return client._list_multipart_uploads(bucket, prefix=prefix, key_marker=key_after, upload_id_marker=id_after)
