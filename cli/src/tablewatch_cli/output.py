"""What is printed: JSON for programs, tables for people, errors for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console

from tablewatch_cli.errors import CliError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def as_json(document: object) -> None:
    """One JSON document, alone on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Rows for a person; `empty` is said when there are none."""
    lines = [tuple(_cell(row.get(column)) for column in columns) for row in rows]
    if not lines:
        err.print(empty)
        return
    lines.insert(0, tuple(column.replace("_", " ") for column in columns))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:  # never folded: ids are there to be copied, and grep reads lines
        out.print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(),
            markup=False,
            soft_wrap=True,
        )


def error(problem: CliError, *, json_wanted: bool) -> None:
    if json_wanted:
        as_json({"error": {"code": problem.code, "reason": problem.reason}})
    err.print(f"error: {problem.code}: {problem.reason}", markup=False, soft_wrap=True)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
