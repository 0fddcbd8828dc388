"""Limits of requests: windows that slide, leases, and what a client is told."""

import pytest

from ratelimit.limit import Counts, RateLimit, RateStatus, headers


def limit(text: str = "100/minute") -> RateLimit:
    found = RateLimit.parse(text)
    assert found is not None
    return found


def test_a_limit_as_text() -> None:
    assert (limit("12000/minute").amount, limit("12000/minute").window_s) == (12000, 60)
    assert (limit("12000/minute").batch, limit("4/hour").batch) == (120, 1)
    assert RateLimit.parse("") is None
    with pytest.raises(ValueError, match="a lot"):
        RateLimit.parse("a lot")


@pytest.mark.parametrize(
    ("used", "before", "share", "left"),
    [(0, 0, 0.0, 100), (40, 0, 0.9, 60), (0, 100, 0.25, 25), (10, 100, 0.5, 40), (100, 0, 0.5, 0), (90, 100, 0.5, 0)],
)
def test_of_the_window_before_as_much_counts_as_would_lie_in_one_that_slides(
    used: int, before: int, share: float, left: int
) -> None:
    assert Counts(0, used, before, share).left(limit()) == left


@pytest.mark.parametrize(
    ("used", "before", "share"), [(100, 0, 0.5), (100, 100, 0.0), (60, 100, 0.5), (99, 100, 0.5), (0, 100, 0.0)]
)
def test_after_the_time_to_wait_there_is_one_again_and_not_long_before(used: int, before: int, share: float) -> None:
    found = Counts(0, used, before, share)
    assert found.left(limit()) == 0
    at = share + found.retry_s(limit()) / 60

    def left(moment: float) -> int:
        if moment < 1:
            return Counts(0, used, before, moment).left(limit())
        return Counts(0, 0, used, moment - 1).left(limit())

    assert left(at + 1e-6) >= 1
    assert left(at - 0.01) == 0


def test_headers_name_every_limit() -> None:
    key, site = RateStatus("key", 100, 60, 7, 30), RateStatus("site", 500, 60, 0, 2)
    assert headers([key, site]) == {
        "RateLimit-Policy": '"key";q=100;w=60, "site";q=500;w=60',
        "RateLimit": '"key";r=7;t=30, "site";r=0;t=2',
    }
    assert headers([]) == {}
