"""The watchdog: which partition makes no progress, and for how long a recovery may take."""

import asyncio

import pytest
from tests.support.doubles import ManualClock

from chassis.health import Health
from folding import watchdog
from folding.watchdog import Progress, StallDetector, Stalled


def at(offset: int, lag: int) -> dict[int, Progress]:
    return {0: Progress(offset, offset, lag)}


def test_no_progress_with_a_lag_is_a_stall():
    detector = StallDetector(60)
    assert detector.check(at(1, 5), 0)
    assert not detector.check(at(1, 7), 60)
    with pytest.raises(Stalled):
        detector.check(at(1, 7), 61)


def test_progress_or_no_lag_is_no_stall():
    detector = StallDetector(60)
    for now in range(0, 600, 30):
        assert detector.check(at(now, 5), now)
    for now in range(600, 1200, 30):
        assert detector.check(at(9, 0), now)
    assert not detector.check(at(9, 1), 1200)


def test_one_partition_without_progress_is_not_hidden_by_the_others():
    detector = StallDetector(60)
    with pytest.raises(Stalled):
        for now in range(0, 1000, 10):
            detector.check(at(1, 5) | {1: Progress(now, now, 3)}, now)


def test_records_behind_a_queue_of_others_get_longer():
    detector = StallDetector(60)
    for now in range(0, 590, 10):
        detector.check(at(1, 5) | {1: Progress(now, now, 3000)}, now)
    with pytest.raises(Stalled):
        for now in range(590, 660, 10):
            detector.check(at(1, 5) | {1: Progress(580, 580, 3000)}, now)


def test_a_partition_that_was_revoked_is_forgotten():
    detector = StallDetector(60)
    detector.check(at(1, 5), 0)
    assert detector.check({}, 100)
    assert detector.check(at(1, 5), 200)


class Starting:
    """As much of Faust as recovers rows: `remaining` at each check."""

    def __init__(self, remaining: list[int]) -> None:
        self._remaining, self.started = remaining, asyncio.Event()
        self.tables = self.recovery = self.conf = self
        self.id = "group"

    async def start(self) -> None:
        await self.started.wait()

    def active_remaining_total(self) -> int:
        if len(self._remaining) == 1:
            self.started.set()
        return self._remaining.pop(0)


class FastClock(ManualClock):
    """Advances by 20 s at each look."""

    def monotonic(self) -> float:
        self.advance(20)
        return super().monotonic()


async def test_a_long_recovery_is_alive_and_one_without_progress_ends_the_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watchdog, "_CHECK_S", 0.01)
    health = Health()
    health.expect("group", 60)
    await watchdog.start_app(Starting([3, 2, 1, 0]), 30, clock=ManualClock(), health=health)
    with pytest.raises(Stalled):
        await watchdog.start_app(Starting([7] * 10), 30, clock=FastClock(), health=health)
