"""Which day is scored at night, and in which of its judgements."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.model.score_days import MOST_STEPS, Day, judgement_prefixes, judgements_of, newest_ended
from tablewatch_schemas import keys

VIENNA = ZoneInfo("Europe/Vienna")
CAMERA: dict[str, Any] = {
    "site_id": "site_1", "camera_id": "cam_1", "cadence_ms": 10_000, "look_every_ms": 0, "timezone": "Europe/Vienna",
}  # fmt: skip
MONDAY = Day(date(2026, 11, 23), datetime(2026, 11, 23, 2, tzinfo=UTC), datetime(2026, 11, 24, 2, tzinfo=UTC))
LUNCH = {"monday": ["11:00-14:30"]}


def key(at: datetime) -> str:
    return keys.live_judgement("site_1", "cam_1", at)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 24, 1, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 24, 2, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 23, 30, tzinfo=UTC), date(2026, 11, 23)),  # 00:30 of the 25th in Vienna
        (datetime(2026, 11, 25, 2, tzinfo=UTC), date(2026, 11, 24)),
    ],
)
def test_a_day_ends_at_three_by_the_clock_of_the_site(now: datetime, expected: date) -> None:
    assert newest_ended(VIENNA, now).on == expected


def test_a_day_in_which_clocks_are_changed_is_an_hour_shorter_or_longer() -> None:
    shorter = newest_ended(VIENNA, datetime(2026, 3, 29, 12, tzinfo=UTC))
    longer = newest_ended(VIENNA, datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert [each.until - each.since for each in (shorter, longer)] == [timedelta(hours=23), timedelta(hours=25)]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.sampled_from(["UTC", "Europe/Vienna", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]),
)
@example(datetime(2026, 3, 29, 1, tzinfo=UTC), "Europe/Vienna")
def test_days_follow_each_other_without_a_gap_and_the_newest_has_ended(now: datetime, zone: str) -> None:
    day = newest_ended(ZoneInfo(zone), now)
    assert day.since < day.until <= now < day.until + timedelta(hours=26)
    assert newest_ended(ZoneInfo(zone), day.until - timedelta(seconds=1)).until == day.since


def test_judgements_are_looked_for_evenly_in_opening_hours() -> None:
    prefixes = judgement_prefixes(CAMERA, LUNCH, MONDAY)
    opens = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert len(prefixes) == 21 and key(opens).startswith(prefixes[0])
    assert not any(key(opens - timedelta(minutes=10)).startswith(each) for each in prefixes)
    always = judgement_prefixes(CAMERA, None, MONDAY)
    assert len(always) == MOST_STEPS and key(MONDAY.since).startswith(always[0])
    assert judgement_prefixes(CAMERA, {"friday": ["11:00-14:30"]}, MONDAY) == []


def test_a_camera_that_is_looked_at_rarely_has_all_of_its_day_listed() -> None:
    found = judgement_prefixes(CAMERA | {"look_every_ms": 600_000}, LUNCH, MONDAY)
    assert found == [f"judgements/site_1/cam_1/{day}/" for day in ("2026-11-23", "2026-11-24")]


def test_only_judgements_of_the_day_count() -> None:
    early, first, last, late = (
        key(at) for at in (MONDAY.since - timedelta(seconds=1), MONDAY.since,
                           MONDAY.until - timedelta(seconds=1), MONDAY.until)
    )  # fmt: skip
    assert judgements_of([early, first, keys.look_beside(first), last, late], MONDAY, 40) == [first, last]
    assert len(judgements_of([first] * 100, MONDAY, 40)) == 40
