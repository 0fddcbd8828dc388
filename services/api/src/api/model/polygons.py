"""Whether a polygon drawn on a picture can be part of a layout. Coordinates relative, 0 to 1, y down. Pure."""

from collections.abc import Sequence

from shapely import LinearRing

from api.model.errors import PolygonOutOfFrame, PolygonSelfCrossing, PolygonTooFewPoints, PolygonTooSmall

Point = tuple[float, float]
Polygon = tuple[Point, ...]

# About 13 x 13 pixels of 1280 x 720: a smaller crop shows nothing.
SMALLEST_AREA = 0.0002


def checked(points: Sequence[Sequence[float]], where: str, name: str) -> Polygon:
    """The polygon, without points that repeat the one before them, nor the closing one.

    Raises PolygonTooFewPoints, PolygonOutOfFrame, PolygonSelfCrossing or PolygonTooSmall, whose sentence begins with
    `name` (whose outline it is, for a person), with `pointer` set to `where` (a JSON pointer into the body).
    """
    polygon = _without_repeats([(float(x), float(y)) for x, y in points])
    if len(set(polygon)) < 3:
        raise PolygonTooFewPoints(f"{name}: it has {len(set(polygon))} different points.", pointer=where)
    if not all(0.0 <= value <= 1.0 for point in polygon for value in point):
        raise PolygonOutOfFrame(f"{name}: points go from 0 to 1 of the picture.", pointer=where)
    if crosses_itself(polygon):
        raise PolygonSelfCrossing(f"{name}: two of its sides cross.", pointer=where)
    if area(polygon) < SMALLEST_AREA:
        raise PolygonTooSmall(f"{name}: it covers less than {SMALLEST_AREA:.2%} of the picture.", pointer=where)
    return polygon


def _without_repeats(points: Sequence[Point]) -> Polygon:
    """A click that was doubled, and a ring that is closed, draw nothing."""
    kept = [point for point, before in zip(points, [None, *points], strict=False) if point != before]
    return tuple(kept[:-1] if len(kept) > 1 and kept[0] == kept[-1] else kept)


def area(polygon: Polygon) -> float:
    """Share of the picture, by the shoelace formula, which holds for polygons that do not cross themselves."""
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def crosses_itself(polygon: Polygon) -> bool:
    """Whether sides that are not neighbours touch, two neighbours fold back onto each other, or a corner repeats."""
    # GEOS passes over repeated points; each is a side without length, between neighbours that touch
    return len(set(polygon)) < len(polygon) or not LinearRing(polygon).is_simple
