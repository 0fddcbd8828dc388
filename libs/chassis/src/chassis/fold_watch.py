"""The watchdog of a fold: Faust can stand still without saying so (faust-streaming #523, #532)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chassis.clock import Clock, wait_or_stop
from chassis.health import Health
from chassis.metrics import Metrics

_LOOK_S = 2.0


class Stalled(Exception):
    """The fold has records waiting and makes no progress; the process ends and starts again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Offsets by partition: committed, and done with; `waiting` records are neither."""

    committed: tuple[tuple[int, int], ...]
    done: tuple[tuple[int, int], ...]
    waiting: int = field(compare=False)


class Standstill:
    """When nothing moves although something waits. Pure: time comes as an argument, in seconds."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._seen: Progress | None = None
        self._since = 0.0

    def see(self, progress: Progress, now: float) -> bool:
        """Whether there is progress, or none is needed. Raises Stalled past the limit."""
        if progress != self._seen or not progress.waiting:
            self._seen, self._since = progress, now
            return True
        if now - self._since > self._limit_s:
            raise Stalled(f"no progress for {now - self._since:.0f} s with {progress.waiting} records waiting")
        return False


async def watch(
    app: Any,
    topic: str,
    done: dict[int, int],
    limit_s: float,
    *,
    clock: Clock,
    metrics: Metrics,
    health: Health,
    stop: asyncio.Event,
) -> None:
    """Look every two seconds until `stop`; raises Stalled. `done` is the next offset by partition, kept by the fold."""
    group, standstill = app.conf.id, Standstill(limit_s)
    while not await wait_or_stop(clock, _LOOK_S, stop):
        if app.crashed:
            raise Stalled(f"Faust crashed: {app.crash_reason!r}")
        progress = await _progress(app, topic, done)
        metrics.gauge("consumer_lag", progress.waiting, group=group, lane="all")
        if standstill.see(progress, clock.monotonic()):
            health.beat(group)


def owned(app: Any, topic: str) -> list[Any]:
    """The partitions of `topic` that this process has."""
    return [place for place in app.consumer.assignment() if place.topic == topic]


async def _progress(app: Any, topic: str, done: dict[int, int]) -> Progress:
    committed, waiting = {}, len(app.consumer.unacked)
    for place in owned(app, topic):
        committed[place.partition] = offset = app.consumer._committed_offset[place] or 0
        with suppress(Exception):  # a partition that is taken away in this moment has no position
            waiting += max(0, (app.consumer.highwater(place) or 0) - await app.consumer.position(place))
        waiting += max(0, done.get(place.partition, 0) - offset)
    return Progress(tuple(sorted(committed.items())), tuple(sorted(done.items())), waiting)
