"""Running several coroutines that live and die together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def together(main: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, Any]) -> T:
    """The result of `main`. The first of all to raise ends the rest and is raised; at the end `others` are cancelled.

    Unlike a TaskGroup it raises the exception itself, which callers here tell apart by type.
    """
    tasks = [asyncio.ensure_future(main), *(asyncio.ensure_future(other) for other in others)]
    waiting: set[asyncio.Future[Any]] = set(tasks)
    try:
        while not tasks[0].done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in () if tasks[0].done() else done:
                task.result()
        result: T = tasks[0].result()
        return result
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
