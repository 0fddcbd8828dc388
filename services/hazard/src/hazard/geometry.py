"""Boxes and polygons, relative to the picture, 0 to 1, y down. Pure."""

from collections.abc import Sequence
from math import hypot

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Polygon = Sequence[Point]


def with_margin(box: Box) -> Box:
    """A person's box with one body width of room on every side, inside the picture."""
    x1, y1, x2, y2 = box
    width = x2 - x1
    return max(0.0, x1 - width), max(0.0, y1 - width), min(1.0, x2 + width), min(1.0, y2 + width)


def center(box: Box) -> Point:
    """The middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def iou(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = _area(one) + _area(other) - shared
    return shared / union if union > 0 else 0.0  # the areas of the smallest boxes are 0 in floating point


def contains(box: Box, point: Point) -> bool:
    """Whether a point lies in a box."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def nearest(point: Point, tables: Sequence[tuple[str, Box]], within: float, most: int) -> tuple[str, ...]:
    """Ids of the tables whose box is at most `within` from a point, nearest first."""
    distances = sorted((_distance(point, box), name) for name, box in tables)
    return tuple(name for distance, name in distances[:most] if distance <= within)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _distance(point: Point, box: Box) -> float:
    x, y = point
    return hypot(max(box[0] - x, 0.0, x - box[2]), max(box[1] - y, 0.0, y - box[3]))
