"""What became of the live frames of the last minutes: a figure that can be read at once, without two scrapes."""

import asyncio
from collections import Counter, deque

from chassis.clock import Clock, wait_or_stop
from chassis.metrics import Metrics
from events.metrics import LIVE_RECENT

PART_S, PARTS = 30.0, 10
"""The stretch that is counted: five minutes, in parts that are forgotten one by one."""
PUBLISH_S = 5.0


class RecentFrames:
    """Counts of a process for its `stage`: captured, judged. An outcome that was seen once keeps its series, at 0."""

    def __init__(self, stage: str, clock: Clock, metrics: Metrics) -> None:
        self._stage, self._clock, self._metrics = stage, clock, metrics
        self._parts: deque[tuple[float, Counter[tuple[str, str]]]] = deque()
        self._seen: set[tuple[str, str]] = set()

    def count(self, reason: str | None = None) -> None:
        """The stage is done with a live frame; `reason`: it dropped it."""
        outcome = "done" if reason is None else "dropped"
        now = self._clock.monotonic()
        if not self._parts or now - self._parts[-1][0] >= PART_S:
            self._parts.append((now, Counter()))
        self._parts[-1][1][outcome, reason or ""] += 1
        self._seen.add((outcome, reason or ""))

    def publish(self) -> None:
        """Set the gauges as of now."""
        now = self._clock.monotonic()
        while self._parts and now - self._parts[0][0] >= PART_S * PARTS:
            self._parts.popleft()
        sums: Counter[tuple[str, str]] = sum((counted for _, counted in self._parts), Counter())
        for outcome, reason in self._seen:
            self._metrics.set(LIVE_RECENT, sums[outcome, reason], stage=self._stage, outcome=outcome, reason=reason)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop`."""
        while not stop.is_set():
            self.publish()
            await wait_or_stop(self._clock, PUBLISH_S, stop)
