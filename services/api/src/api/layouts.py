"""Making a layout version out of what somebody drew. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from api.http.bodies import LayoutTable as DrawnTable
from api.http.bodies import NewLayout
from api.polygons import checked
from api.problems import Problem
from api.store import Json
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.keys import layout as layout_key
from tablewatch_schemas.layout import Layout, LayoutTable


def draw(
    camera: Json,
    body: NewLayout,
    *,
    version: int,
    labels: Mapping[str, str],
    taken: Collection[str],
    sections: Collection[str],
    now: datetime,
) -> Layout:
    """The layout that a body describes.

    A table keeps its id when the body names it or when its label is that of a table of the version before (`labels`,
    label to id); others get a new one. `taken` are ids that belong to other cameras. Raises Problem.
    """
    tables = tuple(_table(i, each, labels, sections) for i, each in enumerate(body.tables))
    _check_ids([table.table_id for table in tables], taken)
    floor = tuple(checked(polygon, f"/floor/{i}") for i, polygon in enumerate(body.floor))
    return Layout(
        layout_key=layout_key(camera["site_id"], camera["camera_id"], version),
        site_id=camera["site_id"],
        camera_id=camera["camera_id"],
        version=version,
        created_at=now,
        width=body.reference.width,
        height=body.reference.height,
        tables=tables,
        floor=floor,
    )


def same(one: Layout, other: Layout | None) -> bool:
    """Whether two versions show the same, so that the newer one need not be."""
    if other is None:
        return False
    alike = replace(one, version=other.version, created_at=other.created_at, layout_key=other.layout_key)
    return alike == other


def _table(index: int, drawn: DrawnTable, labels: Mapping[str, str], sections: Collection[str]) -> LayoutTable:
    if drawn.section_id is not None and drawn.section_id not in sections:
        raise Problem("section_not_found", f"The site has no section {drawn.section_id}.", pointer=f"/tables/{index}")
    return LayoutTable(
        table_id=drawn.table_id or labels.get(drawn.label) or new_id("tbl"),
        label=drawn.label,
        seats=drawn.seats,
        section_id=drawn.section_id,
        polygon=checked(drawn.polygon, f"/tables/{index}/polygon"),
        top=None if drawn.top is None else checked(drawn.top, f"/tables/{index}/top"),
    )


def _check_ids(ids: Sequence[str], taken: Collection[str]) -> None:
    for index, table_id in enumerate(ids):
        if table_id in ids[:index]:
            raise Problem("table_doubled", f"{table_id} stands there twice.", pointer=f"/tables/{index}")
        if table_id in taken:
            raise Problem("table_not_yours", f"{table_id} belongs to another camera.", pointer=f"/tables/{index}")
