"""Asking a local directory whether it takes a file."""

import asyncio
import errno
import os
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dependencies.errors import (
    DependencyError,
    StoreDirectoryMissing,
    StoreFull,
    StoreReadOnly,
    UploadsDirectoryMissing,
    UploadsFull,
    UploadsReadOnly,
    exhausted,
)

T = TypeVar("T")
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class OneAtATime:
    """Runs a blocking question in a thread of its own. One that hangs is waited for again, and no second one begun."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._running: Future[object] | None = None

    async def run(self, question: Callable[[], object]) -> None:
        """Raises what `question` raises. May be cancelled; the thread goes on."""
        if self._running is None:
            self._running = self._thread.submit(question)
        running = self._running
        waiting = asyncio.wrap_future(running)
        waiting.add_done_callback(_retrieved)
        try:
            await asyncio.shield(waiting)
        finally:
            if running.done():
                self._running = None


def _retrieved(outcome: "asyncio.Future[object]") -> None:
    """Take the error of a question that nobody waits for any more."""
    if not outcome.cancelled():
        outcome.exception()


@dataclass(frozen=True, slots=True)
class DirectoryErrors:
    """What a directory that is missing, read-only or full is called."""

    missing: type[DependencyError]
    read_only: type[DependencyError]
    full: type[DependencyError]


STORE_DIRECTORY = DirectoryErrors(StoreDirectoryMissing, StoreReadOnly, StoreFull)
UPLOADS_DIRECTORY = DirectoryErrors(UploadsDirectoryMissing, UploadsReadOnly, UploadsFull)


class DirectoryProbe:
    """Writes a small file and removes it, in `directory`. Raises one of `errors`."""

    def __init__(self, directory: Path, errors: DirectoryErrors) -> None:
        self._directory, self._errors = directory, errors
        self._thread = OneAtATime()

    async def __call__(self) -> None:
        await self._thread.run(self._write)

    def _write(self) -> None:
        path = self._directory / f".readiness-{os.getpid()}-{uuid.uuid4().hex}"
        try:
            try:
                path.write_bytes(b"x")
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self.error(error) from error

    def error(self, error: OSError) -> DependencyError:
        """An error of the operating system as one of ours."""
        if (none_left := exhausted(error)) is not None:
            return none_left
        kind = self._errors.read_only
        if error.errno in _MISSING:
            kind = self._errors.missing
        elif error.errno in _FULL:
            kind = self._errors.full
        return kind(f"({self._directory}: {error.strerror})")
