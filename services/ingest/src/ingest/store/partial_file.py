"""Bytes of an upload that is receiving: one file with one writer; its size is the offset.

The lock is flock(2) on the file: it excludes other requests and other processes (on NFS 4 other machines too), and the
kernel releases it when its holder is killed, so that a client can resume at once.
"""

import fcntl
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.refusals import UploadLocked

SUFFIX = ".part"


class PartialFile:
    """An upload's file, locked from `open` to `close`. Methods block: call them in a thread where they touch data."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor
        # A write in a thread may outlive its request, or start after it: it must not use a closed descriptor, whose
        # number may be another file's by then
        self._busy, self._closed = threading.Lock(), False
        self.size = os.fstat(descriptor).st_size

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """Open and lock. Raises UploadLocked, or FileNotFoundError."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        while True:
            descriptor = os.open(path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_same_file(path, descriptor):
                    return cls(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                raise UploadLocked(headers={"Retry-After": "1"}) from None
            os.close(descriptor)  # removed between opening and locking

    @property
    def removed(self) -> bool:
        """Whether the file was deleted since it was opened: the upload was cancelled, maybe by another process."""
        return os.fstat(self._descriptor).st_nlink == 0

    def append(self, chunks: Sequence[bytes | memoryview]) -> None:
        """Write `chunks` in order. After an OSError `size` is what was written before it."""
        with self._busy:
            if self._closed:
                return
            views = [memoryview(chunk) for chunk in chunks]
            while views:
                written = os.writev(self._descriptor, views)
                self.size += written
                views = _rest(views, written)

    def sync(self) -> None:
        """Flush to the disk (fdatasync)."""
        with self._busy:
            if not self._closed:
                os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        """Discard everything from `size` on."""
        with self._busy:
            os.ftruncate(self._descriptor, size)
            self.size = size

    def empty(self) -> None:
        """Discard everything, on the disk too: after a power cut nothing of it comes back."""
        if self.size:
            self.truncate(0)
            self.sync()

    def remove(self) -> None:
        """Delete the file; others that have it open see `removed`."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlock."""
        with self._busy:
            if not self._closed:
                self._closed = True
                os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def partial_path(directory: Path, video_id: str) -> Path:
    """The partial file of an upload. `video_id` is safe as a name: other tokens are refused."""
    return directory / f"{video_id}{SUFFIX}"


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _rest(views: list[memoryview], written: int) -> list[memoryview]:
    for number, view in enumerate(views):
        if written < len(view):
            return [view[written:], *views[number + 1 :]]
        written -= len(view)
    return []
