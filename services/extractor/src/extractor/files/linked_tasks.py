"""Running several coroutines of which none goes on without the others."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def run_linked(main: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, Any]) -> T:
    """The result of `main`. The first to raise cancels the rest, and its exception is raised; `others` end with `main`.

    Unlike a TaskGroup it raises the exception itself, which callers here tell apart by type.
    """
    tasks = [asyncio.ensure_future(main), *(asyncio.ensure_future(other) for other in others)]
    pending: set[asyncio.Future[Any]] = set(tasks)
    try:
        while not tasks[0].done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in () if tasks[0].done() else done:
                task.result()
        result: T = tasks[0].result()
        return result
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
