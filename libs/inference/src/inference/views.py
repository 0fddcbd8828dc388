"""Which parts of a frame the detector looks at, and one list of detections out of what it saw in all of them.

The detector squeezes whatever it gets to 300 x 300, so people at far tables vanish in the full frame: each table's
seat zone is looked at as well, widened to a square so that nobody is stretched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inference import coco
from inference.detect import Detection
from inference.geometry import Box, bounds, middle_of
from inference.protocol import Region

FULL: Box = (0.0, 0.0, 1.0, 1.0)
LARGE = 0.85  # a square of this share of the frame's shorter side shows little that the full frame does not
SAME_IOU = 0.5
SAME_INSIDE = 0.7  # a box cut off by a view's edge lies mostly inside the whole one


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
    """A close look at one table's top: cups are a few pixels wide in any other view. Things stand above its edge."""
    x1, y1, x2, y2 = bounds(region.top or middle_of(region.polygon))
    aside, above, below = 0.1 * (x2 - x1), 0.4 * (y2 - y1), 0.1 * (y2 - y1)
    return (max(0.0, x1 - aside), max(0.0, y1 - above), min(1.0, x2 + aside), min(1.0, y2 + below))


def to_frame(seen: Detection, view: Box) -> Detection:
    """A detection in a view -> the same in the frame."""
    left, upper, right, lower = view
    width, height = right - left, lower - upper
    x1, y1, x2, y2 = seen.box
    return Detection(
        seen.label, seen.score, (left + x1 * width, upper + y1 * height, left + x2 * width, upper + y2 * height)
    )


def merge(seen: Iterable[Detection]) -> list[Detection]:
    """Each thing once, best score first, although several views showed it."""
    kept: list[Detection] = []
    for candidate in sorted(seen, key=lambda detection: -detection.score):
        if not any(_kind(candidate) == _kind(other) and _same(candidate.box, other.box) for other in kept):
            kept.append(candidate)
    return kept


def _kind(seen: Detection) -> str:
    """A cup is often taken for a vase or a bowl as well: it is one thing all the same."""
    return "thing" if seen.label in coco.THINGS else seen.label


def _same(a: Box, b: Box) -> bool:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    shared, size_a, size_b = width * height, _size(a), _size(b)
    return shared > SAME_IOU * (size_a + size_b - shared) or shared > SAME_INSIDE * min(size_a, size_b)


def _size(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
