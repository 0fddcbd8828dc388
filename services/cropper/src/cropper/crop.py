"""The pixel work: look at an eighth of the size, crop every table. The only importer of OpenCV here; call in a thread.

The same bytes and layout give the same result: no randomness, one decoder, one quality.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cropper.events import Change, Crop
from cropper.geometry import Polygon, Region, reduction, region

Picture = NDArray[np.uint8]

QUALITY = 85
SPOT = 3
"""Side of a spot, in pixels of the small picture: a head at a far table covers several."""

_SMALLER = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: cv2.IMREAD_GRAYSCALE,
}

# Frames are worked on in several threads at once; OpenCV's own, inside one frame, cost a third more processor time.
cv2.setNumThreads(1)


class Unreadable(Exception):
    """The object is no picture; no retry makes it one."""


class LayoutCropper:
    """The masks of one layout for frames of one size, in pixels. Worth caching."""

    def __init__(self, tables: Sequence[tuple[str, Polygon]], width: int, height: int) -> None:
        full = [_masked(region(table_id, polygon, width, height)) for table_id, polygon in tables]
        # Three channels, so that one bitwise_and masks a colour crop: 2.5 times as fast as PIL.
        self._full = [(area, np.repeat(mask[:, :, None], 3, axis=2)) for area, mask in full]
        self._boxes = [area.relative(width, height) for area, _ in full]

    def crop(self, picture: Picture) -> tuple[Crop, ...]:
        """Every table of `picture` (BGR)."""
        return tuple(
            Crop(area.table_id, box, _encode(picture, area, mask))
            for box, (area, mask) in zip(self._boxes, self._full, strict=True)
        )


class LayoutChanges:
    """The masks of one layout for small pictures of one size, in pixels. Worth caching."""

    def __init__(self, tables: Sequence[tuple[str, Polygon]], width: int, height: int) -> None:
        self._areas = [_masked(region(table_id, polygon, width, height)) for table_id, polygon in tables]

    def between(self, luma: Picture, before: Picture | None) -> tuple[Change | None, ...]:
        """How much each table differs between two `small_luma`; None without a picture of the same size before."""
        if before is None or before.shape != luma.shape:
            return (None,) * len(self._areas)
        difference = cv2.absdiff(luma, before)
        spots = cv2.blur(difference, (SPOT, SPOT))
        return tuple(
            Change(
                mean=round(cv2.mean(_inside(difference, area), mask)[0] / 255, 4),
                spot=round(cv2.minMaxLoc(_inside(spots, area), mask)[1] / 255, 4),
            )
            for area, mask in self._areas
        )


def decode(data: bytes) -> Picture:
    """BGR, height x width x 3. Raises Unreadable."""
    return _decoded(data, cv2.IMREAD_COLOR)


def small_luma(data: bytes, width: int) -> Picture:
    """Luma of a picture that is `width` pixels wide, at an eighth of its size (a small one: less), to measure change.

    A JPEG's blocks are decoded to one pixel each, which takes a fifth of decoding it in full. Raises Unreadable.
    """
    return _decoded(data, _SMALLER[reduction(width)])


def _decoded(data: bytes, how: int) -> Picture:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), how) if data else None
    if picture is None:
        raise Unreadable(f"{len(data)} bytes that are no picture")
    return picture.astype(np.uint8, copy=False)


def _masked(area: Region) -> tuple[Region, Picture]:
    mask = np.zeros((area.bottom - area.top, area.right - area.left), np.uint8)
    cv2.fillPoly(mask, [np.array(area.outline, np.int32)], 255)
    return area, mask


def _encode(picture: Picture, area: Region, mask: Picture) -> bytes:
    _, data = cv2.imencode(".jpg", cv2.bitwise_and(_inside(picture, area), mask), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()


def _inside(pixels: cv2.typing.MatLike, area: Region) -> cv2.typing.MatLike:
    return pixels[area.top : area.bottom, area.left : area.right]
