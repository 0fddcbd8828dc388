"""The watchdog of a fold: Faust can stand still without saying so (faust-streaming #523, #532)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chassis.clock import Clock, wait_or_stop
from chassis.fold_order import Order
from chassis.health import Health
from chassis.lanes import live_partitions, run_partitions
from chassis.metrics import Metrics

_LOOK_S = 2.0


class Stalled(Exception):
    """The fold has records waiting and makes no progress; the process ends and starts again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one partition: the offset that comes next, the committed one; `waiting` records are not committed."""

    expected: int
    committed: int
    waiting: int = field(compare=False)


_BEHIND_OTHERS = 10


class Standstill:
    """When a partition does not move although records wait in it. Pure: time comes as an argument, in seconds.

    While other partitions move, one may take ten times the limit: its records stand behind theirs in one queue.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._seen: dict[int, tuple[Progress, float]] = {}
        self._moved: float | None = None

    def see(self, partitions: Mapping[int, Progress], now: float) -> bool:
        """Whether every partition moves, or need not. Raises Stalled past the limit."""
        kept = {number: self._seen.get(number) for number in partitions}
        self._seen = {
            number: before if before is not None and before[0] == progress and progress.waiting else (progress, now)
            for (number, progress), before in zip(partitions.items(), kept.values(), strict=True)
        }
        if self._moved is None or any(_moved(before, partitions[number]) for number, before in kept.items()):
            self._moved = now
        oldest = min((since for _, since in self._seen.values()), default=now)
        alone = now - self._moved > self._limit_s
        if now - oldest > self._limit_s * (1 if alone else _BEHIND_OTHERS):
            waiting = {number: progress.waiting for number, progress in partitions.items() if progress.waiting}
            raise Stalled(f"no progress for {now - oldest:.0f} s with records waiting: {waiting}")
        return oldest == now


def _moved(before: tuple[Progress, float] | None, now: Progress) -> bool:
    return before is not None and before[0] != now


async def started(app: Any, limit_s: float, *, clock: Clock, health: Health) -> None:
    """Start the app, which recovers the rows; alive for as long as rows come. Raises Stalled, or what Faust raised."""
    starting, standstill = asyncio.ensure_future(app.start()), Standstill(limit_s)
    try:
        while not (await asyncio.wait({starting}, timeout=_LOOK_S))[0]:
            left = app.tables.recovery.active_remaining_total()
            if standstill.see({0: Progress(-left, -left, left)}, clock.monotonic()):
                health.beat(app.conf.id)
        starting.result()
    finally:
        starting.cancel()


async def watch(
    app: Any, order: Order, topic: str, limit_s: float, *, count: int, clock: Clock, metrics: Metrics, health: Health,
    stop: asyncio.Event,
) -> None:  # fmt: skip
    """Look every two seconds until `stop`; raises Stalled."""
    group, standstill = app.conf.id, Standstill(limit_s)
    while not await wait_or_stop(clock, _LOOK_S, stop):
        if app.crashed:
            raise Stalled(f"Faust crashed: {app.crash_reason!r}")
        partitions = await _progress(app, order, topic)
        for lane, mine in (("live", live_partitions(count)), ("run", run_partitions(count))):
            waiting = sum(each.waiting for number, each in partitions.items() if number in mine)
            metrics.gauge("consumer_lag", waiting, group=group, lane=lane)
        if standstill.see(partitions, clock.monotonic()):
            health.beat(group)


def owned(app: Any, topic: str) -> list[Any]:
    """The partitions of `topic` that this process has."""
    return [place for place in app.consumer.assignment() if place.topic == topic]


async def _progress(app: Any, order: Order, topic: str) -> dict[int, Progress]:
    found = {}
    for place in owned(app, topic):
        with suppress(Exception):  # a partition that is taken away in this moment has no offsets
            expected = await order.expected(place)
            committed = app.consumer._committed_offset[place] or expected
            waiting = max(0, (app.consumer.highwater(place) or 0) - min(expected, committed))
            found[place.partition] = Progress(expected, committed, waiting)
    return found
