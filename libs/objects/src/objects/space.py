"""The free space of a local object store, and the floor below which nothing new is begun."""

import asyncio
import math
import os
from dataclasses import dataclass
from pathlib import Path

import objects.metrics
from chassis.clock import Clock
from chassis.metrics import Metrics
from dependencies.errors import StoreFull
from objects.metrics import STORE_FLOOR_BYTES, STORE_FREE_BYTES

SHARE = 20
"""The floor is at most this part of a file system: a small one would have no room above it."""
MARGIN = 1.1
"""Work goes on once there is a tenth more than the floor, so that it does not stop and go at the edge."""
REFRESH_S = 0.5
"""Between two measurements: what other processes write meanwhile may go below the floor."""


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """Of a file system, bytes."""

    free: int
    total: int

    def floor(self, keep: int) -> int:
        """Bytes that are kept free where `keep` are asked for."""
        return min(keep, self.total // SHARE)

    def lacks(self, keep: int, more: int, was_below: bool) -> bool:
        """Whether `more` bytes would go below the floor, or below its margin where it was below before."""
        return self.free - more < self.floor(keep) * (MARGIN if was_below else 1)


class StoreSpace:
    """Of the store at `root`, of which `keep` bytes stay free; None: an S3 store, which says itself when it is full."""

    def __init__(self, root: Path | None, keep: int, clock: Clock, metrics: Metrics | None = None) -> None:
        self._root, self._keep, self._clock, self._metrics = root, keep, clock, metrics
        self._found: FreeSpace | None = None
        self._measured_at, self._below = -math.inf, False
        if metrics is not None and root is not None:
            metrics.declare(objects.metrics)

    async def check(self, more: int = 0) -> None:
        """Check that there is room for `more` bytes above the floor. Raises StoreFull."""
        found = await self._measured()
        if found is None:
            return
        below = found.lacks(self._keep, 0, self._below)
        self._below = below or found.lacks(self._keep, more, below)
        if self._below:
            raise StoreFull(f"({found.free} bytes are free, {found.floor(self._keep)} are kept free)")

    async def check_put(self, path: Path) -> None:
        """As `check`, before a `final` file is put: one on the store's own file system is linked in and takes nothing.

        Raises StoreFull, and FileNotFoundError without the file.
        """
        if self._root is not None:
            size = await asyncio.to_thread(_bytes_taken, self._root, path)
            if size:
                await self.check(size)

    async def take(self, size: int) -> None:
        """As `check`, before so many bytes are written; they are gone for the next one, before it is measured again."""
        await self.check(size)
        if self._found is not None:
            self._found = FreeSpace(self._found.free - size, self._found.total)

    async def _measured(self) -> FreeSpace | None:
        """None of an S3 store, and where the file system does not answer: that is for other checks to say."""
        now = self._clock.monotonic()
        if self._root is not None and now - self._measured_at >= REFRESH_S:
            self._measured_at = now
            self._found = await asyncio.to_thread(measure, self._root)
            if self._found is not None and self._metrics is not None:
                self._metrics.set(STORE_FREE_BYTES, self._found.free)
                self._metrics.set(STORE_FLOOR_BYTES, self._found.floor(self._keep))
        return self._found


def measure(root: Path) -> FreeSpace | None:
    """Of the file system of a directory, or of what it will be made in; None where that does not answer."""
    try:
        found = os.statvfs(_place(root))
    except OSError:
        return None
    return FreeSpace(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _place(root: Path) -> Path:
    """The directory, or what it will be made in."""
    return next((each for each in (root, *root.parents) if each.exists()), root)


def _bytes_taken(root: Path, path: Path) -> int:
    """By a copy of a file in the store, bytes; 0 where it can be linked in."""
    found = path.stat()
    try:
        return 0 if _place(root).stat().st_dev == found.st_dev else found.st_size
    except OSError:  # a store that does not answer, which is for other checks to say
        return 0
