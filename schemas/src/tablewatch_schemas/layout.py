"""Layouts: the outlines of tables, floor and ignore areas in a camera's picture. Immutable, one for each version.

Coordinates are relative to the picture, 0 to 1, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.times import read_time, write_time

Point = tuple[float, float]
Polygon = tuple[Point, ...]

# What a new layout may have at most (docs/decisions/0052-limits-of-a-layout.md). Readers take larger ones: they were
# drawn before there were limits.
MOST_TABLES = 200
MOST_FLOORS = 20
MOST_IGNORE_AREAS = 20
MOST_POINTS = 100
"""Of one outline."""
MOST_POINTS_IN_ALL = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutTable:
    """A table: `polygon` is the seat zone (table and chairs), `top` the table's top or None."""

    table_id: str
    label: str
    seats: int | None
    section_id: str | None
    polygon: Polygon
    top: Polygon | None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Bounding box of the seat zone, x1 y1 x2 y2."""
        return bounding_box(self.polygon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One version of a camera's layout. `ignore`: areas in which nobody counts (mirror, poster, street)."""

    layout_key: str
    site_id: str
    camera_id: str
    version: int
    created_at: datetime
    width: int
    """Of the picture that it was drawn on, pixels."""
    height: int
    tables: tuple[LayoutTable, ...]
    floor: tuple[Polygon, ...]
    ignore: tuple[Polygon, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Layout:
        """From the object's bytes. Raises ContractError."""
        try:
            return _layout(read_json(data))
        except ContractError as error:
            raise ContractError(error.code, f"layout: {error.reason}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError("wrong_schema", f"layout: {error!r}") from error

    def to_json(self) -> bytes:
        """The object's bytes; the same layout gives the same bytes."""
        return orjson.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "layout_key": self.layout_key,
            "site_id": self.site_id,
            "camera_id": self.camera_id,
            "version": self.version,
            "created_at": write_time(self.created_at),
            "reference": {"width": self.width, "height": self.height},
            "tables": [_table_dict(each) for each in self.tables],
            "floor": [_points(each) for each in self.floor],
            "ignore": [_points(each) for each in self.ignore],
        }


def bounding_box(polygon: Polygon) -> tuple[float, float, float, float]:
    """x1 y1 x2 y2 of a polygon, in its units."""
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def _layout(data: dict[str, Any]) -> Layout:
    return Layout(
        layout_key=data["layout_key"],
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        version=int(data["version"]),
        created_at=read_time(data["created_at"]),
        width=int(data["reference"]["width"]),
        height=int(data["reference"]["height"]),
        tables=tuple(_table(each) for each in data["tables"]),
        floor=tuple(_polygon(each) for each in data["floor"]),
        ignore=tuple(_polygon(each) for each in data.get("ignore", ())),
    )


def _table(data: dict[str, Any]) -> LayoutTable:
    top = data.get("top")
    return LayoutTable(
        table_id=data["table_id"],
        label=data["label"],
        seats=data.get("seats"),
        section_id=data.get("section_id"),
        polygon=_polygon(data["polygon"]),
        top=None if top is None else _polygon(top),
    )


def _polygon(points: list[list[float]]) -> Polygon:
    polygon = tuple((float(x), float(y)) for x, y in points)
    if len(polygon) < 3:
        raise ValueError(f"a polygon of {len(polygon)} points")
    if not all(0 <= value <= 1 for point in polygon for value in point):
        raise ValueError("a point outside 0 to 1")
    return polygon


def _table_dict(table: LayoutTable) -> dict[str, Any]:
    return {
        "table_id": table.table_id,
        "label": table.label,
        "seats": table.seats,
        "section_id": table.section_id,
        "polygon": _points(table.polygon),
        "top": None if table.top is None else _points(table.top),
    }


def _points(polygon: Polygon) -> list[list[float]]:
    return [[x, y] for x, y in polygon]
