"""Work that needs tables: topics that are read in full, without a group, before it begins."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from events.table import TableReader
from webserver.serve import Task


class Work(Protocol):
    """Such as a consumer."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""


def after_tables(readers: Sequence[TableReader], work: Work) -> Task:
    """A task that does its work once every reader has applied what was in its topic at the start, or leaves at `stop`.

    So a run that was deleted before a restart is unwanted from the first frame on. The readers run as tasks of their
    own.
    """

    async def run(stop: asyncio.Event) -> None:
        ready: asyncio.Future[Any] = asyncio.gather(*(reader.ready() for reader in readers))
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({ready, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            stopped.cancel()
        await work.run(stop)

    return run
