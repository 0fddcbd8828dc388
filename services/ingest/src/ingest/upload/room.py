"""Whether there is room for a file, in the directory of uploads and in the object store, and that a job says it."""

import errno
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from chassis import outbox
from chassis.clock import Clock
from dependencies.errors import DependencyError, StoreFull
from ingest import events
from ingest.refusals import DiskFull, NoRoom
from objects.space import StoreSpace
from tablewatch_schemas.manifest import RunSpec

MOST_REPORTED = 10_000
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Of a disk that takes no more of a file."""


class Room:
    """Room for files in `directory`, of whose disk `min_free` bytes stay free, and in the object store of `space`."""

    def __init__(self, directory: Path, space: StoreSpace, pool: asyncpg.Pool, *, min_free: int, clock: Clock) -> None:
        self._directory, self._space, self._min_free = directory, space, min_free
        self._pool, self._clock = pool, clock
        self._reported: dict[str, str] = {}

    async def check(self, more_bytes: int) -> None:
        """Before so many bytes of a file are received. Raises DiskFull, StoreFull."""
        self.check_directory(more_bytes)
        await self._space.check(more_bytes)

    def check_directory(self, more_bytes: int) -> None:
        """Before so many bytes are written to the directory alone. Raises DiskFull."""
        if shutil.disk_usage(self._directory).free - more_bytes < self._min_free:
            raise DiskFull

    async def check_store(self, path: Path) -> None:
        """Before a file that has arrived is put into the store. Raises StoreFull."""
        await self._space.check_put(path)

    @asynccontextmanager
    async def reporting(self, run: RunSpec, detail: str = "") -> AsyncIterator[None]:
        """Publish that there was no room, so that the job says it; who insists is one event.

        `detail` is what the job says beside the sentence of a full disk. The error itself is raised on.
        """
        try:
            yield
        except (NoRoom, OSError) as error:
            if (refusal := _no_room(error, detail)) is not None:
                await self._report(run, refusal)
            raise

    async def _report(self, run: RunSpec, refusal: NoRoom) -> None:
        if self._reported.pop(run.video_id, None) != refusal.reason:
            async with self._pool.acquire() as conn, conn.transaction():
                await outbox.enqueue(conn, events.upload_refused_event(run, refusal, self._clock.now()))
        self._reported[run.video_id] = refusal.reason
        if len(self._reported) > MOST_REPORTED:
            del self._reported[next(iter(self._reported))]


def _no_room(error: Exception, detail: str) -> NoRoom | None:
    """What a full store or disk is to an uploader; None of another error."""
    if isinstance(error, NoRoom):
        return error
    if isinstance(error, StoreFull):
        return DiskFull(detail)
    full = isinstance(error, OSError) and not isinstance(error, DependencyError) and error.errno in FULL
    return DiskFull(detail) if full else None
