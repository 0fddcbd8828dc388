"""The dead-letter fuse: when it blows, what a half-open one lets through, and what closes it."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from chassis.backoff import Backoff
from chassis.fuse import Fuse, FuseOptions

TIMES = Backoff(first_s=10, max_s=40)


def _letters(fuse: Fuse, now: float, most: int = 1000) -> int:
    """How many failing records may become dead letters at once."""
    return next(number for number in count() if number == most or fuse.failed(now))


def test_a_run_of_failures_blows_it() -> None:
    fuse = Fuse(FuseOptions(consecutive=2))
    assert _letters(fuse, 0, 2) == 2
    fuse.succeeded()
    assert _letters(fuse, 0) == 2
    assert fuse.reason == "3 dead letters in a row"


def test_a_ratio_of_failures_blows_it_when_enough_was_seen() -> None:
    fuse = Fuse(FuseOptions(consecutive=100, ratio=0.5, window=20, min_records=10))
    for _ in range(4):
        fuse.succeeded()
    assert _letters(fuse, 0) == 5
    assert fuse.reason == "60% of the last 10 records were dead letters"
    fuse.succeeded()
    assert fuse.failed(0), "one success among many failures does not close it"
    for _ in range(5):
        fuse.succeeded()
    assert not fuse.failed(0)


def test_half_open_lets_fewer_through_each_time_and_waits_longer() -> None:
    fuse, now = Fuse(FuseOptions(consecutive=20, wait=TIMES)), 0.0
    through, waits = [], []
    for _ in range(7):
        through.append(_letters(fuse, now))
        waits.append(fuse.open_for(now))
        now += waits[-1]
    assert through == [20, 10, 5, 2, 1, 1, 1]
    for wait, most in zip(waits, (10, 20, 40, 40, 40, 40, 40), strict=True):
        assert most / 2 <= wait <= most


def test_a_success_closes_it_at_once_and_resets_the_wait() -> None:
    fuse = Fuse(FuseOptions(consecutive=3, wait=TIMES))
    _letters(fuse, 0)
    assert fuse.open_for(1)
    fuse.succeeded()
    assert not fuse.open_for(1)
    assert _letters(fuse, 1) == 3
    assert fuse.open_for(1) <= 10


def test_an_hour_of_a_broken_deployment_costs_few_records() -> None:
    fuse, now, letters = Fuse(FuseOptions()), 0.0, 0
    while now < 3600:
        letters += _letters(fuse, now)
        now += fuse.open_for(now)
    assert letters < 80


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=300))
def test_it_is_never_open_for_longer_than_the_limit_and_never_after_a_run_of_successes(
    story: list[tuple[bool, float]],
) -> None:
    fuse, now = Fuse(FuseOptions(consecutive=3, window=10, min_records=5, wait=TIMES)), 0.0
    for good, later in story:
        now += later
        if good:
            fuse.succeeded()
        else:
            assert 0 <= fuse.failed(now) <= 40.001
        assert fuse.open_for(now) <= 40.001
    for _ in range(10):
        fuse.succeeded()
    assert fuse.open_for(now) == 0
    assert fuse.failed(now) == 0
