"""The watchdog of a fold: Faust can stop making progress without an error (faust-streaming #523, #532)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaError

from chassis.clock import Clock, wait_or_stop
from chassis.health import Health
from chassis.lag import publish_lag
from chassis.metrics import Metrics
from chassis.records import TopicPartition
from folding.broker_side import waiting_records
from folding.faust_patches import committed_offset, rows_to_recover
from folding.offset_tracker import OffsetTracker
from folding.options import FoldOptions

_CHECK_S = 2.0
_BEHIND_OTHERS = 10


class Stalled(Exception):
    """Records wait and none is processed; the process ends and is restarted."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one partition: the offset that is expected next, the committed one, and how many records are not committed."""

    next_offset: int
    committed: int
    lag: int = field(compare=False)


class StallDetector:
    """Notices a partition that makes no progress although it has a lag. Pure: time comes as an argument, in seconds.

    While other partitions make progress, one may take ten times the limit: Faust has one queue for all of them.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: dict[int, tuple[Progress, float]] = {}
        self._last_progress: float | None = None

    def check(self, partitions: Mapping[int, Progress], now: float) -> bool:
        """Whether every partition makes progress, or has no lag. Raises Stalled past the limit."""
        before = {number: self._since.get(number) for number in partitions}
        self._since = {
            number: last if last is not None and last[0] == progress and progress.lag else (progress, now)
            for (number, progress), last in zip(partitions.items(), before.values(), strict=True)
        }
        if self._last_progress is None or any(_progressed(last, partitions[number]) for number, last in before.items()):
            self._last_progress = now
        oldest = min((since for _, since in self._since.values()), default=now)
        all_stalled = now - self._last_progress > self._limit_s
        if now - oldest > self._limit_s * (1 if all_stalled else _BEHIND_OTHERS):
            lags = {number: progress.lag for number, progress in partitions.items() if progress.lag}
            raise Stalled(f"no progress for {now - oldest:.0f} s with records waiting: {lags}")
        return oldest == now


def _progressed(last: tuple[Progress, float] | None, now: Progress) -> bool:
    return last is not None and last[0] != now


async def start_app(app: Any, limit_s: float, *, clock: Clock, health: Health) -> None:
    """Start the app, which recovers the rows; alive while rows arrive. Raises Stalled, or what Faust raised."""
    starting, detector = asyncio.ensure_future(app.start()), StallDetector(limit_s)
    try:
        while not (await asyncio.wait({starting}, timeout=_CHECK_S))[0]:
            remaining = rows_to_recover(app)
            if detector.check({0: Progress(-remaining, -remaining, remaining)}, clock.monotonic()):
                health.beat(app.conf.id)
        starting.result()
    finally:
        starting.cancel()


async def watch(
    app: Any, offsets: OffsetTracker, options: FoldOptions, *, clock: Clock, metrics: Metrics, health: Health,
    stop: asyncio.Event,
) -> None:  # fmt: skip
    """Check progress and publish the lag every two seconds until `stop`; raises Stalled."""
    group, topic, detector = options.group, options.topic, StallDetector(options.stall_timeout_s)
    while not await wait_or_stop(clock, _CHECK_S, stop):
        if app.crashed:
            raise Stalled(f"Faust crashed: {app.crash_reason!r}")
        partitions = await _progress(app, offsets, topic)
        lags = {TopicPartition(topic, number): progress.lag for number, progress in partitions.items()}
        publish_lag(metrics, group, lags, {topic: options.partitions})
        if not partitions:
            partitions = await _progress_of_others(options)
        if detector.check(partitions, clock.monotonic()):
            health.beat(group)


async def _progress_of_others(options: FoldOptions) -> dict[int, Progress]:
    """Of the whole group, when this process has no partition: others have them, or the group forgot that they exist."""
    with suppress(KafkaError, OSError):
        committed, waiting = await waiting_records(options)
        return {-1: Progress(committed, committed, waiting)}
    return {}


def assigned_partitions(app: Any, topic: str) -> list[Any]:
    """The partitions of `topic` that this process has."""
    return [partition for partition in app.consumer.assignment() if partition.topic == topic]


async def _progress(app: Any, offsets: OffsetTracker, topic: str) -> dict[int, Progress]:
    found = {}
    for partition in assigned_partitions(app, topic):
        with suppress(Exception):  # a partition that is revoked at this moment has no offsets
            expected = await offsets.next_offset(partition)
            committed = committed_offset(app, partition) or expected
            lag = max(0, (app.consumer.highwater(partition) or 0) - min(expected, committed))
            found[partition.partition] = Progress(expected, committed, lag)
    return found
