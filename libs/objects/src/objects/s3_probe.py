"""Asking an S3 store whether it can be used: with a client of its own, whose timeouts are short."""

import io
import time

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

from dependencies.directory import OneAtATime
from objects.s3 import client_of, store_error
from objects.settings import ObjectSettings

TIMEOUT_S = 2.0
WRITE_EVERY_S = 300.0
NAME = ".tablewatch-readiness"
"""Of the object that is read by every check and written by some. It is no key of an object of ours: see `store`."""


class S3Probe:
    """Reads one small object, and writes it at first, after a fault and every WRITE_EVERY_S. Raises StoreUnavailable.

    A GET, not a HEAD: only the body of an answer tells a wrong key from a clock that is wrong or a bucket that is gone.
    """

    def __init__(self, settings: ObjectSettings) -> None:
        self._client = client_of(settings, connect_s=TIMEOUT_S, read_s=TIMEOUT_S, retries=0)
        self._bucket, self._url = settings.s3_bucket, settings.s3_url
        self._thread = OneAtATime()
        self._written_at: float | None = None
        self._seen = False

    async def __call__(self) -> None:
        await self._thread.run(self._ask)

    def _ask(self) -> None:
        try:
            self._read_and_write()
        except (HTTPError, ServerError, InvalidResponseError, S3Error) as error:
            self._written_at = None
            known = store_error(error)
            if known is None:
                raise
            raise type(known)(f"{known.detail[:-1]}, {self._url})") from error
        self._seen = True

    def _read_and_write(self) -> None:
        found = self._read()
        if not found or self._written_at is None or time.monotonic() - self._written_at > WRITE_EVERY_S:
            self._client.put_object(self._bucket, NAME, io.BytesIO(b"x"), 1)
            self._written_at = time.monotonic()

    def _read(self) -> bool:
        try:
            response = self._client.get_object(self._bucket, NAME)
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                return False
            if error.code != "NoSuchBucket" or self._seen:  # one that is gone later is a fault, and stays gone
                raise
            self._client.make_bucket(self._bucket)  # as the store does at its first use
            return False
        response.close()
        response.release_conn()
        return True
