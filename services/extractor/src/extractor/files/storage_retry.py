"""Retries of single objects while the store is unreachable or overloaded.

Without them an outage of ten seconds used up every attempt of every segment under way, and their jobs failed.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.backoff import Backoff
from chassis.clock import Clock
from dependencies.errors import StoreFull
from extractor.model.failures import StorageFailed
from objects.store import Gone

T = TypeVar("T")
RETRY_FOR_S = 60.0
"""For one object. Below what a segment may take (`segment_work.cpu_limit_s`): the decoder waits meanwhile."""
BACKOFF = Backoff(first_s=0.5, max_s=5.0)


async def retry_storage(operation: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """The result of `operation`, retried on OSError (a store that does not answer is a ConnectionError).

    Raises Gone; StoreFull, because a store stays full for longer than a decoder should wait; and StorageFailed after
    RETRY_FOR_S or for an error that no retry can help.
    """
    deadline, attempt = clock.monotonic() + RETRY_FOR_S, 0
    while True:
        attempt += 1
        try:
            return await operation()
        except (Gone, StoreFull):
            raise
        except OSError as error:
            if clock.monotonic() + BACKOFF.limit_s(attempt) > deadline:
                raise StorageFailed(str(error)) from error
        except Exception as error:  # the boundary to storage: every backend has its own errors
            raise StorageFailed(str(error)) from error
        await clock.sleep(BACKOFF.delay_s(attempt))
