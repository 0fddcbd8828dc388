"""The topics of a fold: waited for before a member starts, and put right when one was deleted and made anew.

Faust stands still without a word when a topic under it is another one. So a member ends as soon as one is missing or
has another id; this says why the fold waits, and prepares what the next member needs. Decision 0057.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.errors import KafkaError

from chassis.clock import Clock, wait_or_stop
from chassis.lanes import partition_for
from chassis.metrics import TOPICS_CHANGED, Metrics
from chassis.produce import Producer
from chassis.records import Message
from folding import broker_side
from folding.options import FoldOptions
from progress.changes import Changes, compare
from progress.topics import Topic
from progress.watch import EVERY_S, ask_once

_RETRY_S = 2.0


class TopicsReplaced(Exception):
    """A topic of the fold is missing, was made anew, or has another number of partitions: the member is of no use."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(changes.sentence())
        self.changes = changes


class TopicKeeper:
    """`problem`: why no member can start, for readiness. `known`: the topics that the next member starts on."""

    def __init__(self, options: FoldOptions, producer: Producer, *, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._options, self._producer = options, producer
        self._clock, self._metrics, self._log = clock, metrics, log
        self._rows: dict[str, bytes] = {}
        self.problem: str | None = None
        self.known: dict[str, Topic] = {}

    async def wait(self, stop: asyncio.Event) -> bool:
        """Until the sources and the changelog exist as they must; what was made anew is put right. False: stopped."""
        while not stop.is_set():
            found, problem = await self._look()
            if problem is None:
                await self._put_right(compare(self.known, found), stop)
                self.known, self._rows, self.problem = found, {}, None
                return True
            if problem != self.problem:
                self._log.warning("topics_missing", app=self._options.group, why=problem)
            self.problem = problem
            await wait_or_stop(self._clock, _RETRY_S, stop)
        return False

    def replaced(self, changes: Changes, rows: Mapping[str, bytes]) -> None:
        """A member ended by `changes`, with these rows of its own partitions."""
        self.problem = changes.sentence()
        self._rows |= rows
        for what, topic in changes.each():
            self._log.error("topic_changed", app=self._options.group, topic=topic, what=what, why=self.problem)
            self._metrics.count(TOPICS_CHANGED, topic=topic, what=what)

    async def _look(self) -> tuple[dict[str, Topic], str | None]:
        """The topics as they are; and why a member cannot start.

        The broker would make a missing one with its default count, and Faust ends on another count than it expects.
        """
        try:
            found = await ask_once(self._options.bootstrap, self._options.group, self._needed())
        except (KafkaError, OSError, TimeoutError) as error:
            return {}, f"Kafka does not answer: {error!r}"
        return found, problem_of(found, self._needed(), self._options.partitions)

    def _needed(self) -> set[str]:
        return {*self._options.topics, self._options.changelog}

    async def _put_right(self, changes: Changes, stop: asyncio.Event) -> None:
        """Read new sources from their beginning; give a new changelog the rows that this process still has.

        Without them versions would begin at 1 again, and every reader would ignore them.
        """
        if sources := changes.made_anew & set(self._options.topics):
            await broker_side.forget_offsets(self._options, sources)
        if self._options.changelog in changes.made_anew:
            await self._write_rows()
            # the other replicas look as often, and write the rows of their partitions, before any recovers them
            await wait_or_stop(self._clock, 2 * EVERY_S, stop)

    async def _write_rows(self) -> None:
        self._log.error("changelog_made_anew", app=self._options.group, rows_written_again=len(self._rows))
        options = self._options
        await self._producer.send_all([
            Message(
                topic=options.changelog, key=key.encode(), value=row,
                partition=partition_for(key.encode(), options.lane_of(key), options.partitions),
            )
            for key, row in self._rows.items()
        ])  # fmt: skip


def problem_of(found: Mapping[str, Topic], needed: Iterable[str], partitions: int) -> str | None:
    """Why a fold cannot start on these topics; None when it can."""
    if missing := sorted(set(needed) - set(found)):
        return f"topic {', '.join(missing)} does not exist: create it again"
    if other := sorted(name for name, each in found.items() if each.partitions != partitions):
        counts = ", ".join(f"{name} has {found[name].partitions}" for name in other)
        return f"PARTITIONS says {partitions} and topic {counts} partitions"
    return None
