"""A request's body into an upload's file: in order, bounded, and kept as far as it came."""

import asyncio
import errno
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect

from ingest.partial import Partial
from ingest.quota import Meter
from ingest.refusals import Refused

BATCH_BYTES = 1024 * 1024  # one writev in a thread for so much: 6 % dearer than writing on the loop, which never stalls
BATCH_CHUNKS = 500  # below IOV_MAX
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Limit:
    """Size that the file may reach, and the refusal that says so when it would grow past it."""

    size: int
    code: str


async def receive(
    body: AsyncIterator[bytes], partial: Partial, limit: Limit, idle_s: float, meter: Meter | None = None
) -> None:
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


async def _copy(body: AsyncIterator[bytes], partial: Partial, limit: Limit, idle_s: float, meter: Meter | None) -> None:
    loop = asyncio.get_running_loop()
    waiting: list[bytes] = []
    held = 0
    try:
        async with asyncio.timeout(idle_s) as idle:
            async for chunk in body:
                size = partial.size + held + len(chunk)
                if size > limit.size:
                    raise Refused(limit.code)
                if meter is not None and size > meter.covered:
                    await meter.cover(size)
                waiting.append(chunk)
                held += len(chunk)
                if held >= BATCH_BYTES or len(waiting) >= BATCH_CHUNKS:
                    idle.reschedule(None)  # a slow disk is not a silent client
                    batch, waiting, held = waiting, [], 0
                    await _append(partial, batch)
                idle.reschedule(loop.time() + idle_s)
    finally:
        if waiting:
            await _append(partial, waiting)


async def _append(partial: Partial, batch: list[bytes]) -> None:
    await asyncio.to_thread(partial.append, batch)
    if partial.removed:
        raise Refused("upload_gone")
