"""When a site is open: over midnight, over the end of the week, and where clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewatch_schemas.opening_hours import WEEKDAYS, BadHours, Hours, is_open, next_change, read_intervals

VIENNA = ZoneInfo("Europe/Vienna")
ZONES = st.sampled_from(
    ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"]
).map(ZoneInfo)
NOWS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))


def text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    """Of ends in their order, every second is an opening."""
    found = {}
    for day in WEEKDAYS:
        ends = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
        found[day] = [f"{text(a)}-{text(b)}" for a, b in zip(ends[::2], ends[1::2], strict=False)]
    return found


def hours(zone: ZoneInfo = VIENNA, **week: list[str]) -> Hours:
    return Hours(zone, read_intervals(week))


def every_day(interval: str, zone: ZoneInfo = VIENNA) -> Hours:
    return hours(zone, **{day: [interval] for day in WEEKDAYS})


def local(*at: int, fold: int = 0, zone: ZoneInfo = VIENNA) -> datetime:
    """In UTC: between zones a time that comes twice equals nothing (PEP 495)."""
    return datetime(*at, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


def utc(*at: int) -> datetime:
    return datetime(*at, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_it_is_open_from_the_minute_to_the_minute() -> None:
    found = hours(monday=["11:00-14:30", "17:30-23:00"])
    monday = (2026, 11, 23)
    shown = {(10, 59): False, (11, 0): True, (14, 29): True, (14, 30): False, (17, 30): True, (23, 0): False}
    assert {at: is_open(found, local(*monday, *at)) for at in shown} == shown
    assert not is_open(found, local(2026, 11, 24, 12))
    assert next_change(found, local(*monday, 10, 59)) == local(*monday, 11)
    assert next_change(found, local(*monday, 11)) == local(*monday, 14, 30)
    assert next_change(found, local(*monday, 23)) == local(2026, 11, 30, 11)


def test_an_interval_over_midnight_goes_on_into_the_next_day_and_week() -> None:
    found = hours(sunday=["17:30-02:00"])
    assert is_open(found, local(2026, 11, 30, 1, 59)), "a Monday"
    assert not is_open(found, local(2026, 11, 30, 2))
    assert not is_open(found, local(2026, 11, 29, 1))
    assert next_change(found, local(2026, 11, 29, 20)) == local(2026, 11, 30, 2)


@pytest.mark.parametrize("interval", ["00:00-24:00", "00:00-00:00", "06:00-06:00"])
def test_what_is_always_open_has_no_next_change(interval: str) -> None:
    found = every_day(interval)
    for day in (local(2026, 3, 28, 12), local(2026, 10, 24, 12), local(2026, 11, 23, 0)):
        assert is_open(found, day)
        assert next_change(found, day) is None


def test_what_is_never_open_has_none_either() -> None:
    assert not is_open(hours(), local(2026, 11, 23, 12))
    assert next_change(hours(), local(2026, 11, 23, 12)) is None


def test_hours_that_lie_side_by_side_are_no_change() -> None:
    found = hours(monday=["20:00-24:00"], tuesday=["00:00-03:00"])
    assert next_change(found, local(2026, 11, 23, 21)) == local(2026, 11, 24, 3)


def test_in_spring_what_the_clock_leaves_out_begins_and_ends_with_the_change() -> None:
    """On 29 March 2026 the clock of Vienna goes from 02:00 to 03:00, at 01:00 UTC."""
    change = utc(2026, 3, 29, 1)
    assert next_change(every_day("02:30-10:00"), local(2026, 3, 29, 0)) == change
    assert next_change(every_day("18:00-02:30"), local(2026, 3, 28, 20)) == change
    assert next_change(every_day("02:10-02:50"), local(2026, 3, 29, 0)) == local(2026, 3, 30, 2, 10)
    assert not is_open(every_day("02:10-02:50"), change)
    assert is_open(every_day("02:30-03:15"), change)
    assert next_change(every_day("02:30-03:15"), change) == local(2026, 3, 29, 3, 15)


def test_in_autumn_it_is_open_from_the_first_to_the_last_time() -> None:
    """On 25 October 2026 the clock goes from 03:00 back to 02:00, at 01:00 UTC."""
    late = every_day("18:00-02:30")
    assert next_change(late, local(2026, 10, 24, 20)) == local(2026, 10, 25, 2, 30, fold=1) == utc(2026, 10, 25, 1, 30)
    assert is_open(late, local(2026, 10, 25, 2, 45))
    assert not is_open(late, local(2026, 10, 25, 2, 45, fold=1))
    early = every_day("02:30-10:00")
    assert next_change(early, local(2026, 10, 25, 0)) == local(2026, 10, 25, 2, 30) == utc(2026, 10, 25, 0, 30)
    assert is_open(early, local(2026, 10, 25, 2, 15, fold=1))
    within = every_day("02:10-02:20")
    assert next_change(within, utc(2026, 10, 25, 0, 10)) == utc(2026, 10, 25, 1, 20)


def test_a_day_that_is_left_out_is_not_waited_for() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    found = every_day("11:00-14:00", apia)
    assert next_change(found, local(2011, 12, 29, 20, zone=apia)) == local(2011, 12, 31, 11, zone=apia)


@given(weeks(), ZONES, NOWS)
def test_nothing_changes_before_the_next_change_and_then_it_does(
    week: dict[str, list[str]], zone: ZoneInfo, now: datetime
) -> None:
    found = Hours(zone, read_intervals(week))
    change, before = next_change(found, now), is_open(found, now)
    if change is None:
        assert all(is_open(found, now + timedelta(hours=each)) == before for each in range(8 * 24))
        return
    assert change > now
    assert is_open(found, change) is not before
    steps = [now + (change - now) * share / 8 for share in range(8)]
    assert all(is_open(found, each) is before for each in [*steps, change - timedelta(milliseconds=1)])


@given(weeks(), NOWS)
def test_without_changes_of_the_clock_it_is_what_the_clock_shows(week: dict[str, list[str]], now: datetime) -> None:
    zone = ZoneInfo("UTC")
    shown = now.strftime("%H:%M")
    by_text = any(each[:5] <= shown < each[6:] for each in week[WEEKDAYS[now.weekday()]])
    assert is_open(Hours(zone, read_intervals(week)), now) is by_text


@pytest.mark.parametrize(
    "interval", ["11:00", "11:00-", "11-12", "25:00-26:00", "11:00-24:01", "24:00-02:00", "11:60-12:00", "١١:00-12:00"]
)
def test_what_cannot_be_read_is_refused(interval: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        read_intervals({"monday": [interval]})


def test_faults_name_their_place() -> None:
    with pytest.raises(BadHours) as bad:
        read_intervals({"monday": ["00:30-01:00"], "sunday": ["10:00-12:00", "22:00-02:00"]})
    assert (bad.value.fault, bad.value.weekday, bad.value.index) == ("overlap", "monday", 0)
    with pytest.raises(BadHours) as bad:
        read_intervals({"tuesday": ["10:00-11:00", "18:00-19:00", "12:00-13:00"]})
    assert (bad.value.fault, bad.value.weekday, bad.value.index) == ("unordered", "tuesday", 2)
