"""A cache that each thread has for itself, for objects of FFmpeg.

A reader has a thread a camera, and cameras send frames of the same kind. A scaler or a filter graph that two threads
use at once ends the process, or gives one camera the picture of another.
"""

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Kept(threading.local, Generic[T]):
    """`functools.lru_cache` of the thread that asks; it goes with the thread."""

    def __init__(self, make: Callable[..., T], maxsize: int) -> None:
        self.cached = lru_cache(maxsize=maxsize)(make)


class ThreadCache(Generic[T]):
    """Of what `make` returns; arguments must be hashable."""

    def __init__(self, make: Callable[..., T], maxsize: int) -> None:
        self._kept = _Kept(make, maxsize)

    def __call__(self, *arguments: Any) -> T:
        return self._kept.cached(*arguments)

    def cache_clear(self) -> None:
        """Of the thread that asks."""
        self._kept.cached.cache_clear()


def cached_by_thread(maxsize: int) -> Callable[[Callable[..., T]], ThreadCache[T]]:
    """A decorator, as `functools.lru_cache`."""
    return lambda make: ThreadCache(make, maxsize)
