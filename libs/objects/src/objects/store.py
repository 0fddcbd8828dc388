"""Objects: bytes under a key, on local disk or in any S3-compatible store, behind one small interface.

Keys are relative paths of plain characters. A put is atomic and durable: a reader sees all of the old or all of the new
object, and what was put is there after a crash.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

_KEY = re.compile(r"[A-Za-z0-9_@=-][A-Za-z0-9._@=-]*(/[A-Za-z0-9_@=-][A-Za-z0-9._@=-]*)*")
MAX_KEY_LENGTH = 900


class Gone(Exception):
    """There is no object under this key, or not any more; a consumer skips it and counts it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class BadKey(ValueError):
    """Not a key: absolute, with `..`, hidden, empty, too long, or with characters that some store would change."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Metadata of an object; `size` in bytes, `modified` aware UTC."""

    key: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """What local disk, S3 and `objects.testing.MemoryObjects` have in common; all three pass one suite of tests.

    Every call raises ConnectionError when the store is unavailable, overloaded, failing or (to write) full.
    """

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        """Store bytes or a file's content under `key`, replacing what was there.

        `final` promises that the file at that path is never written again, so that a local store may link it in
        instead of copying it.
        """
        ...

    async def get(self, key: str) -> bytes:
        """The whole object. Raises Gone."""
        ...

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`: fewer at the end, none past it. Raises Gone."""
        ...

    async def stat(self, key: str) -> ObjectInfo | None:
        """Size and time, or None when there is no such object."""
        ...

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object whose key starts with `prefix`; returns how many."""
        ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, ordered by key."""
        ...

    def local_path(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The object as a file, to be read only, and only inside the context. Raises Gone."""
        ...

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        """A URL that opens the object for `expires_s` seconds, saved under `filename` when given."""
        ...


def checked_key(key: str) -> str:
    """The key itself. Raises BadKey when it is not one."""
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise BadKey(key)
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself: a key, or one ending in a slash. Raises BadKey; an empty one would mean everything."""
    checked_key(prefix.removesuffix("/"))
    return prefix
