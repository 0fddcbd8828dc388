"""Opening hours of sites and cameras: when they are open, and when that changes next. Pure.

Of each weekday a list of intervals, `11:00-14:30`, by the clock on the wall. One that ends at or before its beginning
ends on the next day; `24:00` is the end of the day. Where clocks are changed an interval begins when the clock shows
its beginning for the first time, and ends when it shows its end for the last time; of a time that is left out it is
the moment of the change. So nothing is open for less than is written, but for what the clock never shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INTERVAL = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
MOST_INTERVALS = 6
"""Of a day."""
DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN
AHEAD = 15
"""Days in which the next change is: a week has one, unless clocks leave it out."""

Fault = Literal["unordered", "overlap"]


class BadHours(ValueError):
    """Hours that contradict themselves: `weekday`, and of its intervals the one, counted from 0, that does not fit."""

    def __init__(self, fault: Fault, weekday: str, index: int) -> None:
        super().__init__(fault)
        self.fault, self.weekday, self.index = fault, weekday, index


@dataclass(frozen=True, slots=True)
class Interval:
    """`opens` and `closes` in minutes from the beginning of the weekday (0 is Monday); past 1440 it is the next day."""

    weekday: int
    opens: int
    closes: int

    @property
    def begins_min(self) -> int:
        """Minutes from the beginning of the week."""
        return self.weekday * DAY_MIN + self.opens

    @property
    def ends_min(self) -> int:
        """The same; past 10080 it is the next week."""
        return self.weekday * DAY_MIN + self.closes


@dataclass(frozen=True, slots=True)
class Hours:
    """Of one week, by the clock of `zone`."""

    zone: ZoneInfo
    intervals: tuple[Interval, ...]


def read_intervals(week: Mapping[str, Sequence[str]]) -> tuple[Interval, ...]:
    """Of the text by weekday. Raises ValueError where one cannot be read, BadHours where they do not fit together."""
    found = tuple(_read(number, text) for number, name in enumerate(WEEKDAYS) for text in week.get(name, ()))
    for index, each in enumerate(found):
        before = found[index - 1]
        if index and before.weekday == each.weekday and each.opens < before.opens:
            raise BadHours("unordered", WEEKDAYS[each.weekday], _place(found, each))
    for index, before in enumerate(found):
        is_last = index + 1 == len(found)
        after = found[0] if is_last else found[index + 1]
        if after.begins_min + (WEEK_MIN if is_last else 0) < before.ends_min:
            raise BadHours("overlap", WEEKDAYS[after.weekday], _place(found, after))
    return found


def _read(weekday: int, text: str) -> Interval:
    opens, _, closes = text.partition("-")
    begins, ends = _minutes(opens), _minutes(closes)
    if begins == DAY_MIN:
        raise ValueError("no time of day to begin at")
    return Interval(weekday, begins, ends if ends > begins else ends + DAY_MIN)


def _minutes(text: str) -> int:
    hours, separator, minutes = text.partition(":")
    if not (separator and len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal() and text.isascii()):
        raise ValueError("no time of day")
    found = int(hours) * 60 + int(minutes)
    if found > DAY_MIN or int(minutes) > 59:
        raise ValueError("no time of day")
    return found


def _place(intervals: Sequence[Interval], interval: Interval) -> int:
    """Among those of its day."""
    same_day = [index for index, each in enumerate(intervals) if each.weekday == interval.weekday]
    return next(number for number, index in enumerate(same_day) if intervals[index] is interval)


def is_open(hours: Hours, now: datetime) -> bool:
    """`now` is aware, as everywhere here."""
    return any(begins <= now < ends for begins, ends in _spans(hours, now, 1))


def next_change(hours: Hours, now: datetime) -> datetime | None:
    """When it opens, or closes, next; None where it never does."""
    spans = _spans(hours, now, AHEAD)
    horizon = now + timedelta(days=AHEAD - 2)
    for begins, ends in _joined(spans):
        if now < begins:
            return begins
        if now < ends:
            return ends if ends < horizon else None
    return None


def _spans(hours: Hours, now: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """When it is open, in UTC, of intervals that begin from yesterday on until so many days from now, in their order.

    The day before yesterday counts too: where a whole day is left out, its interval may last until now.
    """
    today = now.astimezone(hours.zone).date()
    return sorted(span for number in range(-2, days + 1) for span in _of_day(hours, today + timedelta(days=number)))


def _of_day(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    midnight = datetime.combine(day, time())
    for each in hours.intervals:
        if each.weekday == day.weekday():
            begins = _moment(midnight + timedelta(minutes=each.opens), hours.zone, fold=0)
            ends = _moment(midnight + timedelta(minutes=each.closes), hours.zone, fold=1)
            if begins < ends:
                yield begins, ends


def _joined(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """One that begins when another ends is no change."""
    found: list[tuple[datetime, datetime]] = []
    for begins, ends in spans:
        if found and begins <= found[-1][1]:
            found[-1] = found[-1][0], max(ends, found[-1][1])
        else:
            found.append((begins, ends))
    return found


def _moment(shown: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """When the clock shows this, in UTC: the first time, or with `fold` 1 the last (PEP 495)."""
    found = shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == shown:
        return found
    return _change(shown, zone)


def _change(left_out: datetime, zone: ZoneInfo) -> datetime:
    """When the clock was set forward past this time, to the second."""
    # Read by the offset after the change it is before that moment, by the one before it is after (PEP 495)
    early, late = (left_out.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) < left_out:
            early = middle
        else:
            late = middle
    return late
