"""Time as an argument, so that tests can set it; what only measures its own work reads the machine's clock itself."""

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """`now` is aware UTC, `monotonic` seconds for durations, `sleep` seconds of the same clock."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


async def wait_or_stop(clock: Clock, seconds: float, stop: asyncio.Event) -> bool:
    """Sleep, but no longer than until `stop`; True when stopped."""
    await first_of(stop.wait(), clock.sleep(seconds))
    return stop.is_set()


async def first_of(*work: Awaitable[object]) -> None:
    """Wait until one of them is done, and cancel the others."""
    waiting = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
