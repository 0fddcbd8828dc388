"""Whether a polygon drawn on a picture can be a table or a floor. Coordinates relative, 0 to 1, y down. Pure."""

from collections.abc import Sequence
from itertools import combinations

from api.problems import Problem

Point = tuple[float, float]
Polygon = tuple[Point, ...]

# About 13 x 13 pixels of 1280 x 720: below that no crop says anything.
SMALLEST_AREA = 0.0002


def checked(points: Sequence[Sequence[float]], where: str) -> Polygon:
    """The polygon, without a repeated closing point.

    Raises Problem polygon_too_few_points, polygon_out_of_frame, polygon_self_crossing or polygon_too_small, with
    `pointer` set to `where` (a JSON pointer into the body).
    """
    polygon: Polygon = tuple((float(x), float(y)) for x, y in points)
    if len(polygon) > 1 and polygon[0] == polygon[-1]:
        polygon = polygon[:-1]
    if len(polygon) < 3 or len(set(polygon)) < 3:
        raise Problem("polygon_too_few_points", f"{where}: {len(set(polygon))} different points.", pointer=where)
    if not all(0.0 <= value <= 1.0 for point in polygon for value in point):
        raise Problem("polygon_out_of_frame", f"{where}: points go from 0 to 1 of the picture.", pointer=where)
    if crosses_itself(polygon):
        raise Problem("polygon_self_crossing", f"{where}: two of its sides cross.", pointer=where)
    if area(polygon) < SMALLEST_AREA:
        raise Problem(
            "polygon_too_small", f"{where}: it covers less than {SMALLEST_AREA:.2%} of the picture.", pointer=where
        )
    return polygon


def area(polygon: Polygon) -> float:
    """Share of the picture, by the shoelace formula; right for polygons that do not cross themselves."""
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def crosses_itself(polygon: Polygon) -> bool:
    """Whether two sides that are not neighbours touch, or two neighbours fold back onto each other."""
    sides = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    last = len(sides) - 1
    for (i, (a, b)), (j, (c, d)) in combinations(enumerate(sides), 2):
        if j == i + 1:
            crossed = _folds_back(a, b, d)
        elif i == 0 and j == last:
            crossed = _folds_back(c, a, b)
        else:
            crossed = _touch(a, b, c, d)
        if crossed:
            return True
    return False


def _folds_back(a: Point, b: Point, c: Point) -> bool:
    """Whether going on from a over b to c turns by half a circle."""
    return _turn(a, b, c) == 0 and (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1]) > 0


def _touch(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the closed segments ab and cd have a point in common."""
    abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if abc * abd < 0 and cda * cdb < 0:
        return True
    ends = ((abc, a, b, c), (abd, a, b, d), (cda, c, d, a), (cdb, c, d, b))
    return any(turn == 0 and _between(p, q, r) for turn, p, q, r in ends)


def _turn(a: Point, b: Point, c: Point) -> float:
    """Above 0 when c lies left of a to b, below 0 right of it, 0 on the line."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _between(a: Point, b: Point, c: Point) -> bool:
    """Whether c, on the line through a and b, lies within their bounding box."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
