"""Which person sits at which table, and which thing stands on which: plain geometry of relative boxes and polygons.

Lengths are measured in picture heights, so that x is multiplied by the picture's aspect (width / height) first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference.protocol import Point, Polygon, Region

Box = tuple[float, float, float, float]

SEAT_HEIGHT = 0.65  # of a person's box from its top: about the hips of who stands, the chest of who sits at a table
NEAR_TOP = 0.5  # reach around a table top, in roots of its area
# where the table top lies in a seat zone's bounding box when nobody drew it (x1, y1, x2, y2 of the box)
DEFAULT_TOP: Box = (0.15, 0.3, 0.85, 0.6)


@dataclass(frozen=True, slots=True)
class Place:
    """One table, ready to measure against: its top in picture heights, and the top's size (root of its area)."""

    table_id: str
    top: Polygon
    size: float


def place(region: Region, aspect: float) -> Place:
    """``aspect`` is picture width over height."""
    top = stretch(region.top or default_top(region.polygon), aspect)
    return Place(region.table_id, top, math.sqrt(max(area(top), 1e-9)))


def seat_point(box: Box) -> Point:
    """Where a person belongs to: the middle of the box, 0.65 of its height down."""
    x1, y1, x2, y2 = box
    return ((x1 + x2) / 2, y1 + SEAT_HEIGHT * (y2 - y1))


def nearest(point: Point, places: Iterable[Place], aspect: float, reach: float = NEAR_TOP) -> str | None:
    """The table whose top is nearest to ``point`` (relative), measured in sizes of that top; None beyond ``reach``."""
    x, y = point[0] * aspect, point[1]
    best, best_distance = None, reach
    for candidate in places:
        distance = distance_to(candidate.top, (x, y)) / candidate.size
        if distance < best_distance:
            best, best_distance = candidate.table_id, distance
    return best


def foot_on(box: Box, places: Iterable[Place], aspect: float) -> str | None:
    """The table on whose top a thing stands: its lower middle is over the top (a little slack for tall things)."""
    x1, y1, x2, y2 = box
    return nearest(((x1 + x2) / 2, y1 + 0.8 * (y2 - y1)), places, aspect, reach=0.1)


def default_top(zone: Polygon) -> Polygon:
    """The likely table top of a seat zone: the middle of its bounding box."""
    x1, y1, x2, y2 = bounds(zone)
    left, upper, right, lower = DEFAULT_TOP
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


def area(polygon: Polygon) -> float:
    """By the shoelace formula."""
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in _edges(polygon))) / 2


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
