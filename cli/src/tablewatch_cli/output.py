"""What is printed: JSON for programs, tables for people, errors for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tablewatch_cli.errors import CliError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def as_json(document: object) -> None:
    """One JSON document, alone on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Rows for a person; `empty` is said when there are none."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(row.get(column)) for column in columns))
    if grid.row_count:
        out.print(grid)
    else:
        err.print(empty)


def error(problem: CliError, *, json_wanted: bool) -> None:
    if json_wanted:
        as_json({"error": {"code": problem.code, "reason": problem.reason}})
    err.print(f"error: {problem.code}: {problem.reason}", markup=False, soft_wrap=True)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)
