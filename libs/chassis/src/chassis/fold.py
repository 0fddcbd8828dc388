"""A fold on Faust: a pure step function, its rows in a table with a changelog, its outputs acknowledged first.

The step function takes a record and the rows, and says what to send and which rows to write. What is hard and the same
in every fold stands here. Outputs are acknowledged *before* rows are written, and a record is done with only when its
rows are in the changelog: a crash repeats rather than loses. Steps do not wait for that: they go on with rows that are
not written yet (`fold_ahead`), and the outputs of what has come meanwhile leave together. Nothing is skipped by an
exception (Faust alone commits a record whose agent raised). Ticks, because a timer cannot touch a Faust table. A
watchdog, because Faust can stand still without saying so.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from chassis import fold_faust, logs
from chassis.clock import Clock, wait_or_stop
from chassis.deadletters import Fuse, FuseOptions, bury, dead_letter
from chassis.fold_ahead import Ahead, Folded, Pace, Write, writes
from chassis.fold_faust import FoldOptions, Written
from chassis.fold_index import RowIndex
from chassis.fold_order import Order, Skipped
from chassis.fold_watch import Stalled, owned, started, watch
from chassis.health import Health
from chassis.lanes import partition_for
from chassis.metrics import Metrics
from chassis.produce import Producer
from chassis.records import Record, Sendable

__all__ = ["Fold", "FoldOptions", "Rows", "Stalled", "Step", "StepFunction", "Tick"]


class Rows(Protocol):
    """The rows that a step may read. Keys are the keys of the source topic, values what the fold wrote."""

    def get(self, key: str) -> bytes | None:
        """The row of a key."""
        ...

    def keys(self, partition: int) -> Iterable[str]:
        """Keys of the rows of one partition."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one record brings about: records to send, then rows to write (None deletes).

    Rows may only be written whose key belongs to the record's partition: they go to that partition of the changelog.
    """

    outputs: tuple[Sendable, ...] = ()
    rows: Mapping[str, bytes | None] = field(default_factory=dict)


_MOST_UNWRITTEN = 50
_DRAIN_S = 3.0
StepFunction = Callable[[Record, Rows], Step]
Tick = Callable[[int, datetime], Sendable]


class Fold:
    """One member of a fold's group; several processes share the partitions.

    A step that raises makes a dead letter, with the error's `code` and `reason` where it has them (Invalid).
    `tick` makes the record that is sent to each partition of this process every `tick_s`.
    """

    def __init__(
        self,
        options: FoldOptions,
        step: StepFunction,
        producer: Producer,
        *,
        tick: Tick | None = None,
        clock: Clock,
        metrics: Metrics,
        health: Health,
        log: Any,
    ) -> None:
        self._options = options
        self._step = step
        self._producer = producer
        self._tick = tick
        self._clock = clock
        self._metrics = metrics
        self._health = health
        self._log = log
        self._fuse = Fuse(FuseOptions())
        metrics.gauge("fuse_blown", 0, group=options.app)
        # The order between topics is not the same again after a crash: so nothing is taken before the last is done
        self._most_ahead = 1 if options.also else options.ahead
        self._unwritten: set[asyncio.Future[Any]] = set()
        self._newest: asyncio.Future[Any] | None = None
        self._app: Any = None
        self._table: Any = {}
        self._written = Written()
        self._index = RowIndex(self._place_of)
        self._ahead, self._pace = Ahead(), Pace()
        self._folded, self._enough, self._settled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._running = self._leaving = False

    async def run(self, stop: asyncio.Event) -> None:
        """Fold until `stop`. Raises what ended it otherwise: Stalled, or a failure of Faust or of the producer."""
        options = self._options
        self._health.ready(options.app, self._complaint)
        if not await fold_faust.topics_exist(options, self._clock, self._log, stop):
            return
        while not stop.is_set():
            try:
                await self._member(stop)
            except FuseBlown as error:
                # Not the end of the process: started again, it would bury as many again, and again
                self._log.error("fuse_blown", group=options.app, why=str(error))
                await stop.wait()
            except Skipped as error:
                self._log.warning("fold_starts_again", app=options.app, error=str(error))
                self._metrics.count("records_retried_total", group=options.app, topic=options.topic, why="skipped")

    def _complaint(self) -> str | None:
        if self._fuse.blown:
            return f"stopped by its dead-letter fuse: {self._fuse.blown}"
        return None if self._running else "recovering its rows"

    async def _member(self, stop: asyncio.Event) -> None:
        options = self._options
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        app, self._table = fold_faust.build(options, self._agent, self._recovered, self._durably)
        self._app, self._leaving, self._ahead, self._written = app, False, Ahead(), Written()
        self._newest = None
        self._unwritten = set()  # what a member before this one never heard of is not waited for, and ends nobody
        self._written.attach(self._table, options.topic)
        self._order = Order(app, options.topic, *options.also)
        self._health.expect(options.app, options.stalled_s * 2)
        writing = asyncio.create_task(self._write_behind(), name=f"{options.app} writes")
        try:
            await self._until_stopped(app, stop)
            await self._drain()
        finally:
            self._running = False
            writing.cancel()
            self._health.forget(options.app)
            await fold_faust.end(app, options, self._log)

    async def _until_stopped(self, app: Any, stop: asyncio.Event) -> None:
        live, stopped = asyncio.create_task(self._live(app, stop)), asyncio.create_task(stop.wait())
        tasks: set[asyncio.Future[Any]] = {live, stopped, self._failure}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    async def _live(self, app: Any, stop: asyncio.Event) -> None:
        """Start (which recovers the rows), then tick and watch."""
        options, clock = self._options, self._clock
        await started(app, options.stalled_s, clock=clock, health=self._health)
        self._running = True
        watching = watch(
            app, self._order, options.topic, options.stalled_s, count=options.partitions,
            clock=clock, metrics=self._metrics, health=self._health, stop=stop,
        )  # fmt: skip
        await asyncio.gather(self._send_ticks(app, stop), watching)

    async def _send_ticks(self, app: Any, stop: asyncio.Event) -> None:
        while self._tick is not None and not await wait_or_stop(self._clock, self._options.tick_s, stop):
            now = self._clock.now()
            await self._producer.send_all(
                [self._tick(place.partition, now) for place in owned(app, self._options.topic)]
            )

    async def _agent(self, stream: Any) -> None:
        # Acknowledged by hand: an agent that raises, or is cancelled in the middle, must not acknowledge.
        manual = stream.noack()
        try:
            async for event in manual.events():
                await self._room()
                # Otherwise it comes again, here or elsewhere; or it came before, and is done with when the first is
                if self._current(event) and await self._order.due(event.message):
                    await self._take(_record(event.message), event)
        except Exception as error:  # noqa: BLE001 (Faust would go on with the next record: end the process)
            self._fail(error)
            await asyncio.Event().wait()

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    async def _room(self) -> None:
        """Until another record may be folded; a fold that is about to leave takes none."""
        while self._leaving or len(self._ahead) >= self._most_ahead:
            self._settled.clear()
            await self._settled.wait()

    async def _take(self, record: Record, event: Any) -> None:
        """Fold one record: what it leads to is seen by the next ones, and is on its way."""
        logs.begin(record)
        began = self._clock.monotonic()
        try:
            step, refused = await self._stepped(record), False
            self._fuse.fine()
        except _Refused:
            step, refused = Step(), True
        if not self._current(event):
            return  # the partitions changed while a dead letter left
        for key, row in step.rows.items():
            self._list(key, row is not None)
        self._ahead.add(Folded(record, event, began, step.outputs, step.rows, refused, copy_context()))
        self._pace.see(began)
        self._folded.set()
        if len(self._ahead) * 2 >= self._most_ahead:
            self._enough.set()

    def _current(self, event: Any) -> bool:
        return fold_faust.current(self._app, event.message)

    async def _write_behind(self) -> None:
        """Settle what is folded, as much at once as came while the last was settled."""
        try:
            while True:
                await self._folded.wait()
                await self._gather()
                self._folded.clear()
                self._enough.clear()
                if taken := self._ahead.take():
                    await self._settle(taken)
        except Exception as error:  # noqa: BLE001 (a task's error is seen by nobody: end the process)
            self._fail(error)

    async def _gather(self) -> None:
        """While much comes: for some milliseconds, or until half of what may be ahead has come."""
        if linger_s := self._pace.linger_s(self._clock.monotonic()):
            with suppress(TimeoutError):
                async with asyncio.timeout(linger_s):
                    await self._enough.wait()

    async def _settle(self, taken: Sequence[Folded]) -> None:
        """Outputs acknowledged, then rows written, then the records done with once the rows are in the changelog."""
        if outputs := [output for folded in taken for output in folded.outputs]:
            await self._producer.send_all(outputs)
        if not all(self._current(folded.event) for folded in taken):
            return  # written by whoever has the partition now: a row from us could come after his
        for write in writes(taken):
            self._write(write)
        self._ahead.settle(taken)
        self._settled.set()
        self._acknowledge(taken)
        for folded in taken:
            folded.context.run(self._done, folded)
        if len(self._unwritten) > _MOST_UNWRITTEN:
            await asyncio.wait(self._unwritten, return_when=asyncio.FIRST_COMPLETED)

    def _acknowledge(self, taken: Sequence[Folded]) -> None:
        """Records are done with once their rows are in the changelog; meanwhile the next ones are folded.

        Faust's own flush before a commit gives up after 0.1 s (ProducerBuffer.flush_atmost): a kill then lost rows.
        And never before those that came before them: Faust commits past a gap of one, or of any size where nothing
        was committed yet.
        """
        sent = self._written.taken()
        if self._newest is not None and not self._newest.done():  # which waits for the one before it, and so on
            sent.append(self._newest)
        if not sent:
            _ack(taken)
            return
        unwritten, failure = self._unwritten, self._failure

        def durable(written: asyncio.Future[Any]) -> None:
            unwritten.discard(written)
            if written.cancelled():
                return
            if (error := written.exception()) is None:
                _ack(taken)
            elif not failure.done():
                failure.set_exception(error)

        done = self._newest = asyncio.gather(*sent)
        unwritten.add(done)
        done.add_done_callback(durable)

    def _done(self, folded: Folded) -> None:
        group, topic = self._options.app, folded.record.topic
        outcome = "invalid" if folded.refused else "ok"
        self._log.debug("record_done", group=group, outcome=outcome)
        self._metrics.count("records_handled_total", group=group, topic=topic, outcome=outcome)
        self._metrics.observe("handle_seconds", self._clock.monotonic() - folded.began, group=group, topic=topic)

    async def _drain(self) -> None:
        """What is folded is written before the group is left, for a while, so that it need not come again."""
        self._leaving = True
        self._enough.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                while len(self._ahead):
                    self._settled.clear()
                    await self._settled.wait()
        await self._durably()

    async def _durably(self) -> None:
        """Rows that are written come to the changelog, for a while, before somebody else has their partition.

        A row that came after his would be recovered as the newer one. Faust's flush gives up after 0.1 s.
        """
        if self._unwritten:
            await asyncio.wait(self._unwritten, timeout=_DRAIN_S)

    async def _stepped(self, record: Record) -> Step:
        try:
            return self._step(record, self)
        except Exception as error:  # a pure step that raises once raises always
            await self._bury(record, error)
            raise _Refused from error

    async def _bury(self, record: Record, error: Exception) -> None:
        code, reason = getattr(error, "code", "fold_failed"), getattr(error, "reason", repr(error))
        group = self._options.app
        self._log.error("dead_letter", group=group, offset=record.offset, code=code, reason=reason, exc_info=error)
        if not self._fuse.failed():
            self._metrics.gauge("fuse_blown", 1, group=group)
            raise FuseBlown(f"the dead-letter fuse is blown: {self._fuse.blown}") from error
        now = self._clock.now()
        letter = dead_letter(record, group, code=code, reason=reason, attempts=1, first_seen=now, error=error)
        await bury(self._producer, record, letter)
        self._metrics.count("dead_letters_total", group=group, topic=record.topic, code=code)

    # Rows, for the step

    def get(self, key: str) -> bytes | None:
        """The row of a key."""
        if self._ahead.holds(key):
            return self._ahead.row(key)
        row: bytes | None = self._table.get(key.encode())
        return row

    def keys(self, partition: int) -> Iterable[str]:
        """Keys of the rows of one partition; rows of others may lie in memory after a rebalance."""
        return self._index.of(partition)

    def _recovered(self) -> None:
        """Rows came from the changelog, and the records after what is committed follow, seen before or not."""
        self._ahead.forget()
        self._order.begin()
        self._settled.set()
        self._index.fill(bytes(key).decode() for key in self._table.keys())  # noqa: SIM118 (a Faust table is no dict)

    def _place_of(self, key: str) -> int:
        return partition_for(key.encode(), self._options.lane_of(key), self._options.partitions)

    def _list(self, key: str, there: bool) -> None:
        if there:
            self._index.add(key)
        else:
            self._index.discard(key)

    def _write(self, write: Write) -> None:
        name = write.key.encode()
        self._written.partition = write.partition
        if write.row is not None:
            self._table[name] = write.row
        elif self._table.get(name) is not None:
            del self._table[name]


def _ack(taken: Sequence[Folded]) -> None:
    for folded in taken:
        folded.event.ack()


class FuseBlown(Stalled):
    """Too many dead letters: the fold leaves its group and waits for somebody to mend the cause and restart it."""


class _Refused(Exception):
    """The record went to the dead letters."""


def _record(message: Any) -> Record:
    headers = message.headers.items() if isinstance(message.headers, Mapping) else message.headers or ()
    return Record(
        message.topic,
        message.partition,
        message.offset,
        int(message.timestamp * 1000),
        message.key,
        message.value,
        tuple((str(name), bytes(value)) for name, value in headers),
    )
