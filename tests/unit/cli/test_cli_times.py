"""Times as they are typed on the command line."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tablewatch_cli import times

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15m", NOW - timedelta(minutes=15)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("90 s", NOW - timedelta(seconds=90)),
        ("2d", NOW - timedelta(days=2)),
        ("2026-11-22T21:30", datetime(2026, 11, 22, 21, 30, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T21:30:00+01:00", datetime(2026, 11, 22, 21, 30, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_a_time_is_read(text: str, expected: datetime) -> None:
    assert times.parse(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "15", "m", "-5m"])
def test_what_is_no_time_is_answered_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="say 15m"):
        times.parse(text, NOW)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-3, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (7199, "1h"), (200_000, "2d")]
)
def test_how_old_a_time_is(seconds: float, expected: str) -> None:
    assert times.age((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == expected


@pytest.mark.parametrize("text", [None, "", "soon"])
def test_what_is_no_time_has_no_age(text: str | None) -> None:
    assert times.age(text, NOW) == ""
