"""Opening hours as they are typed: `mon-fri 10:00-23:00, sat-sun 11:00-24:00`. Pure.

The API has a list of intervals for each weekday; which of them contradict each other it says itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import click

from tablewatch_schemas.opening_hours import WEEKDAYS

Week = dict[str, list[str]]
"""Intervals by weekday, all seven of them."""
ALWAYS: Mapping[str, tuple[str, ...]] = dict.fromkeys(WEEKDAYS, ("00:00-24:00",))
_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_SHORT = tuple(day[:3] for day in WEEKDAYS)


def parse(text: str) -> Week:
    """Days, then their intervals, as often as needed; commas, semicolons and spaces part them. Raises ValueError."""
    week: Week = {day: [] for day in WEEKDAYS}
    days: list[int] = []
    filled = False
    for word in re.split(r"[\s,;]+", text.strip().lower()):
        if interval := _INTERVAL.fullmatch(word):
            filled = _add(week, days, interval)
        else:
            days, filled = (_days(word) if filled else days + _days(word)), False
    if not filled:
        raise ValueError(f"{text!r} ends without a time: write days and times, as in mon-fri 10:00-23:00")
    return week


def _add(week: Week, days: Sequence[int], interval: re.Match[str]) -> bool:
    if not days:
        raise ValueError(f"{interval[0]} has no day before it: write mon-fri {interval[0]}, or daily {interval[0]}")
    for day in days:
        week[WEEKDAYS[day]].append(_written(interval))
    return True


def _written(interval: re.Match[str]) -> str:
    opens, opens_min, closes, closes_min = (int(each) for each in interval.groups())
    if opens > 23 or max(opens_min, closes_min) > 59 or (closes, closes_min) > (24, 0):
        raise ValueError(f"{interval[0]} is no time of a day: 00:00 to 24:00")
    return f"{opens:02}:{opens_min:02}-{closes:02}:{closes_min:02}"


def _days(word: str) -> list[int]:
    """Indices of `mon`, `monday`, `mon-fri`, `fri-mon`, `daily`. Raises ValueError."""
    if word == "daily":
        return list(range(len(WEEKDAYS)))
    first, dash, last = word.partition("-")
    begin, end = _day(first, word), _day(last if dash else first, word)
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


def _day(name: str, word: str) -> int:
    for index, day in enumerate(WEEKDAYS):
        if name in (day, day[:3]):
            return index
    raise ValueError(f"{word!r} is no day and no time: write mon-fri 10:00-23:00, or daily 10:00-23:00")


def text(week: Mapping[str, Any] | None, none: str = "always open") -> str:
    """As `parse` reads it; `none` where there are no hours."""
    if week is None:
        return none
    days = ((index, tuple(week.get(day) or ())) for index, day in enumerate(WEEKDAYS))
    return ", ".join(_groups(days))


def _groups(days: Iterable[tuple[int, tuple[str, ...]]]) -> Iterator[str]:
    for intervals, group in groupby(days, key=lambda each: each[1]):
        indices = [index for index, _ in group]
        if intervals:
            first, last = _SHORT[indices[0]], _SHORT[indices[-1]]
            yield f"{first if first == last else f'{first}-{last}'} {' '.join(intervals)}"


class HoursParam(click.ParamType):
    """The type of an option that takes opening hours."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Week:
        """Called by click."""
        try:
            return value if isinstance(value, dict) else parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
