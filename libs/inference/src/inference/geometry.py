"""Plain geometry of relative boxes and polygons: what of a person is inside a seat zone, how far from its seats.

Lengths are measured in picture heights, so that x is multiplied by the picture's aspect (width / height) first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference.protocol import Box, Point, Polygon, Region

TINY = 1e-9
SMALLEST = 1e-9  # share of the picture: of a smaller box floating point can take no share, and it shows nobody
SEAT_HEIGHT = 0.65  # of a person's box from its top: about the hips of who stands, the chest of who sits at a table
TALLEST = 2.0  # widths: below that a box shows legs, and the hips of somebody who sits are not among them
# the middle of a seat zone: where hips are, and where the table top is when nobody drew it (shares of the zone's box)
MIDDLE: Box = (0.15, 0.3, 0.85, 0.6)


@dataclass(frozen=True, slots=True)
class TableGeometry:
    """The outlines of one table. ``zone`` is relative; ``top`` and ``seats`` are in picture heights.

    ``seats`` is the middle of the seat zone, whether a top is drawn or not: drawn tops reach towards people who are
    seen over the table (decision 0073).
    """

    table_id: str
    zone: Polygon
    zone_bounds: Box
    top: Polygon
    seats: Box


def table_geometry(region: Region, aspect: float) -> TableGeometry:
    """``aspect`` is picture width over height."""
    middle = middle_of(region.polygon)
    top = stretch(region.top or middle, aspect)
    seats = bounds(stretch(middle, aspect))
    return TableGeometry(region.table_id, region.polygon, bounds(region.polygon), top, seats)


def share_inside(box: Box, table: TableGeometry) -> float:
    """The share of the box's area that lies inside the table's seat zone, 0..1; 0 for a box of less than SMALLEST."""
    return share_within(box, table.zone, table.zone_bounds)


def share_within(box: Box, polygon: Polygon, around: Box) -> float:
    """The share of the box's area that lies inside a polygon with the bounds ``around``; 0 for less than SMALLEST."""
    x1, y1, x2, y2 = box
    left, upper, right, lower = around
    size = (x2 - x1) * (y2 - y1)
    if size < SMALLEST or x1 >= right or x2 <= left or y1 >= lower or y2 <= upper:
        return 0.0
    return min(1.0, area(clip(polygon, box)) / size)


def seat_point(box: Box, aspect: float) -> Point:
    """The point of a person that is measured, in picture heights: 0.65 down the box, of which legs are cut off."""
    x1, y1, x2, y2 = box
    height = min(y2 - y1, TALLEST * (x2 - x1) * aspect)
    return ((x1 + x2) / 2 * aspect, y1 + SEAT_HEIGHT * height)


def foot_point(box: Box, aspect: float) -> Point:
    """Where a thing stands, in picture heights: 0.8 down its box, since a box is drawn a little too large."""
    x1, y1, x2, y2 = box
    return ((x1 + x2) / 2 * aspect, y1 + 0.8 * (y2 - y1))


def seat_distance(point: Point, table: TableGeometry) -> float:
    """From a point in picture heights to the seats, in roots of their area; 0 inside."""
    left, upper, right, lower = table.seats
    x, y = point
    away = math.hypot(max(left - x, 0.0, x - right), max(upper - y, 0.0, y - lower))
    return away / math.sqrt(max((right - left) * (lower - upper), TINY))


def top_distance(point: Point, table: TableGeometry) -> float:
    """From a point in picture heights to the table top, in roots of its area; 0 inside."""
    return distance_to(table.top, point) / math.sqrt(max(area(table.top), TINY))


def middle_of(zone: Polygon) -> Polygon:
    """The middle of a seat zone's bounding box."""
    x1, y1, x2, y2 = bounds(zone)
    left, upper, right, lower = MIDDLE
    width, height = x2 - x1, y2 - y1
    return rectangle((x1 + left * width, y1 + upper * height, x1 + right * width, y1 + lower * height))


def rectangle(box: Box) -> Polygon:
    x1, y1, x2, y2 = box
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def stretch(polygon: Polygon, aspect: float) -> Polygon:
    return tuple((x * aspect, y) for x, y in polygon)


def bounds(polygon: Sequence[Point]) -> Box:
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return (min(xs), min(ys), max(xs), max(ys))


def clip(polygon: Polygon, box: Box) -> Polygon:
    """The part of a polygon inside a box (Sutherland-Hodgman); edges of no area may join the parts of a bent one."""
    x1, y1, x2, y2 = box
    for axis, limit, sign in ((0, x1, 1), (0, x2, -1), (1, y1, 1), (1, y2, -1)):
        polygon = _cut(polygon, axis, limit, sign)
    return polygon


def _cut(polygon: Polygon, axis: int, limit: float, sign: int) -> Polygon:
    """The part where ``sign * coordinate >= sign * limit``."""
    kept: list[Point] = []
    for a, b in _edges(polygon) if polygon else ():
        a_inside, b_inside = sign * a[axis] >= sign * limit, sign * b[axis] >= sign * limit
        if a_inside:
            kept.append(a)
        if a_inside != b_inside:
            along = (limit - a[axis]) / (b[axis] - a[axis])
            kept.append((a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])))
    return tuple(kept)


def area(polygon: Polygon) -> float:
    """By the shoelace formula."""
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in _edges(polygon))) / 2 if polygon else 0.0


def distance_to(polygon: Polygon, point: Point) -> float:
    """0 inside, else the distance to the nearest edge."""
    if contains(polygon, point):
        return 0.0
    return min(_to_segment(point, a, b) for a, b in _edges(polygon))


def contains(polygon: Polygon, point: Point) -> bool:
    """By counting the edges crossed on the way to the right (even-odd rule)."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in _edges(polygon):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def _edges(polygon: Polygon) -> Iterable[tuple[Point, Point]]:
    return zip(polygon, (*polygon[1:], polygon[0]), strict=True)


def _to_segment(point: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - a[0] - along * dx, point[1] - a[1] - along * dy)
