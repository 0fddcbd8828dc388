"""A store that is away, overloaded or full is waited for in place before a segment's try is spent on it.

Without this an outage of ten seconds used up every try of every segment under way, and their jobs failed.
"""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.clock import Clock
from chassis.objects import Gone
from extractor.files.failures import STORAGE_FAILED, Failed

T = TypeVar("T")
PATIENCE_S = 60.0
"""Of one object. Below what a segment may take (`work.allowed_s`): the decoder waits meanwhile."""
FIRST_S, LONGEST_S = 0.5, 5.0
"""Between two tries of one object, less up to a half: those that failed together do not come back together."""


async def patiently(step: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """The outcome of `step`. Raises Gone, and Failed(storage_failed) when it failed for too long or can never work."""
    until, delay = clock.monotonic() + PATIENCE_S, FIRST_S
    while True:
        try:
            return await step()
        except Gone:
            raise
        except OSError as error:  # a full or failing disk; a store that does not answer is a ConnectionError
            if clock.monotonic() + delay > until:
                raise Failed(STORAGE_FAILED, str(error)) from error
        except Exception as error:  # the boundary to storage: every backend has its own errors
            raise Failed(STORAGE_FAILED, str(error)) from error
        await clock.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 (jitter)
        delay = min(2 * delay, LONGEST_S)
