"""Consuming: one member of a group that never stops polling; two lanes; contiguous commits."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from chassis import lanes
from chassis.attempts import Attempts
from chassis.broker import Broker, BrokerError, Subscription
from chassis.clock import Clock, wait_or_stop
from chassis.deadletters import DeadLetters
from chassis.fuse import FuseOptions
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.lag import publish_lag
from chassis.metrics import Metrics
from chassis.outcomes import Busy, ConsumeOptions, Handler, Invalid
from chassis.partition_state import PartitionState
from chassis.produce import Producer
from chassis.records import Record, TopicPartition

__all__ = ["Busy", "ConsumeOptions", "Consumer", "FuseOptions", "Handler", "Invalid", "KafkaBroker"]

T = TypeVar("T")
_POLL_S = 0.2
_COMMIT_S = 0.5
_LAG_S = 5.0
_LAG_WITH_LIVE_BACKLOG_S = 0.25
_REJOIN_S = 1.0


class Consumer:
    """One member of a consumer group.

    One task polls and never stops polling; each record is handled in a task of its own, `in_flight` a partition and
    one a key. A partition with enough fetched is paused. Runs start only while no live partition has a backlog.
    """

    def __init__(
        self,
        broker: Broker,
        options: ConsumeOptions,
        handler: Handler,
        producer: Producer,
        *,
        clock: Clock,
        metrics: Metrics,
        health: Health,
        log: Any,
    ) -> None:
        self._broker, self._options, self._clock = broker, options, clock
        self._metrics, self._health, self._log = metrics, health, log.bind(group=options.group)
        self._name = f"consumer {options.group}"
        self._dead_letters = DeadLetters(
            options.group, producer, fuse=options.fuse, clock=clock, metrics=metrics, log=self._log
        )
        self._attempts = Attempts(
            options, handler, self._dead_letters, clock=clock, metrics=metrics, beat=self._beat, log=self._log
        )
        self._partitions: dict[TopicPartition, PartitionState] = {}
        self._counts: dict[str, int] = {}
        self._lag: dict[TopicPartition, int] | None = None
        self._commit_due = self._lag_due = 0.0
        self._accepting = False
        self._joined = False

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then drain. Joins again after a lost membership."""
        self._health.expect(self._name, self._options.progress_s)
        self._health.add_check(self._name, self._complaint)
        while not stop.is_set():
            try:
                await self._membership(stop)
            except BrokerError as error:
                self._log.warning("membership_lost", error=str(error))
                await wait_or_stop(self._clock, _REJOIN_S, stop)
        self._health.forget(self._name)

    def has_newer(self, record: Record) -> bool:
        """Whether a later record of its key has been fetched and not begun."""
        partition = self._partitions.get(record.topic_partition)
        return partition is not None and any(each.key == record.key for each in partition.queue)

    def _beat(self) -> None:
        self._health.beat(self._name)

    def _complaint(self) -> str | None:
        if self._joined:
            return self._dead_letters.complaint or self._subscription.complaint
        return self._dead_letters.complaint or self._broker.waits_for or "not in its group yet"

    async def _membership(self, stop: asyncio.Event) -> None:
        subscription = await self._unless_stopped(self._join(), stop)
        if subscription is None:
            return
        self._subscription, self._accepting, self._lag_due = subscription, True, 0.0
        try:
            while not stop.is_set():
                await self._poll(subscription)
        finally:
            await self._drain_revoked()
            await subscription.close()
            self._joined = False

    async def _join(self) -> Subscription:
        for topic in self._options.topics:
            self._counts[topic] = await self._broker.partitions(topic)
        return await self._broker.subscribe(self._options.group, self._options.topics, self._drain_revoked)

    async def _unless_stopped(self, work: Awaitable[T], stop: asyncio.Event) -> T | None:
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

    async def _poll(self, subscription: Subscription) -> None:
        """One round of the loop: fetch, measure the lag, pause and resume, start what may start, commit."""
        records = await subscription.poll(_POLL_S, self._options.queued)
        assigned = subscription.assigned()
        for record in records:
            if record.topic_partition in assigned:  # a rebalance may have revoked it since the fetch
                self._partition(record.topic_partition).add(record)
        self._joined = self._joined or bool(assigned)
        if self._clock.monotonic() >= self._lag_due:
            await self._measure_lag(subscription)
        self._pause_and_resume(subscription)
        self._start_all()
        if self._clock.monotonic() >= self._commit_due:
            await self._commit(subscription)
        if self._dead_letters.complaint or not self._has_backlog():
            self._beat()

    def _partition(self, of: TopicPartition) -> PartitionState:
        return self._partitions.setdefault(of, PartitionState(of, self._is_live(of)))

    def _is_live(self, of: TopicPartition) -> bool:
        return lanes.is_live(of.partition, self._counts[of.topic])

    def _pause_and_resume(self, subscription: Subscription) -> None:
        """Pause partitions with enough fetched, resume those that are nearly through."""
        for partition in self._partitions.values():
            if not partition.paused and partition.uncommitted >= self._options.queued:
                subscription.pause([partition.topic_partition])
                partition.paused = True
            elif partition.paused and partition.uncommitted <= self._options.queued // 4:
                subscription.resume([partition.topic_partition])
                partition.paused = False

    def _start_all(self) -> None:
        live_only = self._options.live_first and self._has_live_backlog()
        for partition in self._partitions.values():
            while (partition.live or not live_only) and self._start_next(partition):
                pass

    def _start_next(self, partition: PartitionState) -> bool:
        if not self._accepting:
            return False
        if (record := partition.next(self._options.in_flight)) is None:
            return False
        name = f"{record.topic}/{record.partition}@{record.offset}"
        task = asyncio.create_task(self._attempts.process(partition, record), name=name)
        partition.running[task] = record
        task.add_done_callback(lambda done: self._finish(partition, done))
        return True

    def _finish(self, partition: PartitionState, task: "asyncio.Task[None]") -> None:
        record = partition.running.pop(task)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._log.error("handling_broke", offset=record.offset, exc_info=error)
            return
        partition.finish(record)
        self._beat()
        if self._partitions.get(partition.topic_partition) is partition:  # not revoked meanwhile
            self._pause_and_resume(self._subscription)
            self._start_all()

    def _has_live_backlog(self) -> bool:
        """Whether live records wait, here or in the broker; unknown lag counts as a backlog, a backoff does not."""
        if self._lag is None or any(each.live and each.working for each in self._partitions.values()):
            return True
        behind = (of for of, lag in self._lag.items() if lag > 0)
        return any(self._is_live(of) and not self._is_backing_off(of) for of in behind)

    def _is_backing_off(self, of: TopicPartition) -> bool:
        return of in self._partitions and bool(self._partitions[of].backing_off)

    def _has_backlog(self) -> bool:
        return any(each.queue or each.running for each in self._partitions.values()) or any((self._lag or {}).values())

    async def _commit(self, subscription: Subscription) -> None:
        self._commit_due = self._clock.monotonic() + _COMMIT_S
        assigned = subscription.assigned()
        offsets = {
            of: partition.next_commit
            for of, partition in self._partitions.items()
            if partition.next_commit is not None and of in assigned
        }
        if offsets and await subscription.commit(offsets):
            for of, offset in offsets.items():
                if (partition := self._partitions.get(of)) is not None and partition.next_commit == offset:
                    partition.next_commit = None

    async def _measure_lag(self, subscription: Subscription) -> None:
        self._lag = await subscription.lag()
        unfetched = self._lag or {}
        soon = self._lag is None or any(lag and self._is_live(of) for of, lag in unfetched.items())
        self._lag_due = self._clock.monotonic() + (_LAG_WITH_LIVE_BACKLOG_S if soon else _LAG_S)
        fetched = {of: partition.uncommitted for of, partition in self._partitions.items()}
        publish_lag(self._metrics, self._options.group, Counter(unfetched) + Counter(fetched), self._counts)

    async def _drain_revoked(self) -> None:
        """Before partitions are revoked (all are): let running records finish for a while, commit, cancel the rest."""
        self._accepting = False
        running = {task for partition in self._partitions.values() for task in partition.running}
        active = {task for each in self._partitions.values() if not each.backing_off for task in each.running}
        if active:
            await asyncio.wait(active, timeout=self._options.drain_s)
        with suppress(BrokerError):
            await self._commit(self._subscription)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._partitions.clear()
        self._lag, self._lag_due = None, 0.0
        self._accepting = True
