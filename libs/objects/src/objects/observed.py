"""An object store whose operations are timed and whose errors are counted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import objects.metrics
from chassis.clock import Clock, SystemClock
from chassis.metrics import Metrics
from objects.metrics import OBJECT_ERRORS, OBJECT_SECONDS
from objects.store import BadKey, Gone, ObjectInfo, ObjectStore


class ObservedObjects:
    """Delegates to another store. `Gone` and `BadKey` do not count as errors."""

    def __init__(self, inner: ObjectStore, metrics: Metrics, clock: Clock | None = None) -> None:
        self._inner, self._metrics, self._clock = inner, metrics, clock or SystemClock()
        metrics.declare(objects.metrics)

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        """See ObjectStore."""
        with self._observed("put"):
            await self._inner.put(key, data, content_type, final=final)

    async def get(self, key: str) -> bytes:
        """See ObjectStore."""
        with self._observed("get"):
            return await self._inner.get(key)

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        """See ObjectStore."""
        with self._observed("get"):
            return await self._inner.get_range(key, offset, length)

    async def stat(self, key: str) -> ObjectInfo | None:
        """See ObjectStore."""
        with self._observed("stat"):
            return await self._inner.stat(key)

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        with self._observed("delete"):
            await self._inner.delete(key)

    async def delete_prefix(self, prefix: str) -> int:
        """See ObjectStore."""
        with self._observed("delete"):
            return await self._inner.delete_prefix(prefix)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore."""
        with self._counted("list"):
            async for found in self._inner.list(prefix):
                yield found

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        """See ObjectStore."""
        context = self._inner.local_path(key)
        with self._observed("open"):
            path = await context.__aenter__()
        try:
            yield path
        finally:
            await context.__aexit__(None, None, None)

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        """See ObjectStore; not observed, since signing makes no request."""
        return await self._inner.link(key, expires_s, filename)

    @contextmanager
    def _observed(self, operation: str) -> Iterator[None]:
        began = self._clock.monotonic()
        with self._counted(operation):
            yield
        self._metrics.observe(OBJECT_SECONDS, self._clock.monotonic() - began, operation=operation)

    @contextmanager
    def _counted(self, operation: str) -> Iterator[None]:
        try:
            yield
        except (Gone, BadKey):
            raise
        except Exception as error:
            self._metrics.count(OBJECT_ERRORS, operation=operation, error=type(error).__name__)
            raise
