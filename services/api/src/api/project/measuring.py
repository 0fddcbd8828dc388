"""Measures of the read model that are taken every few seconds."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED

if TYPE_CHECKING:
    import asyncio


async def measure_every(
    seconds: float, measure: Callable[[], Awaitable[None]], clock: Clock, stop: "asyncio.Event"
) -> None:
    """Measure until `stop`; while the database is away the last values stay."""
    while not stop.is_set():
        with suppress(*DISCONNECTED):
            await measure()
        await wait_or_stop(clock, seconds, stop)
