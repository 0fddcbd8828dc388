"""What may be wrong with a layout that is taken all the same: zones in which nobody would be seen. Pure."""

from __future__ import annotations

from typing import NamedTuple

from api.model.polygons import area
from tablewatch_schemas.layout import Layout, LayoutTable

MIN_PIXELS = 24
"""A narrower or lower zone shows nobody (docs/recognition.md)."""
SMALLEST_PERSON = 25 / 832
"""Height of the smallest people that are found, in widths of the picture: 25 pixels of a look 832 wide."""
LEAST_ZONE = 1.5
"""Times the table's top. Of 13 zones that were drawn with their heads inside the least has 2.4 times."""

ZONE_TOO_SMALL, ZONE_IS_TOP = "zone_too_small", "zone_is_top"
SENTENCES = {
    ZONE_TOO_SMALL: "The zone is too small for a person: draw it around the chairs and the heads of who sits there.",
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
    codes = ((table, _code(table, layout.width, layout.height)) for table in layout.tables)
    return tuple(
        LayoutWarning(code, table.table_id, table.label, SENTENCES[code]) for table, code in codes if code is not None
    )


def _code(table: LayoutTable, width: int, height: int) -> str | None:
    x1, y1, x2, y2 = table.box
    if (x2 - x1) * width < MIN_PIXELS or (y2 - y1) * height < max(MIN_PIXELS, SMALLEST_PERSON * width):
        return ZONE_TOO_SMALL
    if table.top is not None and area(table.polygon) < LEAST_ZONE * area(table.top):
        return ZONE_IS_TOP
    return None
