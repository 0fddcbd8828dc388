"""The tables of a layout, carried over to where a moved camera looks now. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shapely import Polygon as Shape
from shapely import box
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from extractor.model.alignment import Alignment, Beyond, Refusal, Transform, distrust, moved
from tablewatch_schemas.layout import MOST_POINTS, Layout, LayoutTable, Polygon

PICTURE = box(0.0, 0.0, 1.0, 1.0)
MOSTLY = 0.5
"""Of a table's zone that has to be in the picture still, and of the tables."""
SMALLEST = 0.0002
"""Share of the picture, as in a layout that is drawn."""
LEAST_MOVED_PX = 5.0
"""Of 1920, in the median of corners: by less people draw them beside where they are, and of a picture that is hardly
recognised some corner always seems to have moved."""
SAME_PX = 12.0
"""By which two estimates may differ at a corner and be the same."""
REFERENCE_PX = 1920
DIGITS = 5
"""A fiftieth of a pixel of 1920."""
ROUGH = 0.0005
"""By which an outline may be off that has too many points once it is cut."""


@dataclass(frozen=True, slots=True)
class Carried:
    """`layout`: `origin` with its tables where they are now; `lost`: ids of those that are mostly out of the picture,
    and not in it. `aspect`: of the pictures, width by height."""

    transform: Transform
    aspect: float
    origin: Layout
    layout: Layout
    lost: tuple[str, ...]

    def layout_as(self, key: str, made_at: datetime) -> Layout:
        """As an object of its own."""
        return replace(self.layout, layout_key=key, created_at=made_at)


def carry_over(layout: Layout, alignment: Alignment | None) -> Carried | Refusal:
    """Tables, floor and ignore areas where they are in the present picture, or why they cannot be carried over."""
    why = distrust(alignment)
    if alignment is None or why is not None:
        return why or "not_recognised"
    try:
        moves = _moves_px(layout, alignment.transform, None, alignment.aspect)
        if statistics.median(moves or [0.0]) < LEAST_MOVED_PX:
            return "not_moved"
        tables = [_table(each, alignment.transform) for each in layout.tables]
        floor, ignore = (_areas(each, alignment.transform) for each in (layout.floor, layout.ignore))
    except (Beyond, GEOSException):
        return "changed_too_much"
    kept = tuple(each for each in tables if each is not None)
    if len(kept) < MOSTLY * len(layout.tables):
        return "tables_out_of_view"
    lost = tuple(each.table_id for each, now in zip(layout.tables, tables, strict=True) if now is None)
    carried = replace(layout, tables=kept, floor=floor, ignore=ignore)
    return Carried(alignment.transform, alignment.aspect, layout, carried, lost)


def is_same(layout: Layout, one: Transform, other: Transform, aspect: float) -> bool:
    """Whether two transforms bring the tables to the same places."""
    try:
        return max(_moves_px(layout, one, other, aspect), default=0.0) < SAME_PX
    except Beyond:
        return False


def carried_outline(outline: Polygon, transform: Transform) -> tuple[Polygon, float] | None:
    """The largest part of it that is in the picture, with the share that it is of the whole; None: there is none.

    Raises Beyond, and shapely's GEOSException for what is no outline.
    """
    whole = Shape([moved(transform, each) for each in outline])
    if not whole.is_valid:  # it crosses itself: then its own area may be 0
        whole = whole.buffer(0)
    inside = _largest(whole.intersection(PICTURE))
    if inside is None or inside.area < SMALLEST:
        return None
    points = _rounded(inside)
    return (points, inside.area / whole.area) if len(set(points)) > 2 else None


def _areas(outlines: Sequence[Polygon], transform: Transform) -> tuple[Polygon, ...]:
    """What of them is in the picture. Raises as `carried_outline` does."""
    found = (carried_outline(each, transform) for each in outlines)
    return tuple(each for each, _ in filter(None, found))


def _table(table: LayoutTable, transform: Transform) -> LayoutTable | None:
    zone = carried_outline(table.polygon, transform)
    if zone is None or zone[1] < MOSTLY:
        return None
    top = None if table.top is None else carried_outline(table.top, transform)
    return replace(table, polygon=zone[0], top=None if top is None or top[1] < MOSTLY else top[0])


def _largest(geometry: BaseGeometry) -> Shape | None:
    parts: Sequence[BaseGeometry] = getattr(geometry, "geoms", [geometry])
    shapes = [each for each in parts if isinstance(each, Shape) and not each.is_empty]
    return max(shapes, key=lambda each: each.area, default=None)


def _rounded(shape: Shape) -> Polygon:
    """Without its closing point, and with no more than a layout may have."""
    rough = ROUGH
    while len(shape.exterior.coords) - 1 > MOST_POINTS and rough < 1:
        simpler = shape.simplify(rough)
        shape, rough = simpler if isinstance(simpler, Shape) else shape, 2 * rough
    points = [(round(x, DIGITS), round(y, DIGITS)) for x, y in shape.exterior.coords[:-1]]
    return tuple(each for number, each in enumerate(points) if each != points[number - 1])


def _moves_px(layout: Layout, one: Transform, other: Transform | None, aspect: float) -> list[float]:
    """Between each corner of tables and floor by one transform and by another, or as it was. Raises Beyond."""
    outlines = [*(each.polygon for each in layout.tables), *layout.floor]
    corners = [corner for outline in outlines for corner in outline]
    pairs = [(moved(one, each), each if other is None else moved(other, each)) for each in corners]
    return [math.hypot(x2 - x1, (y2 - y1) / aspect) * REFERENCE_PX for (x1, y1), (x2, y2) in pairs]
