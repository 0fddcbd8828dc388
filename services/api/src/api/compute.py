"""Work of the processor that takes longer than other requests should wait for: off the event loop, or in slices."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# One thread: the interpreter's lock lets no two compute, and each more is one more that the loop waits for. Apart from
# asyncio's own threads, which wait for disks: files are read while something is computed.
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="compute")


async def compute(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `work`, which has its turn after what was asked for before. It must not touch the loop."""
    return await asyncio.wrap_future(_THREAD.submit(work, *args, **kwargs))


SLICE_S = 0.005


async def sliced(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, with a turn for others whenever SLICE_S have passed: for work on each that belongs to the loop."""
    began = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - began >= SLICE_S:
            await asyncio.sleep(0)
            began = time.monotonic()
