"""How many wrong keys an address may try, and what is written of it."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webserver.failures import FailedAttempts
from webserver.minutes import MinuteCounts
from webserver.progress import Progress
from webserver.wrong_keys import WrongKeys


def tried(attempts: FailedAttempts, host: str, now: float) -> bool:
    if attempts.retry_after(host, now) > 0:
        return False
    attempts.failed(host, now)
    return True


def test_so_many_at_once_and_then_one_after_the_other() -> None:
    attempts = FailedAttempts(60)
    assert sum(tried(attempts, "1.2.3.4", 100.0) for _ in range(5000)) == 60
    assert attempts.retry_after("1.2.3.4", 100.0) == 1.0
    assert tried(attempts, "1.2.3.4", 101.0)
    assert not tried(attempts, "1.2.3.4", 101.5)


def test_addresses_do_not_share_and_a_network_of_ipv6_does() -> None:
    attempts = FailedAttempts(2)
    assert [tried(attempts, host, 0.0) for host in ("1.1.1.1", "1.1.1.1", "1.1.1.1", "2.2.2.2")] == [
        True,
        True,
        False,
        True,
    ]
    assert [tried(attempts, f"2001:db8::{each}", 0.0) for each in (1, 2, 3)] == [True, True, False]


@given(st.lists(st.floats(0, 5), max_size=300))
def test_never_more_than_twice_the_limit_in_a_minute(pauses: list[float]) -> None:
    attempts, now, passed = FailedAttempts(10), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if tried(attempts, "1.2.3.4", now):
            passed.append(now)
    assert all(sum(1 for each in passed if begin <= each < begin + 60) <= 20 for begin in passed)


def test_failures_that_overtake_the_limit_do_not_lock_out_for_hours() -> None:
    attempts = FailedAttempts(60)
    for _ in range(10_000):  # they were all under way when the first one failed
        attempts.failed("1.2.3.4", 0.0)
    assert attempts.retry_after("1.2.3.4", 0.0) <= 60


def test_the_table_forgets_and_has_an_end() -> None:
    attempts = FailedAttempts(60, most_addresses=1000)
    for each in range(5000):
        attempts.failed(f"10.0.{each // 256}.{each % 256}", 0.0)
    assert len(attempts) == 1000
    attempts.failed("1.2.3.4", 1000.0)
    assert len(attempts) == 1


class Log:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})


async def test_failures_are_counted_and_written_once() -> None:
    log, counted = Log(), list[tuple[str, str]]()
    wrong = WrongKeys(2, now=lambda: 5.0, count=lambda what, outcome: counted.append((what, outcome)), log=log)
    for _ in range(2):
        assert wrong.retry_after_s("1.2.3.4") == 0
        wrong.wrong("1.2.3.4", "key")
    assert wrong.retry_after_s("1.2.3.4") == 30
    wrong.limited("key")
    assert counted == [("key", "wrong"), ("key", "wrong"), ("key", "limited")]
    assert log.lines == [{"event": "authentication_failed", "counts": {"key wrong": 1}, "addresses": 1}]


async def test_counts_are_written_at_once_and_then_together() -> None:
    written = list[dict[str, int]]()
    done = asyncio.Event()

    def write(counts: dict[str, int]) -> None:
        written.append(counts)
        if len(written) == 2:
            done.set()

    minutes = MinuteCounts(write, every_s=0.02)
    for _ in range(500):
        minutes.add("a")
    minutes.add("b")
    await asyncio.wait_for(done.wait(), 30)
    assert written == [{"a": 1}, {"a": 499, "b": 1}]


def test_progress_is_judged_at_the_end_of_a_stretch() -> None:
    progress = Progress(0.0)
    assert not progress.too_slow(0, 29.9, 30, 256)
    assert not progress.too_slow(7680, 30.0, 30, 256)
    assert not progress.too_slow(7681, 59.9, 30, 256)
    assert progress.too_slow(7681, 60.0, 30, 256)
    progress.restart(7681, 60.0)
    assert not progress.too_slow(7681, 89.0, 30, 256)
