"""Counts that are written at once and then once a minute, so that an attack neither fills the log nor takes its time.

A line of the log costs 0.1 ms, also where the log itself counts repeats; a count costs nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

EVERY_S = 60.0


class MinuteCounts:
    """`write` gets the counts by name since it was called last. To be used on the event loop."""

    def __init__(self, write: Callable[[dict[str, int]], None], every_s: float = EVERY_S) -> None:
        self._write, self._every_s = write, every_s
        self._counts: Counter[str] = Counter()
        self._waiting = False

    def add(self, name: str) -> None:
        """Count one."""
        self._counts[name] += 1
        if not self._waiting:
            self._write_counts()

    def _write_counts(self) -> None:
        self._waiting = bool(self._counts)
        if self._waiting:
            counts, self._counts = dict(self._counts), Counter()
            self._write(counts)
            asyncio.get_running_loop().call_later(self._every_s, self._write_counts)
