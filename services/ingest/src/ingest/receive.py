"""A request's body into an upload's file: in order, bounded, and kept as far as it came."""

import asyncio
import errno
import resource
import time
from dataclasses import dataclass

from starlette.requests import ClientDisconnect

from chassis.connection import Pieces
from ingest.partial import Partial
from ingest.quota import Meter
from ingest.refusals import Refused

# Bytes go into the page cache on the loop while they are still in the processor's cache: half as dear as handing them
# to a thread (decision 0026). A disk that does not take them at once is written to in one, so that nobody else waits.
AT_ONCE_BYTES = 128 * 1024
SLOW_S = 0.02
BATCH_BYTES = 1024 * 1024
BATCH_CHUNKS = 500  # below IOV_MAX
UNSYNCED_BYTES = 64 * 1024 * 1024  # of a long request; more would make the kernel stop the writer, and so the loop
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Limit:
    """Size that the file may reach, and the refusal that says so when it would grow past it."""

    size: int
    code: str


async def receive(body: Pieces, partial: Partial, limit: Limit, idle_s: float, meter: Meter | None = None) -> None:
    """Append a body to `partial` and sync it; returns when the body ended as it should.

    Whatever happens, the bytes that arrived are written in order and synced before this ends. Raises Refused:
    request_incomplete (client gone, or silent for `idle_s`), disk_full, upload_gone, the code of `limit`, or what
    `meter` says of bytes that it does not cover.
    """
    try:
        await _copy(body, partial, limit, idle_s, meter)
    except (ClientDisconnect, TimeoutError):
        raise Refused("request_incomplete") from None
    except OSError as error:
        if error.errno in _FULL:
            raise Refused("disk_full") from error
        raise
    finally:
        await asyncio.to_thread(partial.sync)
    if partial.removed:
        raise Refused("upload_gone")


async def _copy(body: Pieces, partial: Partial, limit: Limit, idle_s: float, meter: Meter | None) -> None:
    loop = asyncio.get_running_loop()
    writer = _Writer(partial)
    try:
        async with asyncio.timeout(idle_s) as idle:
            async for chunk in body:
                size = writer.size + len(chunk)
                if size > limit.size:
                    raise Refused(limit.code)
                if meter is not None and size > meter.covered:
                    await meter.cover(size)
                if writer.take(chunk):
                    idle.reschedule(None)  # a slow disk is not a silent client
                    await writer.write()
                idle.reschedule(loop.time() + idle_s)
    finally:
        await writer.write()


class _Writer:
    """Collects chunks for writes that are worth their while, and chooses where to write them."""

    def __init__(self, partial: Partial) -> None:
        self._partial, self._synced = partial, partial.size
        self._waiting, self._held = list[bytes | memoryview](), 0
        self._quick = True

    @property
    def size(self) -> int:
        """Size of the file with what is held."""
        return self._partial.size + self._held

    def take(self, chunk: bytes | memoryview) -> bool:
        """Hold a chunk; whether it is time to write. One that has to wait is copied: it may be lent until the next."""
        self._held += len(chunk)
        enough = AT_ONCE_BYTES if self._quick else BATCH_BYTES
        due = self._held >= enough or len(self._waiting) + 1 >= BATCH_CHUNKS
        self._waiting.append(chunk if due else bytes(chunk))
        return due

    async def write(self) -> None:
        """Write all that is held. Raises Refused(upload_gone), or OSError."""
        batch, self._waiting, self._held = self._waiting, [], 0
        if not batch:
            return
        if self._quick:
            self._append(batch)
        else:
            await asyncio.to_thread(self._append, batch)
        if self._partial.removed:
            raise Refused("upload_gone")
        if self._partial.size - self._synced >= UNSYNCED_BYTES:
            await asyncio.to_thread(self._partial.sync)
            self._synced = self._partial.size

    def _append(self, batch: list[bytes | memoryview]) -> None:
        """A write that took long because it waited, and not because others had the processor, is one of a slow disk."""
        began, waits = time.monotonic(), _waits()
        self._partial.append(batch)
        self._quick = time.monotonic() - began < SLOW_S or _waits() == waits


def _waits() -> int:
    """How often this thread has given the processor away to wait for something."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
