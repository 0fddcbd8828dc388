"""One membership of a fold's consumer group: from the start of Faust, which recovers the rows, to its end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from typing import Any

from chassis import logs
from chassis.clock import Clock, wait_or_stop
from chassis.health import Health
from chassis.metrics import RECORDS_LOST, Metrics
from chassis.produce import Producer
from chassis.records import Record
from folding import faust_app, faust_patches
from folding.offset_tracker import OffsetTracker
from folding.options import FoldOptions
from folding.rows import FoldRows
from folding.step import Rows, Step, Tick
from folding.topic_keeper import TopicsReplaced
from folding.watchdog import assigned_partitions, start_app, watch
from folding.write_behind import FoldedRecord
from folding.writer import BatchWriter, ChangelogWriter
from progress.changes import Changes
from progress.topics import Topic
from progress.watch import EVERY_S, TopicWatch

_TOPICS_GONE_S = 5 * EVERY_S  # a rebalance that a deletion causes may come before the deletion is seen
StepOrDeadLetter = Callable[[Record, Rows], Awaitable[Step | None]]


class Member:
    """Feeds records to `step`, which gives None for a record that went to the dead letters; ticks; watches progress."""

    def __init__(
        self,
        options: FoldOptions,
        step: StepOrDeadLetter,
        producer: Producer,
        *,
        tick: Tick | None,
        topics: Mapping[str, Topic],
        clock: Clock,
        metrics: Metrics,
        health: Health,
        log: Any,
    ) -> None:
        self._options, self._step, self._producer, self._tick = options, step, producer, tick
        self._clock, self._metrics, self._health, self._log = clock, metrics, health, log
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._app, table = faust_app.build(options, self._agent, self._recovered, self._revoked)
        self._offsets = OffsetTracker(self._app, *options.topics, lost=self._report_lost)
        self._owned: frozenset[int] = frozenset()
        self._emptied_at: float | None = None
        self._topics = TopicWatch(options.bootstrap, options.group, topics, found=self._topics_changed)
        self.rows = FoldRows(options, table)
        self._writer = BatchWriter(
            options, self.rows, ChangelogWriter(table, options.topic), producer,
            is_same_generation=self._is_same_generation, on_error=self._fail, clock=clock, metrics=metrics, log=log,
        )  # fmt: skip
        self.running = False
        """Whether the rows are recovered and records are folded."""

    async def run(self, stop: asyncio.Event) -> None:
        """Fold until `stop`. Raises OffsetGap, Stalled, what `step` raises, or a failure of Faust or the producer."""
        group = self._options.group
        self._health.expect(group, self._options.stall_timeout_s * 2)
        writing = asyncio.create_task(self._writer.run(), name=f"{group} writes")
        self._topics.start()
        try:
            await self._until_stopped(stop)
            await self._writer.drain()
        finally:
            self.running = False
            await self._topics.close()
            writing.cancel()
            self._health.forget(group)
            await faust_app.stop(self._app, self._options, self._log)

    async def _until_stopped(self, stop: asyncio.Event) -> None:
        live, stopped = asyncio.create_task(self._live(stop)), asyncio.create_task(stop.wait())
        tasks: set[asyncio.Future[Any]] = {live, stopped, self._failure}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    async def _live(self, stop: asyncio.Event) -> None:
        """Start (which recovers the rows), then tick and watch."""
        options, clock = self._options, self._clock
        await start_app(self._app, options.stall_timeout_s, clock=clock, health=self._health)
        self.running = True
        watching = watch(
            self._app, self._offsets, options, clock=clock, metrics=self._metrics, health=self._health, stop=stop,
        )  # fmt: skip
        await asyncio.gather(self._send_ticks(stop), watching)

    async def _send_ticks(self, stop: asyncio.Event) -> None:
        """A timer cannot touch a Faust table: it sends a record to each partition of this process."""
        while self._tick is not None and not await wait_or_stop(self._clock, self._options.tick_s, stop):
            now, partitions = self._clock.now(), assigned_partitions(self._app, self._options.topic)
            await self._producer.send_all([self._tick(each.partition, now) for each in partitions])

    async def _agent(self, stream: Any) -> None:
        # Acknowledged by the writer: an agent that raises, or is cancelled halfway, must not acknowledge.
        manual = stream.noack()
        try:
            async for event in manual.events():
                await self._writer.wait_for_capacity()
                # A record of an earlier generation is redelivered, here or elsewhere; a duplicate is acknowledged with
                # the first delivery
                if self._is_same_generation(event) and await self._offsets.is_next(event.message):
                    await self._fold(_record(event.message), event)
        except Exception as error:  # noqa: BLE001 (Faust would go on with the next record: end the member)
            self._fail(error)
            await asyncio.Event().wait()

    async def _fold(self, record: Record, event: Any) -> None:
        logs.bind_record(record)
        began = self._clock.monotonic()
        step = await self._step(record, self.rows)
        if not self._is_same_generation(event):
            return  # the partitions changed while a dead letter was sent
        effects = step or Step()
        self._writer.add(
            FoldedRecord(record, event, began, effects.outputs, effects.rows, step is None, copy_context())
        )

    def _is_same_generation(self, event: Any) -> bool:
        return faust_patches.is_same_generation(self._app, event.message)

    def owned_rows(self) -> dict[str, bytes]:
        """The written rows of the partitions that this process has, or had until the topics went."""
        if self._emptied_at is not None and self._clock.monotonic() - self._emptied_at > _TOPICS_GONE_S:
            return {}  # another process has had them since
        return self.rows.of_partitions(self._owned)

    def _topics_changed(self, changes: Changes) -> None:
        """Faust would stand still, and commit offsets of the old topic on the new one."""
        if changes.missing or changes.ends_reading:
            faust_patches.commit_no_more(self._app)
            self._fail(TopicsReplaced(changes))

    def _report_lost(self, topic: str, partition: int, count: int) -> None:
        group = self._options.group
        self._log.error("records_lost", group=group, topic=topic, partition=partition, count=count)
        self._metrics.count(RECORDS_LOST, count, group=group, topic=topic)

    def _recovered(self) -> None:
        if assigned := assigned_partitions(self._app, self._options.topic):
            self._owned, self._emptied_at = frozenset(each.partition for each in assigned), None
        elif self._emptied_at is None:
            self._emptied_at = self._clock.monotonic()
        self._offsets.reset()
        self._writer.rows_recovered()

    async def _revoked(self) -> None:
        await self._writer.wait_until_durable()

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)


def _record(message: Any) -> Record:
    headers = message.headers.items() if isinstance(message.headers, Mapping) else message.headers or ()
    return Record(
        message.topic,
        message.partition,
        message.offset,
        int(message.timestamp * 1000),
        message.key,
        message.value,
        tuple((str(name), bytes(value or b"")) for name, value in headers),  # a header may have no value
    )
