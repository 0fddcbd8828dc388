"""Where the tables are in a picture of a given size, in whole pixels. No OpenCV here.

Polygons come relative (0 to 1, y down) and leave as pixels inside the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Polygon = Sequence[tuple[float, float]]
Box = tuple[float, float, float, float]

SMALL_WIDTH = 160
"""What a small picture has at least, in pixels, where the picture has it."""


@dataclass(frozen=True, slots=True)
class Region:
    """A table's seat zone in one picture: rows `top` to `bottom`, columns `left` to `right` (ends excluded).

    `outline` are its corners in pixels from (left, top).
    """

    table_id: str
    left: int
    top: int
    right: int
    bottom: int
    outline: tuple[tuple[int, int], ...]

    def relative(self, width: int, height: int) -> Box:
        """Its box as a share of the picture: x1, y1, x2, y2."""
        return self.left / width, self.top / height, self.right / width, self.bottom / height


def region(table_id: str, polygon: Polygon, width: int, height: int) -> Region:
    """The seat zone in a picture of `width` by `height` pixels; at least one pixel, however small the polygon."""
    points = [(_pixel(x, width), _pixel(y, height)) for x, y in polygon]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top = min(xs), min(ys)
    outline = tuple((x - left, y - top) for x, y in points)
    return Region(table_id, left, top, max(xs) + 1, max(ys) + 1, outline)


def reduction(width: int) -> int:
    """8, 4, 2 or 1: by how much a picture that is `width` pixels wide is made smaller, to measure change."""
    return next((factor for factor in (8, 4, 2) if width >= factor * SMALL_WIDTH), 1)


def _pixel(share: float, size: int) -> int:
    return min(size - 1, max(0, round(share * size)))
