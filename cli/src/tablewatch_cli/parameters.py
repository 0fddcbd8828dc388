"""Types of arguments and options that click has not."""

from __future__ import annotations

import math
import re
from typing import Any

import click

_ID = re.compile(r"[A-Za-z0-9_-]{3,64}")


class Id(click.ParamType):
    """An id as the API takes it. What is none could lead a request to another path."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Called by click."""
        if not _ID.fullmatch(str(value)):
            self.fail("is no id: 3 to 64 letters, digits, _ and -", param, ctx)
        return str(value)


class Seconds(click.FloatRange):
    """As click's range, which `nan` is within."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Called by click."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return number
