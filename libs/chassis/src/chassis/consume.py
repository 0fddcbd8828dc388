"""Consuming: three outcomes, two lanes, contiguous commits."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import structlog

from chassis import lanes, trace
from chassis.broker import Broker, BrokerError, Subscription
from chassis.clock import Clock, wait_or_stop
from chassis.deadletters import Fuse, FuseOptions, dead_letter
from chassis.flow import Flow
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import Producer
from chassis.records import Partition, Record
from chassis.table import TableReader

__all__ = ["Busy", "ConsumeOptions", "Consumer", "FuseOptions", "Handler", "Invalid", "KafkaBroker", "TableReader"]

Handler = Callable[[Record], Awaitable[None]]
T = TypeVar("T")
_POLL_S = 0.2
_COMMIT_S = 0.5
_LAG_S = 5.0
_LAG_SOON_S = 0.25
_REJOIN_S = 1.0


class Invalid(Exception):
    """A record that is never going to work: dead letter, the offset moves on."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Busy(Exception):
    """Slow down: the partition is paused, polled on, and the same record comes again."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__(f"again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True)
class ConsumeOptions:
    """How one group consumes. Times in seconds.

    `in_flight` and `queued` are records per partition. `busy_on` are exceptions that count as Busy, because the record
    is not to blame: an unreachable database or store. `progress_s` is how long the consumer may have work and finish
    nothing before it counts as dead.
    """

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
    """One member of a consumer group.

    One task polls and never stops polling; each record is handled in a task of its own, `in_flight` a partition and
    one a key. A partition with enough waiting is paused. Runs start only while no live partition has work.
    """

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
    ) -> None:
        self._broker, self._options, self._handler, self._dead_letters = broker, options, handler, dead_letters
        self._clock, self._metrics, self._health = clock, metrics, health
        self._log = log.bind(group=options.group)
        self._fuse = Fuse(options.fuse)
        self._flows: dict[Partition, Flow] = {}
        self._counts: dict[str, int] = {}
        self._lag: dict[Partition, int] | None = None
        self._due = {"commit": 0.0, "lag": 0.0}
        self._accepting = False
        self._name = f"consumer {options.group}"
        self._joined = False

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then drain. A lost membership is joined again."""
        self._health.expect(self._name, self._options.progress_s)
        self._health.ready(self._name, self._complaint)
        while not stop.is_set():
            try:
                await self._member(stop)
            except BrokerError as error:
                self._log.warning("membership_lost", error=str(error))
                await wait_or_stop(self._clock, _REJOIN_S, stop)
        self._health.forget(self._name)

    def _complaint(self) -> str | None:
        if self._fuse.blown:
            return f"stopped by its dead-letter fuse: {self._fuse.blown}"
        return None if self._joined else "not in its group yet"

    async def _member(self, stop: asyncio.Event) -> None:
        subscription = await self._or_stop(self._join(), stop)
        if subscription is None:
            return
        self._subscription, self._accepting, self._due["lag"] = subscription, True, 0.0
        try:
            while not stop.is_set():
                await self._turn(subscription)
        finally:
            await self._give_up()
            await subscription.close()
            self._joined = False

    async def _join(self) -> Subscription:
        for topic in self._options.topics:
            self._counts[topic] = await self._broker.partitions(topic)
        return await self._broker.subscribe(self._options.group, self._options.topics, self._give_up)

    async def _or_stop(self, work: Awaitable[T], stop: asyncio.Event) -> T | None:
        """The outcome of `work`, or None when `stop` came first; waiting for a broker counts as being alive."""
        doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
        try:
            while not doing.done() and not stop.is_set():
                await asyncio.wait({doing, stopping}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                self._health.beat(self._name)
            return doing.result() if doing.done() else None
        finally:
            doing.cancel()
            stopping.cancel()

    async def _turn(self, subscription: Subscription) -> None:
        """One round of the loop: fetch, start what may start, pause and resume, commit, look at the lag."""
        records = await subscription.poll(_POLL_S, self._options.queued)
        for record in records:
            self._flow(record.place).take(record)
        self._joined = self._joined or bool(subscription.assigned())
        if self._clock.monotonic() >= self._due["lag"]:
            await self._look_at_lag(subscription)
        self._regulate(subscription)
        self._start_all()
        if self._clock.monotonic() >= self._due["commit"]:
            await self._commit(subscription)
        if self._fuse.blown or not self._owing():
            self._health.beat(self._name)

    def _flow(self, place: Partition) -> Flow:
        if place not in self._flows:
            live = place.number in lanes.live_partitions(self._counts[place.topic])
            self._flows[place] = Flow(place, live)
        return self._flows[place]

    def _regulate(self, subscription: Subscription) -> None:
        """Pause partitions with enough waiting and resume those that are nearly through; a blown fuse pauses all."""
        if self._fuse.blown:
            subscription.pause(subscription.assigned())
            return
        for flow in self._flows.values():
            if not flow.paused and flow.uncommitted >= self._options.queued:
                subscription.pause([flow.place])
                flow.paused = True
            elif flow.paused and flow.uncommitted <= self._options.queued // 4:
                subscription.resume([flow.place])
                flow.paused = False

    def _start_all(self) -> None:
        live_first = self._options.live_first and self._live_behind()
        for flow in self._flows.values():
            while (flow.live or not live_first) and self._start(flow):
                pass

    def _start(self, flow: Flow) -> bool:
        if not self._accepting or self._fuse.blown or (record := flow.next(self._options.in_flight)) is None:
            return False
        task = asyncio.create_task(
            self._handle(flow, record), name=f"{record.topic}/{record.partition}@{record.offset}"
        )
        flow.running[task] = record
        task.add_done_callback(lambda done: self._ended(flow, done))
        return True

    def _ended(self, flow: Flow, task: "asyncio.Task[None]") -> None:
        record = flow.running.pop(task)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._log.error("handling_broke", offset=record.offset, exc_info=error)
            return
        if not self._fuse.blown:
            flow.finish(record)
            self._health.beat(self._name)
        if self._flows.get(flow.place) is flow:
            self._regulate(self._subscription)
            self._start_all()

    def _live_behind(self) -> bool:
        if self._lag is None or any(flow.live and flow.at_work for flow in self._flows.values()):
            return True
        behind = (place for place, lag in self._lag.items() if lag > 0)
        return any(self._is_live(place) and not self._backing_off(place) for place in behind)

    def _is_live(self, place: Partition) -> bool:
        return place.number in lanes.live_partitions(self._counts[place.topic])

    def _backing_off(self, place: Partition) -> bool:
        return place in self._flows and bool(self._flows[place].backing_off)

    def _owing(self) -> bool:
        return any(flow.queue or flow.running for flow in self._flows.values()) or any((self._lag or {}).values())

    async def _handle(self, flow: Flow, record: Record) -> None:
        """Until the record is done with: handled, or dead-lettered."""
        trace.child(record.header("traceparent"))
        structlog.contextvars.bind_contextvars(topic=record.topic, partition=record.partition, offset=record.offset)
        first_seen, attempt, tries = self._clock.now(), 0, 0
        while True:
            tries += 1
            try:
                await self._attempt(record)
            except Invalid as error:
                return await self._bury(record, error.code, error.reason, tries, first_seen, error)
            except Busy as error:
                await self._back_off(flow, record, error.retry_after_s, "busy", error)
            except self._options.busy_on as error:
                await self._back_off(flow, record, self._delay(tries), "busy", error)
            except Exception as error:  # noqa: BLE001 (the boundary: any failure of a handler is tried again)
                attempt += 1
                if attempt >= self._options.attempts:
                    return await self._bury(record, "retries_exhausted", str(error), tries, first_seen, error)
                await self._back_off(flow, record, self._delay(attempt), "error", error)
            else:
                self._fuse.fine()
                return self._counted(record, "ok")

    async def _attempt(self, record: Record) -> None:
        began = self._clock.monotonic()
        await self._handler(record)
        labels = {"group": self._options.group, "topic": record.topic}
        self._metrics.observe("handle_seconds", self._clock.monotonic() - began, **labels)

    def _counted(self, record: Record, outcome: str) -> None:
        self._metrics.count("records_handled_total", group=self._options.group, topic=record.topic, outcome=outcome)

    async def _back_off(self, flow: Flow, record: Record, seconds: float, why: str, error: BaseException) -> None:
        self._metrics.count("records_retried_total", group=self._options.group, topic=record.topic, why=why)
        self._log.info("record_again", why=why, after_s=round(seconds, 3), error=repr(error))
        flow.backing_off += 1
        try:
            self._health.beat(self._name)
            await self._clock.sleep(seconds)
        finally:
            flow.backing_off -= 1

    def _delay(self, attempt: int) -> float:
        ceiling = min(self._options.backoff_max_s, self._options.backoff_s * 2 ** min(attempt - 1, 16))
        return float(ceiling * random.uniform(0.5, 1))  # noqa: S311 (jitter)

    async def _bury(
        self, record: Record, code: str, reason: str, tries: int, first_seen: datetime, error: BaseException
    ) -> None:
        if not self._fuse.failed():
            self._metrics.gauge("fuse_blown", 1, group=self._options.group)
            self._log.error("fuse_blown", why=self._fuse.blown, code=code, reason=reason)
            return
        self._log.error("dead_letter", code=code, reason=reason, attempts=tries, exc_info=error)
        letter = dead_letter(
            record, self._options.group, code=code, reason=reason, attempts=tries, first_seen=first_seen, error=error
        )
        await self._dead_letters.send(letter)
        self._metrics.count("dead_letters_total", group=self._options.group, topic=record.topic, code=code)
        self._counted(record, "invalid" if isinstance(error, Invalid) else "failed")

    async def _commit(self, subscription: Subscription) -> None:
        self._due["commit"] = self._clock.monotonic() + _COMMIT_S
        flows = [flow for flow in self._flows.values() if flow.next_commit is not None]
        offsets = {flow.place: flow.next_commit for flow in flows if flow.next_commit is not None}
        if offsets and await subscription.commit(offsets):
            for flow in flows:
                if flow.next_commit == offsets[flow.place]:
                    flow.next_commit = None

    async def _look_at_lag(self, subscription: Subscription) -> None:
        self._lag = await subscription.lag()
        behind = self._lag or {}
        soon = any(lag and self._is_live(place) for place, lag in behind.items()) or self._lag is None
        self._due["lag"] = self._clock.monotonic() + (_LAG_SOON_S if soon else _LAG_S)
        for lane, live in (("live", True), ("run", False)):
            total = sum(lag for place, lag in behind.items() if self._is_live(place) is live)
            self._metrics.gauge("consumer_lag", total, group=self._options.group, lane=lane)

    async def _give_up(self) -> None:
        """Before partitions go: let running records finish for a while, commit, cancel the rest."""
        self._accepting = False
        running = {task for flow in self._flows.values() for task in flow.running}
        hopeful = {task for flow in self._flows.values() if not flow.backing_off for task in flow.running}
        if hopeful:
            await asyncio.wait(hopeful, timeout=self._options.drain_s)
        with suppress(BrokerError):
            await self._commit(self._subscription)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._flows.clear()
        self._lag, self._due["lag"] = None, 0.0
        self._accepting = True
