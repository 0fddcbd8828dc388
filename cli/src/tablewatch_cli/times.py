"""A time as it is typed on the command line, in UTC or how long ago; and how old one is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_LENGTHS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse(text: str, now: datetime) -> datetime:
    """`90s`, `15m`, `2h`, `1d` ago; or an ISO 8601 time, UTC unless it has an offset. Raises ValueError."""
    try:
        time = _time(text.strip(), now)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time: say 15m, 2h, 1d, or 2026-11-23T21:30 (UTC)") from None
    if time.timestamp() < 0:  # Kafka takes some negative times for words of its own
        raise ValueError(f"{text!r} is before 1970")
    return time


def _time(text: str, now: datetime) -> datetime:
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: float(ago[1])})
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def age(text: str | None, now: datetime) -> str:
    """How old a time of the API is: `12s`, `15m`, `2h`, `3d`; nothing of none, or of what is no time."""
    try:
        seconds = max(0.0, (now - _time(text or "", now)).total_seconds())
    except ValueError:
        return ""
    unit, length = next((each for each in _LENGTHS if seconds >= each[1]), _LENGTHS[-1])
    return f"{seconds // length:.0f}{unit}"


class TimeParam(click.ParamType):
    """The type of an option that takes a time."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Called by click."""
        try:
            return value if isinstance(value, datetime) else parse(value, datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)
