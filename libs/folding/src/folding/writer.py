"""Writing behind the steps: outputs acknowledged, then rows written, then records acknowledged to Faust.

Two things that Faust does make the order matter: its flush before a commit gives up after 0.1 s
(`ProducerBuffer.flush_atmost`), so that a kill could lose rows of committed records; and it commits past a gap of one
record, or of any size where nothing was committed yet (`Consumer._new_offset`). So a record is acknowledged only when
its rows, and those of all records before it, are in the changelog.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from chassis.clock import Clock
from chassis.metrics import HANDLE_SECONDS, RECORDS_HANDLED, Metrics
from chassis.produce import Producer
from folding import faust_patches
from folding.options import FoldOptions
from folding.rows import FoldRows
from folding.write_behind import FoldedRecord, LingerPolicy, RowWrite, last_writes

_MAX_BATCHES_IN_FLIGHT = 50
_DRAIN_TIMEOUT_S = 3.0


class ChangelogWriter:
    """Writes rows to a Faust table from outside of its stream, each to the changelog partition of its record."""

    def __init__(self, table: Any, topic: str) -> None:
        self._table = table
        self._partition = 0
        self._pending: list[Any] = []
        faust_patches.write_rows_to(table, topic, lambda: self._partition, lambda future: self._pending.append(future))

    def write(self, write: RowWrite) -> None:
        """Write or delete a row, and send it to the changelog."""
        name = write.key.encode()
        self._partition = write.partition
        if write.row is not None:
            self._table[name] = write.row
        elif self._table.get(name) is not None:
            del self._table[name]

    def take_pending(self) -> list[Any]:
        """The futures of what was written since the last call; each is done when its row is in the changelog."""
        pending, self._pending = self._pending, []
        return pending


class BatchWriter:
    """Writes folded records in batches: a batch is what has come while the one before it was written.

    `is_same_generation` returns whether the group is still the one in which an event was fetched; `on_error` gets what
    ends the member: an output or a row that cannot be sent.
    """

    def __init__(
        self,
        options: FoldOptions,
        rows: FoldRows,
        changelog: ChangelogWriter,
        producer: Producer,
        *,
        is_same_generation: Callable[[Any], bool],
        on_error: Callable[[BaseException], None],
        clock: Clock,
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._options, self._rows, self._changelog, self._producer = options, rows, changelog, producer
        self._is_same_generation, self._on_error = is_same_generation, on_error
        self._clock, self._metrics, self._log = clock, metrics, log
        self._linger = LingerPolicy()
        self._arrived, self._half_full, self._written = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._in_flight: set[asyncio.Future[Any]] = set()
        self._newest: asyncio.Future[Any] | None = None
        self._closing = False

    async def wait_for_capacity(self) -> None:
        """Until another record may be folded; for ever once `drain` was called."""
        while self._closing or self._rows.unwritten >= self._options.capacity:
            self._written.clear()
            await self._written.wait()

    def add(self, folded: FoldedRecord) -> None:
        """Its rows can be read from now on, and are written with the next batch."""
        self._rows.add(folded)
        self._linger.record_arrived(folded.began)
        self._arrived.set()
        if self._rows.unwritten * 2 >= self._options.capacity:
            self._half_full.set()

    def rows_recovered(self) -> None:
        """The table was read from the changelog: what was buffered is redelivered."""
        self._rows.recovered()
        self._written.set()

    async def run(self) -> None:
        """Write batches until cancelled."""
        try:
            while True:
                await self._arrived.wait()
                await self._gather()
                self._arrived.clear()
                self._half_full.clear()
                if batch := self._rows.take_batch():
                    await self._write(batch)
        except Exception as error:  # noqa: BLE001 (nobody awaits this task: end the member)
            self._on_error(error)

    async def drain(self) -> None:
        """Accept no more records and write those that are folded, for some seconds, so that fewer are redelivered."""
        self._closing = True
        self._half_full.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_TIMEOUT_S):
                while self._rows.unwritten:
                    self._written.clear()
                    await self._written.wait()
        await self.wait_until_durable()

    async def wait_until_durable(self) -> None:
        """Until the rows that are written are in the changelog, for some seconds: before their partitions are revoked.

        A row that came after one of the next owner would be recovered as the newer one.
        """
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=_DRAIN_TIMEOUT_S)

    async def _gather(self) -> None:
        """Under load wait some milliseconds for more records, or until the buffer is half full."""
        if linger_s := self._linger.linger_s(self._clock.monotonic()):
            with suppress(TimeoutError):
                async with asyncio.timeout(linger_s):
                    await self._half_full.wait()

    async def _write(self, batch: Sequence[FoldedRecord]) -> None:
        if outputs := [output for folded in batch for output in folded.outputs]:
            await self._producer.send_all(outputs)
        if not all(self._is_same_generation(folded.event) for folded in batch):
            return  # the next owner of the partition writes them; our row could come after its row
        for write in last_writes(batch):
            self._changelog.write(write)
        self._rows.mark_written(batch)
        self._written.set()
        self._acknowledge_when_durable(batch)
        for folded in batch:
            folded.context.run(self._report, folded)
        if len(self._in_flight) > _MAX_BATCHES_IN_FLIGHT:
            await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)

    def _acknowledge_when_durable(self, batch: Sequence[FoldedRecord]) -> None:
        """Acknowledge the records once their rows and those of earlier batches are in the changelog."""
        pending = self._changelog.take_pending()
        if self._newest is not None and not self._newest.done():  # which waits for the batch before it, and so on
            pending.append(self._newest)
        if not pending:
            _acknowledge(batch)
            return

        def durable(rows: asyncio.Future[Any]) -> None:
            self._in_flight.discard(rows)
            if rows.cancelled():
                return
            if (error := rows.exception()) is None:
                _acknowledge(batch)
            else:
                self._on_error(error)

        rows = self._newest = asyncio.gather(*pending)
        self._in_flight.add(rows)
        rows.add_done_callback(durable)

    def _report(self, folded: FoldedRecord) -> None:
        group, topic = self._options.group, folded.record.topic
        self._log.debug("record_done", group=group, outcome="invalid" if folded.dead_lettered else "ok")
        if not folded.dead_lettered:  # a dead letter is counted where it is published
            self._metrics.count(RECORDS_HANDLED, group=group, topic=topic, outcome="ok")
        self._metrics.observe(HANDLE_SECONDS, self._clock.monotonic() - folded.began, group=group, topic=topic)


def _acknowledge(batch: Sequence[FoldedRecord]) -> None:
    for folded in batch:
        folded.event.ack()
