"""From a drawing of tables and floor to a version of a layout. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from api.model.errors import LayoutTooLarge, SectionNotFound, TableDoubled, TableNotYours
from api.model.polygons import checked
from api.model.types import Json
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.keys import layout as layout_key
from tablewatch_schemas.layout import (
    MOST_FLOORS,
    MOST_POINTS,
    MOST_POINTS_IN_ALL,
    MOST_TABLES,
    Layout,
    LayoutTable,
)

Points = Sequence[Sequence[float]]


class DrawnTable(Protocol):
    """A table as somebody drew it; points are relative, 0 to 1, y down."""

    @property
    def table_id(self) -> str | None: ...
    @property
    def label(self) -> str: ...
    @property
    def seats(self) -> int | None: ...
    @property
    def section_id(self) -> str | None: ...
    @property
    def polygon(self) -> Points: ...
    @property
    def top(self) -> Points | None: ...


class Size(Protocol):
    """Of a picture, pixels."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Drawing(Protocol):
    """Tables and floor as somebody drew them on a picture of the size `reference`."""

    @property
    def reference(self) -> Size: ...
    @property
    def tables(self) -> Sequence[DrawnTable]: ...
    @property
    def floor(self) -> Sequence[Points]: ...


def check_size(drawing: object) -> None:
    """Count what a drawing has, as JSON that nobody has looked at yet: checking each point is what takes long.

    Raises LayoutTooLarge. What is not of the form of a drawing is not counted; that is for its schema to say.
    """
    tables, floors = _list_in(drawing, "tables"), _list_in(drawing, "floor")
    _check_count("tables", len(tables), MOST_TABLES, "/tables")
    _check_count("floors", len(floors), MOST_FLOORS, "/floor")
    outlines = {f"/floor/{i}": floor for i, floor in enumerate(floors) if isinstance(floor, list)}
    for i, table in enumerate(tables):
        outlines |= {f"/tables/{i}/{name}": _list_in(table, name) for name in ("polygon", "top")}
    for where, points in outlines.items():
        _check_count("points", len(points), MOST_POINTS, where)
    _check_count("points in all", sum(map(len, outlines.values())), MOST_POINTS_IN_ALL, "")


def draw(
    camera: Json,
    drawing: Drawing,
    *,
    version: int,
    labels: Mapping[str, str],
    foreign: Collection[str],
    sections: Collection[str],
    now: datetime,
) -> Layout:
    """The layout of a drawing.

    A table keeps its id if the drawing names it, or if its label is that of a table of the version before (`labels`,
    label to id); others get a new one. `foreign` are ids of other sites' tables. Raises SectionNotFound,
    TableDoubled, TableNotYours, and what `checked` raises.
    """
    tables = tuple(_table(i, each, labels, sections) for i, each in enumerate(drawing.tables))
    _check_ids([table.table_id for table in tables], foreign)
    floor = tuple(checked(polygon, f"/floor/{i}") for i, polygon in enumerate(drawing.floor))
    return Layout(
        layout_key=layout_key(camera["site_id"], camera["camera_id"], version),
        site_id=camera["site_id"],
        camera_id=camera["camera_id"],
        version=version,
        created_at=now,
        width=drawing.reference.width,
        height=drawing.reference.height,
        tables=tables,
        floor=floor,
    )


def same(one: Layout, other: Layout | None) -> bool:
    """Whether two versions differ in nothing but version, time and key, so that the newer one is not needed."""
    if other is None:
        return False
    alike = replace(one, version=other.version, created_at=other.created_at, layout_key=other.layout_key)
    return alike == other


def standing_proposal(camera: Json, status: Json | None) -> Json | None:
    """What a camera's status proposes for its layout; nothing that was made of another version than it has now."""
    proposal: Json | None = (status or {}).get("layout_proposal")
    return proposal if proposal is not None and proposal["layout_version"] == camera["layout_version"] else None


def _list_in(document: object, name: str) -> list[object]:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, list) else []


def _check_count(what: str, count: int, most: int, where: str) -> None:
    if count > most:
        raise LayoutTooLarge(f"{where or 'The layout'}: {count} {what}, at most {most} are taken.", pointer=where)


def _table(index: int, drawn: DrawnTable, labels: Mapping[str, str], sections: Collection[str]) -> LayoutTable:
    if drawn.section_id is not None and drawn.section_id not in sections:
        raise SectionNotFound(f"The site has no section {drawn.section_id}.", pointer=f"/tables/{index}")
    return LayoutTable(
        table_id=drawn.table_id or labels.get(drawn.label) or new_id("tbl"),
        label=drawn.label,
        seats=drawn.seats,
        section_id=drawn.section_id,
        polygon=checked(drawn.polygon, f"/tables/{index}/polygon"),
        top=None if drawn.top is None else checked(drawn.top, f"/tables/{index}/top"),
    )


def _check_ids(ids: Sequence[str], foreign: Collection[str]) -> None:
    seen = set[str]()
    for index, table_id in enumerate(ids):
        if table_id in seen:
            raise TableDoubled(f"{table_id} stands there twice.", pointer=f"/tables/{index}")
        if table_id in foreign:
            raise TableNotYours(f"{table_id} belongs to another site.", pointer=f"/tables/{index}")
        seen.add(table_id)
