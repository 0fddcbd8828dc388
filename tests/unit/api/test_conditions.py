"""Conditional requests of RFC 9110, section 13."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.model.conditions import Outcome, Validators, evaluate, wants_range

MODIFIED = datetime(2026, 11, 23, 9, 0, 0, 400_000, tzinfo=UTC)
FOUND = Validators('"a-1"', MODIFIED)
DATE = "Mon, 23 Nov 2026 09:00:00 GMT"
BEFORE, AFTER = "Mon, 23 Nov 2026 08:59:59 GMT", "Mon, 23 Nov 2026 09:00:01 GMT"
LATER = MODIFIED + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, Outcome.SEND),
        ({"if-none-match": '"a-1"'}, Outcome.NOT_MODIFIED),
        ({"if-none-match": 'W/"a-1"'}, Outcome.NOT_MODIFIED),
        ({"if-none-match": '"x, y", "a-1"'}, Outcome.NOT_MODIFIED),
        ({"if-none-match": "*"}, Outcome.NOT_MODIFIED),
        ({"if-none-match": '"x"'}, Outcome.SEND),
        ({"if-none-match": '"*"'}, Outcome.SEND),
        ({"if-none-match": "a-1"}, Outcome.SEND),  # a tag has quotes
        ({"if-none-match": ""}, Outcome.SEND),
        ({"if-none-match": '"x"', "if-modified-since": DATE}, Outcome.SEND),
        ({"if-modified-since": DATE}, Outcome.NOT_MODIFIED),
        ({"if-modified-since": AFTER}, Outcome.NOT_MODIFIED),
        ({"if-modified-since": BEFORE}, Outcome.SEND),
        ({"if-modified-since": "yesterday"}, Outcome.SEND),
        ({"if-match": '"a-1"'}, Outcome.SEND),
        ({"if-match": "*"}, Outcome.SEND),
        ({"if-match": 'W/"a-1"'}, Outcome.FAILED),
        ({"if-match": '"x"'}, Outcome.FAILED),
        ({"if-match": '"x"', "if-none-match": '"a-1"'}, Outcome.FAILED),
        ({"if-match": '"a-1"', "if-none-match": '"a-1"'}, Outcome.NOT_MODIFIED),
        ({"if-match": '"a-1"', "if-unmodified-since": BEFORE}, Outcome.SEND),
        ({"if-unmodified-since": DATE}, Outcome.SEND),
        ({"if-unmodified-since": BEFORE}, Outcome.FAILED),
        ({"if-unmodified-since": "x"}, Outcome.SEND),
    ],
)
def test_conditions(headers: dict[str, str], outcome: Outcome) -> None:
    assert evaluate(headers, FOUND) is outcome


@pytest.mark.parametrize(
    ("validator", "counts"),
    [
        (None, True),
        ('"a-1"', True),
        (' "a-1" ', True),
        ('W/"a-1"', False),
        ('"x"', False),
        (DATE, True),
        (BEFORE, False),
        (AFTER, False),
        ("", False),
        ("x", False),
    ],
)
def test_a_range_counts_for_the_version_it_names(validator: str | None, counts: bool) -> None:
    assert wants_range({} if validator is None else {"if-range": validator}, FOUND, LATER) is counts


def test_a_date_of_this_very_second_is_no_strong_validator() -> None:
    assert not wants_range({"if-range": DATE}, FOUND, MODIFIED)


@given(st.text(max_size=60))
def test_any_text_has_an_outcome(text: str) -> None:
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"):
        assert evaluate({name: text}, FOUND) in Outcome
    assert wants_range({"if-range": text}, FOUND, LATER) in (True, False)


@pytest.mark.parametrize("name", ["if-modified-since", "if-unmodified-since"])
def test_dates_decide_nothing_where_nobody_knows_when_it_was_made(name: str) -> None:
    assert evaluate({name: DATE}, Validators('"a"')) is Outcome.SEND
    assert not wants_range({"if-range": DATE}, Validators('"a"'), LATER)
