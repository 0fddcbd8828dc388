"""A moment as somebody types it: a time in UTC, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse(text: str, now: datetime) -> datetime:
    """`90s`, `15m`, `2h`, `1d` ago; or an ISO time, which is UTC unless it says otherwise. Raises ValueError."""
    if ago := _AGO.fullmatch(text.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: float(ago[1])})
    try:
        said = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no time: say 15m, 2h, 1d, or 2026-11-23T21:30 (UTC)") from None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


class Moment(click.ParamType):
    """The type of an option that takes a moment."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """For click."""
        try:
            return value if isinstance(value, datetime) else parse(value, datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)
