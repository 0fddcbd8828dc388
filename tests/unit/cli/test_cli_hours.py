"""Opening hours as people type them."""

import pytest

from tablewatch_cli import hours
from tablewatch_schemas.opening_hours import WEEKDAYS, read_intervals


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("mon-fri 10:00-23:00", "mon-fri 10:00-23:00"),
        ("daily 9:00-17:30", "mon-sun 09:00-17:30"),
        ("mon,wed 10:00-14:00 18:00-24:00; sun 11:00-02:00", "mon 10:00-14:00 18:00-24:00, wed 10:00-14:00"
         " 18:00-24:00, sun 11:00-02:00"),
        ("Friday-Monday 18:00-01:00", "mon 18:00-01:00, fri-sun 18:00-01:00"),
        ("mon 11:00-14:00, mon 18:00-23:00", "mon 11:00-14:00 18:00-23:00"),
    ],
)  # fmt: skip
def test_hours_are_read_and_written_the_same_way(typed: str, written: str) -> None:
    week = hours.parse(typed)
    assert list(week) == list(WEEKDAYS)
    assert hours.text(week) == written
    assert hours.parse(hours.text(week)) == week
    assert read_intervals(week)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "is no day and no time"),
        ("10:00-23:00", "has no day before it"),
        ("mon-fri", "ends without a time"),
        ("mon 10:00-12:00 tue", "ends without a time"),
        ("mon 25:00-26:00", "is no time of a day"),
        ("mon 10:00-24:01", "is no time of a day"),
        ("mon-fir 10:00-23:00", "'mon-fir' is no day"),
        ("mon 10-23", "'10-23' is no day and no time"),
    ],
)
def test_what_is_wrong_with_hours_is_named(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hours.parse(typed)


def test_hours_that_are_not_there_have_words_of_their_own() -> None:
    assert hours.text(None) == "always open"
    assert hours.text(hours.ALWAYS) == "mon-sun 00:00-24:00"
