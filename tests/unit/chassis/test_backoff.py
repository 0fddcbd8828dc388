from hypothesis import given
from hypothesis import strategies as st

from chassis.backoff import Backoff

BACKOFF = Backoff(0.5, 5)


def test_it_doubles_up_to_the_most() -> None:
    assert [BACKOFF.limit_s(attempt) for attempt in range(1, 7)] == [0.5, 1, 2, 4, 5, 5]


@given(attempt=st.integers(1, 10_000))
def test_jitter_takes_off_at_most_a_half(attempt: int) -> None:
    limit = BACKOFF.limit_s(attempt)
    assert limit / 2 <= BACKOFF.delay_s(attempt) <= limit <= BACKOFF.max_s


def test_delays_differ() -> None:
    assert len({BACKOFF.delay_s(5) for _ in range(20)}) > 1
