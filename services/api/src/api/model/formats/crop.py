"""The crop JSON of external croppers (schemas/formats/crop-layout.v1.schema.json). Keeps everything of a layout."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from api.model.errors import LayoutFormatInvalid
from api.model.formats.shapes import Points, are_relative, convert, drawing, own_id, rectangle, relative
from api.model.types import Json
from tablewatch_schemas.layout import Layout, LayoutTable

Coordinates = Annotated[list[float], Meta(min_length=4, max_length=4)]
Point = Annotated[list[float], Meta(min_length=2, max_length=2)]
Side = Annotated[int, Meta(ge=1, le=32768)]


class CropTable(Struct):
    """A table: `box` is x1, y1, x2, y2. Without a label its id is what it is called, without both its place in the
    list."""

    id: str | None = None
    label: str | None = None
    box: Coordinates | None = None
    polygon: list[Point] | None = None
    top: list[Point] | None = None
    seats: int | None = None
    section_id: str | None = None

    def called(self, number: int) -> str:
        """Its label; `number`: its place in the list, from 1."""
        return self.label or self.id or str(number)

    def zone(self, number: int) -> Points:
        """The outline. Raises LayoutFormatInvalid."""
        if (self.box is None) == (self.polygon is None):
            raise LayoutFormatInvalid(f"Table {self.called(number)} needs a box or a polygon, and not both.")
        return self.polygon if self.polygon is not None else rectangle(*(self.box or ()))


class CropLayout(Struct):
    """The tables of one camera. Without `units` what lies between 0 and 1 as a whole is relative."""

    width: Side
    height: Side
    tables: list[CropTable]
    camera: str | None = None
    units: Literal["pixels", "relative"] | None = None
    floor: list[list[Point]] = field(default_factory=list)
    ignore: list[list[Point]] = field(default_factory=list)


def read(document: Json, camera: str | None) -> Json:
    """A drawing. `camera` is not looked at: a document has one. Raises LayoutFormatInvalid."""
    found = convert(document, CropLayout)
    zones = [table.zone(number) for number, table in enumerate(found.tables, 1)]
    tops = [table.top for table in found.tables]
    outlines = [*zones, *(top for top in tops if top is not None), *found.floor, *found.ignore]
    in_shares = found.units == "relative" or (found.units is None and are_relative(outlines))

    def shares(outline: Points) -> Points:
        return outline if in_shares else relative(outline, found.width, found.height)

    tables = [
        {
            "table_id": own_id(table.id),
            "label": table.called(number),
            "seats": table.seats,
            "section_id": table.section_id,
            "polygon": shares(zone),
            "top": None if table.top is None else shares(table.top),
        }
        for number, (table, zone) in enumerate(zip(found.tables, zones, strict=True), 1)
    ]
    floor, ignore = ([shares(each) for each in areas] for areas in (found.floor, found.ignore))
    return drawing(found.width, found.height, tables, floor, ignore)


def write(layout: Layout, camera: str) -> Json:
    """Relative, under our ids, so that read again it is the same layout."""
    return {
        "camera": camera,
        "width": layout.width,
        "height": layout.height,
        "units": "relative",
        "tables": [_table(each) for each in layout.tables],
        "floor": [[list(point) for point in each] for each in layout.floor],
        "ignore": [[list(point) for point in each] for each in layout.ignore],
    }


def _table(table: LayoutTable) -> Json:
    found: Json = {
        "id": table.table_id,
        "label": table.label,
        "polygon": [list(point) for point in table.polygon],
        "top": None if table.top is None else [list(point) for point in table.top],
        "seats": table.seats,
        "section_id": table.section_id,
    }
    return {name: value for name, value in found.items() if value is not None}
