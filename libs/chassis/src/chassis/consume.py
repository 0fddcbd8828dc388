"""Consuming: three outcomes, two lanes, contiguous commits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from chassis.broker import Broker
from chassis.clock import Clock
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import Producer
from chassis.records import Record

Handler = Callable[[Record], Awaitable[None]]


class Invalid(Exception):  # noqa: N818 (an outcome, not an error of ours)
    """A record that is never going to work: dead letter, the offset moves on."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Busy(Exception):  # noqa: N818 (an outcome, not an error of ours)
    """Slow down: the partition is paused, polled on, and the same record comes again."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__(f"again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True)
class FuseOptions:
    """When dead letters stop the consumer: `run` in a row, or `ratio` of the last `window` (at least `least` of them)."""

    run: int = 20
    ratio: float = 0.5
    window: int = 200
    least: int = 50


@dataclass(frozen=True, kw_only=True)
class ConsumeOptions:
    """How one group consumes. Times in seconds; `busy_on` are exceptions that count as Busy (an unreachable store)."""

    group: str
    topics: tuple[str, ...]
    attempts: int = 8
    backoff_s: float = 0.2
    backoff_max_s: float = 10.0
    in_flight: int = 1
    live_first: bool = True
    drain_s: float = 5.0
    progress_s: float = 120.0
    queued: int = 64
    busy_on: tuple[type[BaseException], ...] = (ConnectionError,)
    fuse: FuseOptions = field(default_factory=FuseOptions)


class Consumer:
    """One member of a consumer group."""

    def __init__(
        self,
        broker: Broker,
        options: ConsumeOptions,
        handler: Handler,
        dead_letters: Producer,
        *,
        clock: Clock,
        metrics: Metrics,
        health: Health,
        log: Any,
    ) -> None: ...

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then drain."""
        raise NotImplementedError


class TableReader:
    """A compacted topic read without a group, from the start to the end, then followed."""

    def __init__(self, broker: Broker, topic: str, apply: Callable[[Record], None]) -> None: ...

    async def ready(self) -> None:
        """Wait until everything that was there at the start is applied."""
        raise NotImplementedError

    async def run(self, stop: asyncio.Event) -> None:
        raise NotImplementedError


__all__ = ["Busy", "ConsumeOptions", "Consumer", "FuseOptions", "Handler", "Invalid", "KafkaBroker", "TableReader"]
