"""Originals as local files, fetched once for all the segments that this process does of a run.

On local disk this costs nothing. From S3 a video of twenty segments would otherwise be downloaded twenty times.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chassis.clock import Clock
from chassis.objects import Gone, ObjectStore
from extractor.files.failures import Failed
from extractor.files.patience import patiently

IDLE_S = 30.0
"""How long a file that nobody reads stays: a deleted video must not."""


@dataclass(slots=True)
class _Held:
    fetching: asyncio.Task[Path]
    stack: AsyncExitStack
    users: int = 0
    free_at: float = 0.0
    size: int = field(default=0)

    @property
    def idle(self) -> bool:
        return self.users == 0 and self.fetching.done()


class Sources:
    """Shared by the workers of a process. Of the files that nobody reads now the newest is kept, and older ones as long
    as all of them come to no more than `keep_bytes`."""

    def __init__(self, store: ObjectStore, keep_bytes: int, clock: Clock) -> None:
        self._store, self._keep_bytes, self._clock = store, keep_bytes, clock
        self._held: dict[str, _Held] = {}  # the least recently used first

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Path]:
        """The original as a file, to be read only inside the context. Raises Gone, and Failed(storage_failed)."""
        held = self._held.pop(key, None) or self._fetch(key)
        self._held[key] = held
        held.users += 1
        try:
            yield await self._path(key, held)
        finally:
            held.users -= 1
            held.free_at = self._clock.monotonic()
            await self.trim()

    async def trim(self) -> None:
        """Let go of what nobody reads any more; to be called now and again."""
        idle = {key: held for key, held in self._held.items() if held.idle}
        total, now = sum(held.size for held in idle.values()), self._clock.monotonic()
        for place, (key, held) in enumerate(idle.items(), start=1):
            if now - held.free_at > IDLE_S or (total > self._keep_bytes and place < len(idle)):
                total -= held.size
                await self._drop(key, held)

    async def close(self) -> None:
        """Let go of everything."""
        for key, held in list(self._held.items()):
            held.fetching.cancel()
            await asyncio.gather(held.fetching, return_exceptions=True)
            await self._drop(key, held)

    def _fetch(self, key: str) -> _Held:
        stack = AsyncExitStack()
        entered = patiently(lambda: stack.enter_async_context(self._store.local_path(key)), self._clock)
        return _Held(asyncio.ensure_future(entered), stack)

    async def _path(self, key: str, held: _Held) -> Path:
        """Whoever waits may be cancelled; the download goes on for the others, or for the next try."""
        try:
            path = await asyncio.shield(held.fetching)
            held.size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError as error:  # it was there when it was fetched
            await self._drop(key, held)
            raise Gone(key) from error
        except (Gone, Failed):
            await self._drop(key, held)
            raise
        return path

    async def _drop(self, key: str, held: _Held) -> None:
        if self._held.get(key) is held:
            del self._held[key]
        if held.users <= 1:
            await held.stack.aclose()
