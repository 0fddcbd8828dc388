"""Dead letters: records that cannot be handled, published unchanged to a topic of their own with the reason."""

import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from chassis import logs
from chassis.clock import Clock
from chassis.fuse import Fuse, FuseOptions
from chassis.metrics import DEAD_LETTERS, FUSE_BLOWN, RECORDS_HANDLED, Metrics
from chassis.produce import Producer, Refused
from chassis.records import Message, Record

_STACK_FRAMES = 5
_TEXT_LIMIT = 2_000


@dataclass(slots=True)
class AttemptCount:
    """Attempts at one record since the first, and how many of them failed without being busy."""

    since: datetime
    attempts: int = 0
    failed: int = 0


class DeadLetters:
    """The dead letters of one consumer group: published, logged and counted, while their fuse allows it.

    There is a fuse for each producer on each topic, so that one that is at fault stops no other.
    """

    def __init__(
        self, group: str, producer: Producer, *,
        fuse: FuseOptions | None = None, clock: Clock, metrics: Metrics, log: Any,
    ) -> None:  # fmt: skip
        self._group, self._producer, self._options = group, producer, fuse or FuseOptions()
        self._clock, self._metrics, self._log = clock, metrics, log.bind(group=group)
        self._fuses: dict[tuple[str, str], Fuse] = {}  # by topic and producer
        metrics.set(FUSE_BLOWN, 0, group=group)  # from the start: a missing series is no all-clear

    @property
    def complaint(self) -> str | None:
        """What records wait for; None while no fuse is open. The gauge follows it."""
        now = self._clock.monotonic()
        waiting = [(*of, fuse) for of, fuse in self._fuses.items() if fuse.open_for(now)]
        self._metrics.set(FUSE_BLOWN, bool(waiting), group=self._group)
        return "; ".join(
            f"stopped by its dead-letter fuse: {fuse.reason}, on {topic} from {producer}; "
            f"the next attempt is in {fuse.open_for(now):.0f} s"
            for topic, producer, fuse in waiting
        ) or None  # fmt: skip

    def succeeded(self, record: Record) -> None:
        """Count a record that was handled."""
        if (fuse := self._fuse(record)) is not None:
            fuse.succeeded()

    async def publish(
        self,
        record: Record,
        error: BaseException,
        *,
        code: str,
        reason: str,
        outcome: Literal["invalid", "failed"],
        count: AttemptCount | None = None,
    ) -> float:
        """Publish the dead letter of a record (tried once, now) and answer 0.

        While the fuse is open nothing is published, and the answer is the seconds to wait: the record must be neither
        committed nor passed, and attempted once more after that. `outcome` is the label in `records_handled_total`.
        """
        coordinates, count = logs.coordinates(record), count or AttemptCount(self._clock.now(), 1)
        if wait_s := self._wait_s(record, error, code=code, reason=reason, **coordinates):
            return wait_s
        self._log.error("dead_letter", code=code, reason=reason, attempts=count.attempts, **coordinates, exc_info=error)
        letter = dead_letter(
            record, self._group, code=code, reason=reason, attempts=count.attempts, first_seen=count.since, error=error
        )
        await self._send(record, letter)
        self._metrics.count(DEAD_LETTERS, group=self._group, topic=record.topic, code=code)
        self._metrics.count(RECORDS_HANDLED, group=self._group, topic=record.topic, outcome=outcome)
        return 0.0

    def _wait_s(self, record: Record, error: BaseException, **fields: Any) -> float:
        if (fuse := self._fuse(record)) is None:
            return 0.0
        blown_times = fuse.blown_times
        wait_s = fuse.failed(self._clock.monotonic())
        if fuse.blown_times > blown_times:
            self._log.error("fuse_blown", why=self.complaint, wait_s=round(wait_s, 1), **fields, exc_info=error)
        return wait_s

    def _fuse(self, record: Record) -> Fuse | None:
        if (producer := self._options.producer(record)) is None:
            return None
        of = record.topic, producer
        if of not in self._fuses:
            self._fuses[of] = Fuse(self._options)
        return self._fuses[of]

    async def _send(self, record: Record, letter: Message) -> None:
        """Without the record's own bytes and headers, which its coordinates lead to, where that is too large."""
        try:
            await self._producer.send(letter)
        except Refused:
            await self._producer.send(replace(letter, value=None, headers=letter.headers[len(record.headers) :]))


def dead_letter(
    record: Record, group: str, *, code: str, reason: str, attempts: int, first_seen: datetime, error: BaseException
) -> Message:
    """The record unchanged, with the reason in added headers; the topic is `<topic>.<group>.dlq`, of one partition."""
    added = {
        "dlq-reason-code": code,
        "dlq-reason": reason[:_TEXT_LIMIT],
        "dlq-topic": record.topic,
        "dlq-partition": str(record.partition),
        "dlq-offset": str(record.offset),
        "dlq-attempts": str(attempts),
        "dlq-group": group,
        "dlq-first-seen": first_seen.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "dlq-stack": short_stack(error),
    }
    return Message(
        topic=f"{record.topic}.{group}.dlq",
        key=record.key,
        value=record.value,
        headers=record.headers + tuple((name, text.encode(errors="backslashreplace")) for name, text in added.items()),
        partition=0,
    )


def short_stack(error: BaseException) -> str:
    """The innermost frames of an error, file and line without folders."""
    frames = traceback.extract_tb(error.__traceback__)[-_STACK_FRAMES:]
    lines = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    return " > ".join([*lines, f"{type(error).__name__}: {error}"])[:_TEXT_LIMIT]
