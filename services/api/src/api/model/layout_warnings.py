"""What may be wrong with a layout that is taken all the same: zones that show nobody, doubled labels. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import NamedTuple

from api.model.polygons import area
from tablewatch_schemas.layout import Layout, LayoutTable

MIN_PIXELS = 24
"""A narrower or lower zone shows nobody (docs/recognition.md)."""
SMALLEST_PERSON = 25 / 832
"""Height of the smallest people that are found, in widths of the picture: 25 pixels of a look 832 wide."""
LEAST_ZONE = 1.5
"""Times the table's top. Of 13 zones that were drawn with their heads inside the least has 2.4 times."""

ZONE_TOO_SMALL, ZONE_IS_TOP, LABEL_DOUBLED = "zone_too_small", "zone_is_top", "label_doubled"
SENTENCES = {
    ZONE_TOO_SMALL: "The zone is too small for a person: draw it around the chairs and the heads of who sits there.",
    LABEL_DOUBLED: "Another table of this layout has the same label: give it one of its own.",
    ZONE_IS_TOP: "The zone is hardly more than the table's top: heads of who sits there would be outside.",
}


class LayoutWarning(NamedTuple):
    """A table's code and sentence."""

    code: str
    table_id: str
    label: str
    sentence: str


def layout_warnings(layout: Layout) -> tuple[LayoutWarning, ...]:
    """In the order of the tables, one at most of each."""
    doubled = {label for label, count in Counter(table.label for table in layout.tables).items() if count > 1}
    codes = ((table, _code(table, layout.width, layout.height) or _of_label(table, doubled)) for table in layout.tables)
    return tuple(
        LayoutWarning(code, table.table_id, table.label, SENTENCES[code]) for table, code in codes if code is not None
    )


def _of_label(table: LayoutTable, doubled: Container[str]) -> str | None:
    return LABEL_DOUBLED if table.label in doubled else None


def _code(table: LayoutTable, width: int, height: int) -> str | None:
    x1, y1, x2, y2 = table.box
    if (x2 - x1) * width < MIN_PIXELS or (y2 - y1) * height < max(MIN_PIXELS, SMALLEST_PERSON * width):
        return ZONE_TOO_SMALL
    if table.top is not None and area(table.polygon) < LEAST_ZONE * area(table.top):
        return ZONE_IS_TOP
    return None
