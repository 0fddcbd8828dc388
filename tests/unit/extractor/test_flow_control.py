"""The window of frames that are published and not yet consumed."""

from tests.support.doubles import ManualClock

from extractor.files.flow_control import UNBOUNDED, PublishWindow


class KnownLag:
    def __init__(self, size: int | None = 0) -> None:
        self.reads, self.size = 0, size

    async def lag(self) -> int | None:
        self.reads += 1
        return self.size


async def test_what_was_published_counts_until_the_lag_is_read_again() -> None:
    clock, group = ManualClock(), KnownLag(100)
    window = PublishWindow(500, group, clock)
    assert await window.room() == 400
    window.published(150)
    group.size = 0
    assert await window.room() == 250
    window.published(900)
    assert await window.room() == 0
    clock.advance(1)
    assert await window.room() == 500
    assert group.reads == 2


async def test_an_unknown_lag_closes_the_window() -> None:
    assert await PublishWindow(500, KnownLag(None), ManualClock()).room() == 0


async def test_size_zero_is_no_limit() -> None:
    group = KnownLag()
    assert await PublishWindow(0, group, ManualClock()).room() == UNBOUNDED > 10**6
    assert group.reads == 0
