"""Originals as local files, fetched once for all the segments of a run that this process decodes.

On local disk this costs nothing. From S3 a video of twenty segments would otherwise be downloaded twenty times.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chassis.clock import Clock
from extractor.files.storage_retry import retry_storage
from extractor.model.failures import Failed
from objects.store import Gone, ObjectStore

IDLE_S = 30.0
"""How long a file that nobody reads stays: that of a deleted video must go."""


@dataclass(slots=True)
class _CachedFile:
    fetching: asyncio.Task[Path]
    stack: AsyncExitStack
    readers: int = 0
    unused_since: float = 0.0
    size: int = field(default=0)

    @property
    def idle(self) -> bool:
        return self.readers == 0 and self.fetching.done()


class Originals:
    """A cache that the workers of a process share.

    Of the files that nobody reads the newest stays, and older ones while all of them are no more than `max_bytes`.
    """

    def __init__(self, store: ObjectStore, max_bytes: int, clock: Clock) -> None:
        self._store, self._max_bytes, self._clock = store, max_bytes, clock
        self._files: dict[str, _CachedFile] = {}  # the least recently used first

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Path]:
        """The original as a file, to be read only inside the context. Raises Gone, and StorageFailed."""
        cached = self._files.pop(key, None) or self._fetch(key)
        self._files[key] = cached
        cached.readers += 1
        try:
            yield await self._path(key, cached)
        finally:
            cached.readers -= 1
            cached.unused_since = self._clock.monotonic()
            await self.evict()

    async def evict(self) -> None:
        """Drop files that are too many or too old. To be called from time to time."""
        idle = {key: cached for key, cached in self._files.items() if cached.idle}
        total, now = sum(cached.size for cached in idle.values()), self._clock.monotonic()
        for position, (key, cached) in enumerate(idle.items(), start=1):
            if now - cached.unused_since > IDLE_S or (total > self._max_bytes and position < len(idle)):
                total -= cached.size
                await self._drop(key, cached)

    async def close(self) -> None:
        """Drop all files."""
        for key, cached in list(self._files.items()):
            cached.fetching.cancel()
            await asyncio.gather(cached.fetching, return_exceptions=True)
            await self._drop(key, cached)

    def _fetch(self, key: str) -> _CachedFile:
        stack = AsyncExitStack()
        fetch = retry_storage(lambda: stack.enter_async_context(self._store.local_path(key)), self._clock)
        return _CachedFile(asyncio.ensure_future(fetch), stack)

    async def _path(self, key: str, cached: _CachedFile) -> Path:
        """A reader may be cancelled while it waits; the download goes on for the others, or for the next attempt."""
        try:
            path = await asyncio.shield(cached.fetching)
            cached.size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError as error:  # it was there when it was fetched
            await self._drop(key, cached)
            raise Gone(key) from error
        except (Gone, Failed):
            await self._drop(key, cached)
            raise
        return path

    async def _drop(self, key: str, cached: _CachedFile) -> None:
        if self._files.get(key) is cached:
            del self._files[key]
        if cached.readers <= 1:
            await cached.stack.aclose()
