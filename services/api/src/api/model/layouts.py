"""From a drawing of tables, floor and ignore areas to a version of a layout. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

import orjson

from api.model.errors import LayoutTooLarge, SectionNotFound, TableDoubled, TableNotYours
from api.model.identities import LayoutChanges, layout_changes, matched
from api.model.layout_warnings import LayoutWarning, layout_warnings
from api.model.overlaps import Overlaps, overlaps
from api.model.polygons import checked
from api.model.types import Json
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.keys import layout as layout_key
from tablewatch_schemas.layout import (
    MOST_FLOORS,
    MOST_IGNORE_AREAS,
    MOST_POINTS,
    MOST_POINTS_IN_ALL,
    MOST_TABLES,
    Layout,
    LayoutTable,
    Polygon,
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
    """Tables, floor and ignore areas as somebody drew them on a picture of the size `reference`."""

    @property
    def reference(self) -> Size: ...
    @property
    def tables(self) -> Sequence[DrawnTable]: ...
    @property
    def floor(self) -> Sequence[Points]: ...
    @property
    def ignore(self) -> Sequence[Points]: ...


def check_size(drawing: object) -> None:
    """Count what a drawing has, as JSON that nobody has looked at yet: checking each point is what takes long.

    Raises LayoutTooLarge. What is not of the form of a drawing is not counted; that is for its schema to say.
    """
    tables = _list_in(drawing, "tables")
    _check_count("tables", len(tables), MOST_TABLES, "/tables")
    outlines: dict[str, list[object]] = {}
    for name, what, most in (("floor", "floors", MOST_FLOORS), ("ignore", "ignore areas", MOST_IGNORE_AREAS)):
        areas = _list_in(drawing, name)
        _check_count(what, len(areas), most, f"/{name}")
        outlines |= {f"/{name}/{i}": area for i, area in enumerate(areas) if isinstance(area, list)}
    for i, table in enumerate(tables):
        outlines |= {f"/tables/{i}/{name}": _list_in(table, name) for name in ("polygon", "top")}
    for where, points in outlines.items():
        _check_count("points", len(points), MOST_POINTS, where)
    _check_count("points in all", sum(map(len, outlines.values())), MOST_POINTS_IN_ALL, "")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A layout out of a drawing, what it changed, and what may be wrong with it all the same."""

    layout: Layout
    changes: LayoutChanges
    warnings: tuple[LayoutWarning, ...]


def draw(
    camera: Json,
    drawing: Drawing,
    *,
    newest: Layout | None,
    version: int,
    foreign: Collection[str],
    sections: Collection[str],
    now: datetime,
    keep_unsaid: bool = False,
) -> Drawn:
    """The layout of a drawing, after the version `newest`.

    A table keeps its id if the drawing names it, or if it is matched with one of `newest` that the drawing does not
    name; others get a new one. `foreign` are ids of other sites' tables. `keep_unsaid`: seats and section that the
    drawing has not are those of before. Up to 0.2 s of the processor. Raises SectionNotFound, TableDoubled,
    TableNotYours, and what `checked` raises.
    """
    zones = [checked(each.polygon, f"/tables/{i}/polygon", _name(each)) for i, each in enumerate(drawing.tables)]
    _check_ids(drawing.tables, foreign)
    older = newest.tables if newest is not None else ()
    found = overlaps([each.polygon for each in older], zones)
    ids = _ids(drawing.tables, older, found)
    tables = tuple(_table(i, each, zones[i], ids[i], sections) for i, each in enumerate(drawing.tables))
    if keep_unsaid:
        tables = completed(tables, older)
    floor = _areas(drawing.floor, "/floor", "Floor")
    ignore = _areas(drawing.ignore, "/ignore", "Ignore area")
    layout = Layout(
        layout_key=layout_key(camera["site_id"], camera["camera_id"], version),
        site_id=camera["site_id"],
        camera_id=camera["camera_id"],
        version=version,
        created_at=now,
        width=drawing.reference.width,
        height=drawing.reference.height,
        tables=tables,
        floor=floor,
        ignore=ignore,
    )
    return Drawn(layout, layout_changes(older, tables, found), layout_warnings(layout))


def check(drawing: Drawing) -> None:
    """What is wrong with a drawing whatever camera it is of. Raises TableDoubled, and what `checked` raises."""
    for i, table in enumerate(drawing.tables):
        checked(table.polygon, f"/tables/{i}/polygon", _name(table))
        _top(i, table)
    _check_ids(drawing.tables, ())
    _areas(drawing.floor, "/floor", "Floor")
    _areas(drawing.ignore, "/ignore", "Ignore area")


def completed(tables: Sequence[LayoutTable], older: Sequence[LayoutTable]) -> tuple[LayoutTable, ...]:
    """Tables with the seats and the section that they had, where they have none: a cropper knows zones alone."""
    known = {each.table_id: each for each in older}
    return tuple(_completed(each, known[each.table_id]) if each.table_id in known else each for each in tables)


def _completed(table: LayoutTable, before: LayoutTable) -> LayoutTable:
    seats = before.seats if table.seats is None else table.seats
    return replace(table, seats=seats, section_id=table.section_id or before.section_id)


class Origin(NamedTuple):
    """How a version was made; `restored_from` is of one that was restored."""

    name: Literal["drawn", "restored", "imported", "pulled", "accepted"]
    restored_from: int | None = None


DRAWN, IMPORTED, PULLED = Origin("drawn"), Origin("imported"), Origin("pulled")
ACCEPTED = Origin("accepted")
"""A proposal, as it was or mended."""


def restored(version: int) -> Origin:
    """Of a version whose drawing was taken again."""
    return Origin("restored", version)


@dataclass(frozen=True, slots=True)
class Outlines:
    """A drawing that did not come as a body."""

    reference: Size
    tables: Sequence[DrawnTable]
    floor: Sequence[Points]
    ignore: Sequence[Points]


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Pixels."""

    width: int
    height: int


def redrawn(layout: Layout, sections: Collection[str]) -> Outlines:
    """The drawing of a version; `sections` are there still. Raises LayoutTooLarge of one from before the limits."""
    check_size(layout.to_dict())
    tables = [table if table.section_id in sections else replace(table, section_id=None) for table in layout.tables]
    return Outlines(PictureSize(layout.width, layout.height), tables, layout.floor, layout.ignore)


def saved_layout(drawn: Drawn) -> bytes:
    """The document of what was drawn, as JSON."""
    warnings = [each._asdict() for each in drawn.warnings]
    return orjson.dumps(drawn.layout.to_dict() | asdict(drawn.changes) | {"warnings": warnings})


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


def _areas(drawn: Sequence[Points], where: str, name: str) -> tuple[Polygon, ...]:
    return tuple(checked(polygon, f"{where}/{i}", f"{name} {i + 1}") for i, polygon in enumerate(drawn))


def _name(table: DrawnTable) -> str:
    return f"Table {table.label}"


def _ids(drawn: Sequence[DrawnTable], older: Sequence[LayoutTable], found: Overlaps) -> list[str]:
    """An id for each table that is drawn: its own, that of an older table which no other has, or a new one."""
    named = {table.table_id for table in drawn if table.table_id is not None}
    left = [i for i, table in enumerate(older) if table.table_id not in named]
    unnamed = [j for j, table in enumerate(drawn) if table.table_id is None]
    pairs = matched(found.of(left, unnamed), [older[i].label for i in left], [drawn[j].label for j in unnamed])
    again = {unnamed[j]: older[left[i]].table_id for j, i in pairs.items()}
    return [table.table_id or again.get(j) or new_id("tbl") for j, table in enumerate(drawn)]


def _table(index: int, drawn: DrawnTable, zone: Polygon, table_id: str, sections: Collection[str]) -> LayoutTable:
    if drawn.section_id is not None and drawn.section_id not in sections:
        detail = f"{_name(drawn)}: the site has no section {drawn.section_id}."
        raise SectionNotFound(detail, pointer=f"/tables/{index}")
    return LayoutTable(
        table_id=table_id,
        label=drawn.label,
        seats=drawn.seats,
        section_id=drawn.section_id,
        polygon=zone,
        top=_top(index, drawn),
    )


def _top(index: int, drawn: DrawnTable) -> Polygon | None:
    return None if drawn.top is None else checked(drawn.top, f"/tables/{index}/top", f"{_name(drawn)}, top")


def _check_ids(drawn: Sequence[DrawnTable], foreign: Collection[str]) -> None:
    seen = set[str | None]()
    for index, table in enumerate(drawn):
        if table.table_id is not None and table.table_id in seen:
            raise TableDoubled(f"{_name(table)}: {table.table_id} stands there twice.", pointer=f"/tables/{index}")
        if table.table_id in foreign:
            detail = f"{_name(table)}: {table.table_id} belongs to another site; give it another id, or none."
            raise TableNotYours(detail, pointer=f"/tables/{index}")
        seen.add(table.table_id)
