"""Requests per key: counted apart, told in headers, refused with a time to come back."""

import pytest
from pydantic import ValidationError

from api.http.limiter import Limiter
from api.problems import Problem
from api.settings import ApiSettings


async def test_a_key_runs_out_and_another_does_not() -> None:
    limiter = Limiter("3/hour")
    shares = [await limiter.take("key_a") for _ in range(3)]
    assert [share.left for share in shares if share] == [2, 1, 0]
    with pytest.raises(Problem) as raised:
        await limiter.take("key_a")
    assert (raised.value.status, raised.value.code) == (429, "rate_limited")
    assert 1 <= int(raised.value.headers["Retry-After"]) <= 3600
    assert raised.value.headers["RateLimit"].startswith('"key";r=0;t=')
    other = await limiter.take("key_b")
    assert other is not None
    assert other.headers()["RateLimit-Policy"] == '"key";q=3;w=3600'


async def test_no_limit_counts_nothing() -> None:
    assert await Limiter("").take("key_a") is None


def test_a_limit_that_cannot_be_read_is_found_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_RATE_LIMIT", "a lot")
    with pytest.raises(ValidationError, match=r"(?i)api_rate_limit"):
        ApiSettings()  # type: ignore[call-arg]
