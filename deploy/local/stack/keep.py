"""Tasks of the supervisor that go on whatever happens to them: none ends silently."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

Report = Callable[[str, str], None]
CANCEL_EVERY_S = 1.0
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def backoff_s(failures: int) -> float:
    """Seconds to wait after so many failures in a row, from 1."""
    return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]


async def keep(name: str, run: Callable[[], Awaitable[None]], report: Report) -> None:
    """Await `run()`; whenever it raises, report that and run it again. Returns when it returns.

    A supervisor has to survive what its children survive: no space, no descriptors, no memory for a thread.
    """
    failures, reported = 0, ""
    while True:
        try:
            return await run()
        except Exception as error:  # noqa: BLE001 (whatever it is, the task goes on)
            failures += 1
            if repr(error) != reported:
                reported = repr(error)
                with contextlib.suppress(Exception):  # nor does a report that cannot be written end it
                    report(name, f"failed and is tried again: {error!r}")
        await asyncio.sleep(backoff_s(failures))


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel them until they have ended. Libraries swallow a cancellation, as asyncio.wait_for did before 3.12."""
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=CANCEL_EVERY_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # nobody else asks how they ended
