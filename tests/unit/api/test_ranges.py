"""Range headers (RFC 9110 section 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.problems import problem_response
from api.model.errors import ApiError, RangeInvalid
from api.model.ranges import Span, read_range


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("", None),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-99", Span(0, 100)),
        ("bytes=50-", Span(50, 50)),
        ("bytes=-10", Span(90, 10)),
        ("bytes=-1000", Span(0, 100)),
        ("bytes=90-1000", Span(90, 10)),
        ("bytes= 5 - 6", Span(5, 2)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("items=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_what_a_header_asks_for(header: str | None, span: Span | None) -> None:
    assert read_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_past_the_end(header: str) -> None:
    with pytest.raises(RangeInvalid, match="range_invalid") as raised:
        read_range(header, 100)
    assert problem_response(raised.value).headers["content-range"] == "bytes */100"


def test_of_an_empty_object() -> None:
    for header in ("bytes=0-", "bytes=-5"):
        with pytest.raises(ApiError, match="range_invalid"):
            read_range(header, 0)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_span_lies_in_the_object(size: int, first: int, last: int) -> None:
    try:
        span = read_range(f"bytes={first}-{last}", size)
    except ApiError:
        assert first >= size
        return
    if span is None:
        assert last < first
    else:
        assert 0 < span.length <= size - span.offset
        assert span.offset == first
