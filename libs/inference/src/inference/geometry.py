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
REACH = 0.5  # around the seats, in roots of their area
# the middle of a seat zone: where hips are, and where the table top is when nobody drew it (shares of the zone's box)
MIDDLE: Box = (0.15, 0.3, 0.85, 0.6)


@dataclass(frozen=True, slots=True)
class Place:
    """One table, ready to measure against, in picture heights.

    People are measured against ``seats``, a box around the top and the middle of the seat zone, things against ``top``.
    """

    table_id: str
    top: Polygon
    seats: Polygon


def place(region: Region, aspect: float) -> Place:
    """``aspect`` is picture width over height."""
    middle = middle_of(region.polygon)
    top = region.top or middle
    seats = rectangle(bounds((*top, *middle)))
    return Place(region.table_id, stretch(top, aspect), stretch(seats, aspect))


def seat_point(box: Box) -> Point:
    """Where a person belongs to: the middle of the box, 0.65 of its height down."""
    x1, y1, x2, y2 = box
    return ((x1 + x2) / 2, y1 + SEAT_HEIGHT * (y2 - y1))


def sitter(box: Box, places: Iterable[Place], aspect: float) -> str | None:
    """The table of a person: the one whose seats are nearest, in sizes of those seats; None beyond REACH."""
    return nearest(seat_point(box), [(one.table_id, one.seats) for one in places], aspect, REACH)


def stands_on(box: Box, places: Iterable[Place], aspect: float) -> str | None:
    """The table on whose top a thing stands: its foot is over the top (a little slack for a badly seen foot)."""
    x1, y1, x2, y2 = box
    foot = ((x1 + x2) / 2, y1 + 0.8 * (y2 - y1))
    return nearest(foot, [(one.table_id, one.top) for one in places], aspect, 0.1)


def nearest(point: Point, targets: Iterable[tuple[str, Polygon]], aspect: float, reach: float) -> str | None:
    """The name of the outline (in picture heights) nearest to ``point`` (relative), in roots of that outline's area."""
    x, y = point[0] * aspect, point[1]
    best, best_distance = None, reach
    for name, outline in targets:
        distance = distance_to(outline, (x, y)) / math.sqrt(max(area(outline), 1e-9))
        if distance < best_distance:
            best, best_distance = name, distance
    return best


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
