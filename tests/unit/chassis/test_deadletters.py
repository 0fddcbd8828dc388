from collections.abc import Sequence
from datetime import UTC, datetime
from unittest.mock import Mock

from tests.support.doubles import ManualClock

from chassis.backoff import Backoff
from chassis.deadletters import DeadLetters, dead_letter, short_stack
from chassis.fuse import FuseOptions
from chassis.metrics import Metrics
from chassis.produce import Refused
from chassis.records import Record, Sendable


def test_a_letter_keeps_the_record_and_says_why() -> None:
    record = Record("a.b", 3, 9, 0, b"k", None, (("ce_id", b"1"),))
    letter = dead_letter(
        record,
        "g",
        code="x",
        reason="y" * 5000,
        attempts=2,
        first_seen=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        error=ValueError("z"),
    )
    assert (letter.topic, letter.key, letter.value, letter.partition) == ("a.b.g.dlq", b"k", None, 0)
    headers = dict(letter.headers)
    assert headers["ce_id"] == b"1"
    assert headers["dlq-first-seen"] == b"2026-01-02T03:04:05.000Z"
    assert len(headers["dlq-reason"]) == 2000
    assert headers["dlq-stack"] == b"ValueError: z"


class _Narrow:
    """A producer to a broker that takes a thousand bytes."""

    def __init__(self) -> None:
        self.sent: list[Sendable] = []

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(self, message: Sendable) -> tuple[int, int]:
        if len(message.value or b"") > 1000:
            raise Refused("too large")
        self.sent.append(message)
        return 0, len(self.sent) - 1

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        for message in messages:
            await self.send(message)


async def test_a_letter_that_is_too_large_leaves_without_the_bytes() -> None:
    record, producer = Record("a.b", 3, 9, 0, b"k", b"x" * 1001, (("ce_id", b"1"),)), _Narrow()
    letters = DeadLetters("g", producer, clock=ManualClock(), metrics=Metrics(), log=Mock())
    await letters.publish(record, ValueError(), code="x", reason="y", outcome="invalid")
    (sent,) = producer.sent
    headers = dict(sent.headers)
    assert sent.value is None
    assert (headers["dlq-partition"], headers["dlq-offset"], headers["dlq-reason-code"]) == (b"3", b"9", b"x")
    assert "ce_id" not in headers


def test_the_stack_is_short_and_has_no_folders() -> None:
    def deep(level: int) -> None:
        if level == 0:
            raise KeyError("k")
        deep(level - 1)

    try:
        deep(20)
    except KeyError as error:
        stack = short_stack(error)
    assert stack.count("test_deadletters.py") == 5
    assert "/" not in stack


async def test_an_open_fuse_publishes_nothing_and_shows() -> None:
    producer, metrics, log, clock = _Narrow(), Metrics(), Mock(), ManualClock()
    options = FuseOptions(consecutive=1, wait=Backoff(first_s=8, max_s=8))
    letters = DeadLetters("g", producer, fuse=options, clock=clock, metrics=metrics, log=log)
    record, error = Record("a.b", 3, 9, 0, b"k", b"x"), ValueError("z")
    assert metrics.value("fuse_blown", group="g") == 0
    assert letters.complaint is None

    waits = [await letters.publish(record, error, code="c", reason="r", outcome="failed") for _ in range(3)]

    assert waits[0] == 0
    assert 4 <= waits[1] == waits[2] <= 8
    assert len(producer.sent) == 1
    assert (letters.complaint or "").startswith(
        "stopped by its dead-letter fuse: 2 dead letters in a row, on a.b from anybody; the next attempt is in "
    )
    assert metrics.value("fuse_blown", group="g") == 1
    assert metrics.value("dead_letters_total", group="g", topic="a.b", code="c") == 1
    assert metrics.value("records_handled_total", group="g", topic="a.b", outcome="failed") == 1
    assert [call.args for call in log.bind.return_value.error.call_args_list] == [("dead_letter",), ("fuse_blown",)]

    clock.advance(8)
    assert _complaint(letters) is None
    assert metrics.value("fuse_blown", group="g") == 0
    assert await letters.publish(record, error, code="c", reason="r", outcome="failed") == 0
    letters.succeeded(record)
    assert await letters.publish(record, error, code="c", reason="r", outcome="failed") == 0


def _complaint(letters: DeadLetters) -> str | None:
    return letters.complaint


async def test_producers_and_topics_have_fuses_of_their_own_and_strangers_have_none() -> None:
    producer = _Narrow()
    options = FuseOptions(consecutive=1, producer=lambda record: record.header("from"))
    letters = DeadLetters("g", producer, fuse=options, clock=ManualClock(), metrics=Metrics(), log=Mock())

    async def fail(topic: str, *headers: tuple[str, bytes]) -> bool:
        record = Record(topic, 0, 0, 0, None, b"x", headers)
        return await letters.publish(record, ValueError(), code="c", reason="r", outcome="invalid") == 0

    ours, others = ("from", b"ours"), ("from", b"others")
    assert [await fail("a", ours) for _ in range(3)] == [True, False, False]
    assert [await fail("a", others), await fail("b", ours)] == [True, True]
    assert all([await fail("a") for _ in range(200)])
    assert not await fail("a", ours)
