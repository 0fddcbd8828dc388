"""What is printed: JSON for programs, tables for people, errors for both."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.console import Console

from lines.visible import json_text, on_one_line, visible
from tablewatch_cli import streams
from tablewatch_cli.errors import CliError, OutputFailed

err = Console(stderr=True, highlight=False)
"""For the progress bar; text goes through `line` and `note`."""


def line(text: str) -> None:
    """Text for a person on standard output, never wrapped. It may be a stranger's: see `lines.visible`."""
    write_line(visible(text))


def note(text: str) -> None:
    """As `line`, on standard error: advice and complaints, which no pipe should read as output."""
    with suppress(OSError):  # nobody is left to be told
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()


def as_json(document: object) -> None:
    """One JSON document, alone on standard output."""
    write_line(json_text(document, indent=2))


def write_line(text: str) -> None:
    """A line as it is, which `lines.visible` has made: for what is followed through a pipe.

    Raises ReaderGone, OutputFailed.
    """
    with streams.writing():
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Rows for a person; `empty` is printed when there are none."""
    lines = [tuple(_cell(row.get(column)) for column in columns) for row in rows]
    if not lines:
        note(empty)
        return
    lines.insert(0, tuple(column.replace("_", " ") for column in columns))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:  # never wrapped: ids are there to be copied, and grep reads lines
        line("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def error(error: CliError, *, as_json_too: bool) -> None:
    """On standard error, and with `as_json_too` also as JSON on standard output."""
    note(f"error: {error.code}: {error.reason}")
    if as_json_too:
        json_error(error.code, error.reason)


def json_error(code: str, reason: str) -> None:
    """An error for a program, on standard output where that still can be written."""
    with suppress(streams.ReaderGone, OutputFailed):
        as_json({"error": {"code": code, "reason": reason}})


def is_watched() -> bool:
    """Whether a person sees standard error: a progress bar is for nobody else."""
    return sys.stderr.isatty()


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return on_one_line(", ".join(map(str, value)) or "-" if isinstance(value, list) else str(value))
