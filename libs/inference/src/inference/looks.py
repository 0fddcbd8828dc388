"""How a detector looks at a frame: once at all of it, or at the frame and at parts of it (views).

A detector of 300 x 300 pixels loses the people at far tables in the full frame: there each table's seat zone is a view
as well, widened to a square so that nobody is stretched, and the table tops of free tables, for what stands on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol

from inference import coco
from inference.decoders.fit import Picture
from inference.detect import Detection, Detector
from inference.geometry import bounds, middle_of, table_geometry
from inference.protocol import Box, Polygon, Region
from inference.seating import Scores, place_all

FULL: Box = (0.0, 0.0, 1.0, 1.0)
LARGE = 0.85  # of the frame's shorter side: a square of this size shows little more than the full frame
SAME_IOU = 0.5
SAME_INSIDE = 0.7  # a box cut off by a view's edge lies mostly inside the whole one


class Look(Protocol):
    """A way of looking, with a detector of its own. ``by_zone``: what it sees depends on where the zones are."""

    by_zone: bool

    def see(self, bgr: Picture, regions: Sequence[Region], ignore: Sequence[Polygon] = ()) -> list[Detection]:
        """What is in the picture, each thing once, relative to the whole of it.

        Who is in an area of ``ignore`` is found too, and is no reason to look closer."""


class WholeFrame:
    """One look at the whole frame, whatever the number of tables."""

    by_zone = False

    def __init__(self, detector: Detector, scores: Scores) -> None:
        self._detector, self._scores = detector, scores

    def see(self, bgr: Picture, regions: Sequence[Region], ignore: Sequence[Polygon] = ()) -> list[Detection]:
        return self._detector.detect(bgr, self._scores.faint)


class FrameAndZones:
    """A look at the whole frame, one at each seat zone, one at the top of each table where nobody is."""

    by_zone = True

    def __init__(self, detector: Detector, scores: Scores) -> None:
        self._detector, self._scores = detector, scores

    def see(self, bgr: Picture, regions: Sequence[Region], ignore: Sequence[Polygon] = ()) -> list[Detection]:
        height, width = bgr.shape[:2]
        people_and_things = self._in_views(bgr, choose(regions, width, height))
        tables = [table_geometry(region, width / height) for region in regions]
        placed = place_all(people_and_things, tables, width / height, self._scores, ignore)
        taken = {table for each in placed if each.seen.label == coco.PERSON for table in each.tables}
        tops = [table_top(region) for region in regions if region.table_id not in taken]
        things = [one for one in self._in_views(bgr, tops) if one.label in coco.THINGS]
        return merge([*people_and_things, *things])

    def _in_views(self, bgr: Picture, views: Iterable[Box]) -> list[Detection]:
        return merge(chain.from_iterable(look_at(view, bgr, self._detector, self._scores.faint) for view in views))


def look_at(view: Box, bgr: Picture, detector: Detector, min_score: float) -> list[Detection]:
    """What is in a part of the picture, relative to the whole of it; nothing where it is smaller than a pixel."""
    height, width = bgr.shape[:2]
    x1, y1, x2, y2 = view
    left, upper, right, lower = round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height)
    if right <= left or lower <= upper:
        return []
    exact = (left / width, upper / height, right / width, lower / height)
    return [to_frame(one, exact) for one in detector.detect(bgr[upper:lower, left:right], min_score)]


def choose(regions: Iterable[Region], width: int, height: int) -> list[Box]:
    """The full frame, then one square per table that is not large already. ``width``, ``height`` in pixels."""
    squares = (square(bounds(region.polygon), width, height) for region in regions)
    return [FULL, *dict.fromkeys(box for box in squares if box is not None)]


def square(zone: Box, width: int, height: int) -> Box | None:
    """The square (in pixels) about ``zone``, moved into the frame; None when it would be nearly the frame itself."""
    x1, y1, x2, y2 = zone[0] * width, zone[1] * height, zone[2] * width, zone[3] * height
    side = max(x2 - x1, y2 - y1)
    if side > LARGE * min(width, height):
        return None
    left = min(max(0.0, (x1 + x2 - side) / 2), width - side)
    upper = min(max(0.0, (y1 + y2 - side) / 2), height - side)
    return (left / width, upper / height, (left + side) / width, (upper + side) / height)


def table_top(region: Region) -> Box:
    """The view of one table's top: cups are a few pixels wide in any other. Things reach above its edge."""
    x1, y1, x2, y2 = bounds(region.top or middle_of(region.polygon))
    aside, above, below = 0.1 * (x2 - x1), 0.4 * (y2 - y1), 0.1 * (y2 - y1)
    return (max(0.0, x1 - aside), max(0.0, y1 - above), min(1.0, x2 + aside), min(1.0, y2 + below))


def to_frame(detection: Detection, view: Box) -> Detection:
    """A detection in a view -> the same in the frame."""
    left, upper, right, lower = view
    width, height = right - left, lower - upper
    x1, y1, x2, y2 = detection.box
    box = (left + x1 * width, upper + y1 * height, left + x2 * width, upper + y2 * height)
    return Detection(detection.label, detection.score, box)


def merge(detections: Iterable[Detection]) -> list[Detection]:
    """Each thing once, best score first, where several views show it."""
    merged: list[Detection] = []
    for candidate in sorted(detections, key=lambda detection: -detection.score):
        if not any(_kind(candidate) == _kind(other) and same(candidate.box, other.box) for other in merged):
            merged.append(candidate)
    return merged


def _kind(detection: Detection) -> str:
    """A cup is often detected as a vase or a bowl as well: all things count as one kind."""
    return "thing" if detection.label in coco.THINGS else detection.label


def same(a: Box, b: Box) -> bool:
    """Whether two boxes are of one thing: alike, or one mostly inside the other."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    shared, size_a, size_b = width * height, _size(a), _size(b)
    return shared > SAME_IOU * (size_a + size_b - shared) or shared > SAME_INSIDE * min(size_a, size_b)


def _size(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
