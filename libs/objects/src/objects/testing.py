"""An object store in memory that passes the same suite as the local and the S3 one."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from chassis.clock import Clock, SystemClock
from objects.store import Gone, ObjectInfo, checked_key, checked_prefix


class MemoryObjects:
    """`ObjectStore` in a dictionary; while `fail` is set, calls raise it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.objects: dict[str, bytes] = {}
        self.fail: Exception | None = None
        self._modified: dict[str, datetime] = {}

    async def put(
        self, key: str, data: bytes | Path, content_type: str = "application/octet-stream", *, final: bool = False
    ) -> None:
        self._may_fail()
        self.objects[checked_key(key)] = data.read_bytes() if isinstance(data, Path) else bytes(data)  # noqa: ASYNC240
        self._modified[key] = self._clock.now()

    async def get(self, key: str) -> bytes:
        self._may_fail()
        try:
            return self.objects[checked_key(key)]
        except KeyError:
            raise Gone(key) from None

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        return (await self.get(key))[offset : offset + length]

    async def stat(self, key: str) -> ObjectInfo | None:
        self._may_fail()
        data = self.objects.get(checked_key(key))
        return None if data is None else ObjectInfo(key, len(data), self._modified[key])

    async def delete(self, key: str) -> None:
        self._may_fail()
        self.objects.pop(checked_key(key), None)

    async def delete_prefix(self, prefix: str) -> int:
        self._may_fail()
        checked_prefix(prefix)
        keys = [key for key in self.objects if key.startswith(prefix)]
        for key in keys:
            del self.objects[key]
        return len(keys)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        self._may_fail()
        checked_prefix(prefix)
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(self.objects[key]), self._modified[key])

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        data = await self.get(key)
        with tempfile.TemporaryDirectory(prefix="object-") as directory:
            path = Path(directory) / "source.bin"
            path.write_bytes(data)
            yield path

    async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
        return f"memory:///{checked_key(key)}?expires={int(self._clock.now().timestamp()) + expires_s}"

    def _may_fail(self) -> None:
        if self.fail is not None:
            raise self.fail
