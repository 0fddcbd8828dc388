"""A fold on Faust: a pure step function, its rows in a table with a changelog, its outputs acknowledged first.

The step function takes a record and the rows, and returns what to send and which rows to write. What is the same in
every fold is in this library. Outputs are acknowledged *before* rows are written, and a record is acknowledged only
when its rows are in the changelog: a crash repeats rather than loses. Steps do not wait for that: they read rows that
are not written yet (`write_behind`), and the outputs of all records that come meanwhile are sent together. No record is
lost to an exception (Faust alone commits a record whose agent raised).
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from chassis.clock import Clock, wait_or_stop
from chassis.deadletters import DeadLetters
from chassis.health import Health
from chassis.metrics import RECORDS_RETRIED, Metrics
from chassis.produce import Producer
from chassis.records import Record
from folding.member import Member
from folding.offset_tracker import OffsetGap
from folding.options import FoldOptions
from folding.step import Rows, Step, StepFunction, Tick
from folding.topic_keeper import TopicKeeper, TopicsReplaced
from folding.watchdog import Stalled


class FuseBlown(Stalled):
    """Too many dead letters: the fold leaves its group for `wait_s` seconds, and then attempts the record once more."""

    def __init__(self, complaint: str | None, wait_s: float) -> None:
        super().__init__(complaint)
        self.wait_s = wait_s


class Fold:
    """One process of a fold's group; several share the partitions. It is `Rows` itself, for ticks that look at them.

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
        self._options, self._step_function, self._producer, self._tick = options, step, producer, tick
        self._clock, self._metrics, self._health, self._log = clock, metrics, health, log
        self._dead_letters = DeadLetters(
            options.group, producer, fuse=options.fuse, clock=clock, metrics=metrics, log=log
        )
        self._member: Member | None = None
        self._topics = TopicKeeper(options, producer, clock=clock, metrics=metrics, log=log)

    async def run(self, stop: asyncio.Event) -> None:
        """Fold until `stop`. Raises what ended it otherwise: Stalled, or a failure of Faust or of the producer."""
        options = self._options
        self._health.add_check(options.group, self._unready_reason)
        while await self._topics.wait(stop):
            member = self._join()
            try:
                await member.run(stop)
            except TopicsReplaced as error:
                self._topics.replaced(error.changes, member.owned_rows())
            except FuseBlown as blown:  # not the end of the process: restarted, its fuse would be whole
                await wait_or_stop(self._clock, blown.wait_s, stop)
            except OffsetGap as error:
                self._log.warning("fold_starts_again", app=options.group, error=str(error))
                self._metrics.count(RECORDS_RETRIED, group=options.group, topic=options.topic, why="skipped")

    def get(self, key: str) -> bytes | None:
        """The row of a key; None before the rows are recovered."""
        return self._member.rows.get(key) if self._member else None

    def keys(self, partition: int) -> Iterable[str]:
        """Keys of the rows of one partition; none before the rows are recovered."""
        return self._member.rows.keys(partition) if self._member else ()

    def _join(self) -> Member:
        self._member = Member(
            self._options, self._step, self._producer, tick=self._tick, topics=self._topics.known,
            clock=self._clock, metrics=self._metrics, health=self._health, log=self._log,
        )  # fmt: skip
        return self._member

    def _unready_reason(self) -> str | None:
        recovered = self._member is not None and self._member.running
        return self._dead_letters.complaint or self._topics.problem or (None if recovered else "recovering its rows")

    async def _step(self, record: Record, rows: Rows) -> Step | None:
        """The step of a record; None for a dead letter. Raises FuseBlown."""
        try:
            step = self._step_function(record, rows)
        except Exception as error:  # a pure step that raises once raises always
            code, reason = getattr(error, "code", "fold_failed"), getattr(error, "reason", repr(error))
            wait_s = await self._dead_letters.publish(record, error, code=code, reason=reason, outcome="invalid")
            if wait_s:
                raise FuseBlown(self._dead_letters.complaint, wait_s) from error
            return None
        self._dead_letters.succeeded(record)
        return step
