"""Tables of figures as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Cell = str | int | float | None
Line = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of one form. Columns are those of the first line; names that end in `%` are shares."""

    name: str
    title: str
    lines: Sequence[Line]

    def text(self) -> str:
        """Aligned, for people."""
        if not self.lines:
            return f"{self.title}\n  nothing to show"
        columns = list(self.lines[0])
        cells = [columns, *([_shown(column, line[column]) for column in columns] for line in self.lines)]
        widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
        is_text = [isinstance(self.lines[0][column], str) for column in columns]
        return "\n".join([self.title, *("  " + _aligned(line, widths, is_text) for line in cells)])


def _aligned(cells: Sequence[str], widths: Sequence[int], is_text: Sequence[bool]) -> str:
    padded = (
        cell.ljust(width) if text else cell.rjust(width)
        for cell, width, text in zip(cells, widths, is_text, strict=True)
    )
    return "  ".join(padded).rstrip()


def _shown(column: str, cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.1%}".rstrip("%") if column.endswith("%") else f"{cell:.2f}"
    return str(cell)
