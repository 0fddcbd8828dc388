"""How many requests may wait for the object store while they hold a connection to Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dependencies.errors import StoreUnreachable

AT_ONCE = 3
"""Of the ten connections of a process: a store that never answers leaves the others to everybody else."""
WAIT_S = 10.0


class StoreWrites:
    """Places for requests that write an object between reading and writing rows, as its row must not come first.

    A place is taken before the connection. With a store that hangs, such requests would hold them all, and nobody
    could be answered.
    """

    def __init__(self, at_once: int = AT_ONCE, wait_s: float = WAIT_S) -> None:
        self._free, self._wait_s = asyncio.Semaphore(at_once), wait_s

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises StoreUnreachable where none became free in time: those that have one wait for the store."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise StoreUnreachable("(requests before this one wait for it)") from None
        try:
            yield
        finally:
            self._free.release()
