"""Opening hours as clients give them, and as events have them. Pure."""

import orjson

from api.model.errors import OpeningHoursEmpty, OpeningHoursOverlap, OpeningHoursUnordered
from api.model.types import Json
from tablewatch_schemas.opening_hours import WEEKDAYS, BadHours, read_intervals

_FAULTS = {
    "unordered": (OpeningHoursUnordered, "begins before the one that stands before it"),
    "overlap": (OpeningHoursOverlap, "begins before the one before it has ended"),
}


def check_week(week: Json | None) -> None:
    """`week`: intervals by weekday, each of the right form. Raises OpeningHoursEmpty, -Unordered, -Overlap."""
    if week is None:
        return
    try:
        if not read_intervals(week):
            raise OpeningHoursEmpty(
                "No day has an interval. Switch cameras off with enabled; null means always open.",
                pointer="/opening_hours",
            )
    except BadHours as bad:
        error, words = _FAULTS[bad.fault]
        text = week[bad.weekday][bad.index]
        pointer = f"/opening_hours/{bad.weekday}/{bad.index}"
        raise error(f"{text} of {bad.weekday.capitalize()} {words}.", pointer=pointer) from bad


def whole_week(stored: str | None) -> Json | None:
    """As the API shows it, with every weekday."""
    if stored is None:
        return None
    week = orjson.loads(stored)
    return {day: week.get(day, []) for day in WEEKDAYS}


def stored_week(week: Json | None) -> str | None:
    """As the database has it."""
    return None if week is None else orjson.dumps(week).decode()
