"""Consuming: polls and never stops polling; two lanes; contiguous commits. What a record comes to is in `attempts`."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from chassis import lanes
from chassis.attempts import Attempts
from chassis.broker import Broker, BrokerError, Subscription
from chassis.clock import Clock, wait_or_stop
from chassis.deadletters import FuseOptions
from chassis.flow import Flow
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.outcomes import Busy, ConsumeOptions, Handler, Invalid
from chassis.produce import Producer
from chassis.records import Partition
from chassis.table import TableReader

__all__ = ["Busy", "ConsumeOptions", "Consumer", "FuseOptions", "Handler", "Invalid", "KafkaBroker", "TableReader"]

T = TypeVar("T")
_POLL_S = 0.2
_COMMIT_S = 0.5
_LAG_S = 5.0
_LAG_SOON_S = 0.25
_REJOIN_S = 1.0


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
        self._broker, self._options, self._clock = broker, options, clock
        self._metrics, self._health, self._log = metrics, health, log.bind(group=options.group)
        self._name = f"consumer {options.group}"
        self._attempts = Attempts(
            options, handler, dead_letters, clock=clock, metrics=metrics, beat=self._beat, log=self._log
        )
        self._fuse = self._attempts.fuse
        metrics.gauge("fuse_blown", 0, group=options.group)  # said from the start: no figure is no all-clear
        self._flows: dict[Partition, Flow] = {}
        self._counts: dict[str, int] = {}
        self._lag: dict[Partition, int] | None = None
        self._due = {"commit": 0.0, "lag": 0.0}
        self._accepting = False
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

    def _beat(self) -> None:
        self._health.beat(self._name)

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
                self._beat()
            return doing.result() if doing.done() else None
        finally:
            doing.cancel()
            stopping.cancel()

    async def _turn(self, subscription: Subscription) -> None:
        """One round of the loop: fetch, start what may start, pause and resume, commit, look at the lag."""
        records = await subscription.poll(_POLL_S, self._options.queued)
        assigned = subscription.assigned()
        for record in records:
            if record.place in assigned:  # a rebalance may have taken it since it was fetched
                self._flow(record.place).take(record)
        self._joined = self._joined or bool(assigned)
        if self._clock.monotonic() >= self._due["lag"]:
            await self._look_at_lag(subscription)
        self._regulate(subscription)
        self._start_all()
        if self._clock.monotonic() >= self._due["commit"]:
            await self._commit(subscription)
        if self._fuse.blown or not self._owing():
            self._beat()

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
            self._attempts.settle(flow, record), name=f"{record.topic}/{record.partition}@{record.offset}"
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
            self._beat()
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

    async def _commit(self, subscription: Subscription) -> None:
        self._due["commit"] = self._clock.monotonic() + _COMMIT_S
        assigned = subscription.assigned()
        flows = [flow for flow in self._flows.values() if flow.next_commit is not None and flow.place in assigned]
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
            total += sum(flow.uncommitted for flow in self._flows.values() if flow.live is live)  # fetched, not done
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
