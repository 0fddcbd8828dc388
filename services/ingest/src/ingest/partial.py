"""Bytes of an upload while it runs: one file, one writer, its size is the offset.

The lock is flock(2) on the file itself: it excludes other processes and other requests of this one (and other
machines on NFS 4), and the kernel takes it back when its holder is killed, so that a client can go on at once.
"""

import fcntl
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.refusals import Refused

SUFFIX = ".part"


class Partial:
    """An upload's file, locked from `open` to `close`. Methods block: call them in a thread where they touch data."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor
        # A write may outlive its request, or come up in its thread only after it: never on a number that is closed,
        # which the next file may have got
        self._busy, self._closed = threading.Lock(), False
        self.size = os.fstat(descriptor).st_size

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """Open and lock. Raises Refused(upload_locked), or FileNotFoundError."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        while True:
            descriptor = os.open(path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_still(path, descriptor):
                    return cls(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                raise Refused("upload_locked", headers={"Retry-After": "1"}) from None
            os.close(descriptor)  # removed between opening and locking: look again

    @property
    def removed(self) -> bool:
        """Whether the file was deleted under us: the upload was cancelled, maybe by another process."""
        return os.fstat(self._descriptor).st_nlink == 0

    def append(self, chunks: Sequence[bytes | memoryview]) -> None:
        """Write all of `chunks` in order. On an OSError `size` counts what was written before it."""
        with self._busy:
            if self._closed:
                return
            views = [memoryview(chunk) for chunk in chunks]
            while views:
                written = os.writev(self._descriptor, views)
                self.size += written
                views = _rest(views, written)

    def sync(self) -> None:
        """Bring what was written to the disk."""
        with self._busy:
            if not self._closed:
                os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        """Drop everything from `size` on."""
        with self._busy:
            os.ftruncate(self._descriptor, size)
            self.size = size

    def empty(self) -> None:
        """Drop all, on the disk too: after a power cut nothing of it comes back."""
        if self.size:
            self.truncate(0)
            self.sync()

    def remove(self) -> None:
        """Delete the file; whoever has it open sees `removed`."""
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
    """The file of an upload. `video_id` is plain: tokens with another one are refused."""
    return directory / f"{video_id}{SUFFIX}"


def _is_still(path: Path, descriptor: int) -> bool:
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
