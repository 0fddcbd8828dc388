"""Processor time of an event loop's callbacks: how long each kept everything else on the loop waiting."""

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST_MS = 50.0
ATTEMPTS = 3


@dataclass
class LoopTime:
    """The longest callback so far, in milliseconds of the loop thread's processor, and what it was."""

    longest_ms: float = 0.0
    what: str = ""

    def add(self, ms: float, handle: asyncio.Handle) -> None:
        """Count one callback."""
        if ms > self.longest_ms:
            self.longest_ms, self.what = ms, repr(handle)[:300]


@contextmanager
def loop_time() -> Iterator[LoopTime]:
    """Measure every callback of the loops in this thread. Not of uvloop, whose callbacks are not Python's.

    Objects from before are left out of garbage collection meanwhile: a full one of a large test process takes longer
    than what is measured.
    """
    found, thread, run = LoopTime(), threading.get_ident(), asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        before = time.thread_time()
        run(handle)
        if threading.get_ident() == thread:
            found.add((time.thread_time() - before) * 1000, handle)

    gc.collect()
    gc.freeze()
    asyncio.Handle._run = measured  # type: ignore[method-assign]
    try:
        yield found
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
        gc.unfreeze()


async def least_of(do: Callable[[], Awaitable[object]], most_ms: float = MOST_MS) -> LoopTime:
    """The best of a few attempts: caches that are cold, and what other processes do to this one's, count once."""
    best = LoopTime(float("inf"))
    for _ in range(ATTEMPTS):
        with loop_time() as found:
            await do()
        best = min(best, found, key=lambda each: each.longest_ms)
        if best.longest_ms <= most_ms:
            break
    return best
