"""One operation for all who wait for its result at the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class SingleFlight(Generic[V]):
    """Shares a running operation between the callers that ask for the same key; for one event loop.

    Each caller gets the result or the exception. A caller that is cancelled takes nothing from the others. Nothing is
    cached: once the operation has ended, the next call starts another one.
    """

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[V]] = {}

    async def run(self, key: str, operation: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The result of the operation of `key` that is running, or of a new one."""
        if (task := self._running.get(key)) is None:
            task = self._running[key] = asyncio.create_task(operation())
            task.add_done_callback(partial(self._ended, key))
        return await asyncio.shield(task)

    def _ended(self, key: str, task: "asyncio.Task[V]") -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # retrieved here, so that asyncio does not complain when every caller is gone
