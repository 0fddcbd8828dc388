"""Dead letters, and the fuse that keeps a bad deployment from draining a topic into them."""

import traceback
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chassis.produce import Producer, Refused
from chassis.records import Message, Record

_STACK_FRAMES = 5
_TEXT_LIMIT = 2_000


@dataclass(frozen=True, kw_only=True)
class FuseOptions:
    """When dead letters stop the consumer: `run` in a row, or `ratio` of the last `window` (with `least` seen)."""

    run: int = 20
    ratio: float = 0.5
    window: int = 200
    least: int = 50


class Fuse:
    """Counts outcomes. Once blown it stays blown until the process is started again."""

    def __init__(self, options: FuseOptions) -> None:
        self._options = options
        self._recent: deque[bool] = deque(maxlen=options.window)
        self._run = 0
        self.blown: str | None = None

    def fine(self) -> None:
        """A record was handled."""
        self._run = 0
        self._recent.append(False)

    def failed(self) -> bool:
        """A record is to be dead-lettered; False when that is one too many and the fuse is blown."""
        self._run += 1
        self._recent.append(True)
        share = sum(self._recent) / len(self._recent)
        if self._run > self._options.run:
            self.blown = f"{self._run} dead letters in a row"
        elif len(self._recent) >= self._options.least and share > self._options.ratio:
            self.blown = f"{share:.0%} of the last {len(self._recent)} records were dead letters"
        return self.blown is None


def dead_letter(
    record: Record, group: str, *, code: str, reason: str, attempts: int, first_seen: datetime, error: BaseException
) -> Message:
    """The record as it came, with why it is here; the topic is `<topic>.<group>.dlq`, of one partition."""
    said = {
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
        headers=record.headers + tuple((name, text.encode()) for name, text in said.items()),
        partition=0,
    )


async def bury(producer: Producer, record: Record, letter: Message) -> None:
    """Send a dead letter; without the record's own bytes and headers where the broker takes no message that large.

    `dlq-partition` and `dlq-offset` say where the bytes are.
    """
    try:
        await producer.send(letter)
    except Refused:
        await producer.send(replace(letter, value=None, headers=letter.headers[len(record.headers) :]))


def short_stack(error: BaseException) -> str:
    """The innermost frames of an error, file and line without folders."""
    frames = traceback.extract_tb(error.__traceback__)[-_STACK_FRAMES:]
    lines = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    return " > ".join([*lines, f"{type(error).__name__}: {error}"])[:_TEXT_LIMIT]
