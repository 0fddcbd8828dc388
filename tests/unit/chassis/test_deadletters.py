from collections.abc import Sequence
from datetime import UTC, datetime

from chassis.deadletters import Fuse, FuseOptions, bury, dead_letter, short_stack
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
    letter = dead_letter(
        record, "g", code="x", reason="y", attempts=1, first_seen=datetime(2026, 1, 2, tzinfo=UTC), error=ValueError()
    )
    await bury(producer, record, letter)
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


def test_a_run_of_failures_blows() -> None:
    fuse = Fuse(FuseOptions(run=2))
    assert [fuse.failed(), fuse.failed()] == [True, True]
    fuse.fine()
    assert [fuse.failed(), fuse.failed(), fuse.failed()] == [True, True, False]
    assert fuse.blown == "3 dead letters in a row"


def test_a_ratio_of_failures_blows_when_enough_was_seen() -> None:
    fuse = Fuse(FuseOptions(run=100, ratio=0.5, window=20, least=10))
    for _ in range(4):
        fuse.fine()
    assert [fuse.failed() for _ in range(5)] == [True] * 5
    assert not fuse.failed()
    assert "60%" in (fuse.blown or "")
