"""Writes a request's body to the partial file: in order, up to a limit, keeping what arrived before a failure."""

import asyncio
import resource
import time
from dataclasses import dataclass

from starlette.requests import ClientDisconnect

from ingest.borrowed_body import Chunks
from ingest.refusals import DiskFull, Refusal, RequestIncomplete, UploadGone
from ingest.store.partial_file import PartialFile
from ingest.store.quota import Meter
from ingest.upload.room import FULL

# Written on the event loop, while the bytes are still in the processor's cache: half the cost of handing them to a
# thread (decision 0026). When a write blocks, the next ones go to a thread, so that other requests do not wait.
AT_ONCE_BYTES = 128 * 1024
SLOW_S = 0.02
BATCH_BYTES = 1024 * 1024
BATCH_CHUNKS = 500  # below IOV_MAX
UNSYNCED_BYTES = 64 * 1024 * 1024  # with more the kernel throttles the writer, and with it the loop


@dataclass(frozen=True, slots=True)
class Limit:
    """Size that the file may reach, and the refusal when it would grow past it."""

    size: int
    refusal: type[Refusal]


async def receive(body: Chunks, partial: PartialFile, limit: Limit, idle_s: float, meter: Meter | None = None) -> None:
    """Append a body to `partial` and sync it.

    On success or failure, the bytes that arrived are written in order and synced before this returns. Raises
    RequestIncomplete (client gone, or silent for `idle_s`), DiskFull, UploadGone, the refusal of `limit`, and
    DailyBytesExceeded from `meter`.
    """
    try:
        await _copy(body, partial, limit, idle_s, meter)
    except (ClientDisconnect, TimeoutError):
        raise RequestIncomplete from None
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull from error
        raise
    finally:
        await asyncio.to_thread(partial.sync)
    if partial.removed:
        raise UploadGone


async def _copy(body: Chunks, partial: PartialFile, limit: Limit, idle_s: float, meter: Meter | None) -> None:
    loop = asyncio.get_running_loop()
    writer = _Writer(partial)
    try:
        async with asyncio.timeout(idle_s) as idle:
            async for chunk in body:
                size = writer.size + len(chunk)
                if size > limit.size:
                    raise limit.refusal
                if meter is not None and size > meter.reserved:
                    await meter.reserve(size)
                if writer.take(chunk):
                    idle.reschedule(None)  # a slow disk is not a silent client
                    await writer.write()
                idle.reschedule(loop.time() + idle_s)
    finally:
        await writer.write()


class _Writer:
    """Gathers chunks into larger writes, on the loop or in a thread."""

    def __init__(self, partial: PartialFile) -> None:
        self._partial, self._synced = partial, partial.size
        self._chunks, self._unwritten = list[bytes | memoryview](), 0
        self._quick = True

    @property
    def size(self) -> int:
        """Size of the file with the chunks that are not written yet."""
        return self._partial.size + self._unwritten

    def take(self, chunk: bytes | memoryview) -> bool:
        """Add a chunk; whether it is time to write. A chunk that has to wait is copied: it may be borrowed."""
        self._unwritten += len(chunk)
        enough = AT_ONCE_BYTES if self._quick else BATCH_BYTES
        due = self._unwritten >= enough or len(self._chunks) + 1 >= BATCH_CHUNKS
        self._chunks.append(chunk if due else bytes(chunk))
        return due

    async def write(self) -> None:
        """Write all chunks. Raises UploadGone, OSError."""
        batch, self._chunks, self._unwritten = self._chunks, [], 0
        if not batch:
            return
        if self._quick:
            self._append(batch)
        else:
            await asyncio.to_thread(self._append, batch)
        if self._partial.removed:
            raise UploadGone
        if self._partial.size - self._synced >= UNSYNCED_BYTES:
            await asyncio.to_thread(self._partial.sync)
            self._synced = self._partial.size

    def _append(self, batch: list[bytes | memoryview]) -> None:
        """The disk is slow if the write took long while waiting, not while other processes had the processor."""
        began, waits = time.monotonic(), _waits()
        self._partial.append(batch)
        self._quick = time.monotonic() - began < SLOW_S or _waits() == waits


def _waits() -> int:
    """How often this thread has yielded the processor to wait (voluntary context switches)."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
