"""Measures small grey pictures for the health of their camera; `extractor.model.camera_health` judges."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.media.picture import Pixels
from extractor.model.scene import Compared, Scene

SIZE = 320, 192
"""Pixels. Tiles of 80 x 48 have sides that a discrete Fourier transform takes as they are: others shift by a pixel."""
PARTS = 16, 12
MOSTLY = 0.85
"""Of the parts of the picture that have to be the same: in the others a camera may go on drawing its clock."""
SAME = 0.1
"""Grey levels by which a part may differ, on average, and be the same: two encodings of one picture do so by less, two
pictures of a room in which nothing moves by more (docs/measurements/camera-health.md)."""


LIGHT = 0.9
"""Of the pixels that are darker."""
COLUMNS, ROWS = 4, 4
AGREE = 0.5
"""Pixels by which a tile may differ from the median and agree with it."""
EMPTY, LEAST_TILES = 0.001, 4
"""Mean gradient of a tile, as it is correlated, in which there is nothing, not even noise: a white wall in a compressed
picture, a sky that is too bright. With fewer tiles than that nobody knows whether the camera was moved."""
OUTLINED = 8, 6
LEAST_OUTLINE, LOST = 0.02, 0.35
"""Mean gradient of a part that counts, and the share of it below which its outlines are lost."""
BLACK = 8.0
"""Grey levels that are added before the logarithm: it would make noise of the dark ones otherwise."""
Gradients = NDArray[np.float32]
REFERENCES = 16
"""Snapshots that a process has measured and keeps: one that decodes what was fetched has another camera each time."""


class Reference:
    """The last good snapshot; `jpeg` may be set by another thread."""

    def __init__(self) -> None:
        self.jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The picture that the next ones are compared with, as raw bytes of SIZE: when it came, and how many since then
    showed the same."""

    small: bytes
    at_s: float
    same: int


class SceneMeter:
    """Of one session, which may have begun in another process: then `anchor` is where that one stopped."""

    def __init__(self, reference: Reference | None = None, anchor: Anchor | None = None) -> None:
        """Raises ValueError where the anchor has another size."""
        self._reference = reference or Reference()
        self._read: tuple[bytes | None, Gradients | None] = None, None
        self._anchor: Pixels | None = None
        self._anchored_s = 0.0
        self._same = 0
        if anchor is not None:
            self._anchor = np.frombuffer(anchor.small, np.uint8).reshape(SIZE[::-1])
            self._anchored_s, self._same = anchor.at_s, anchor.same

    def measure(self, luma: Pixels, now: float) -> Scene:
        """`luma` of any size and shape, pictures in their order; `now` in seconds of a monotonic clock."""
        small = shrunk(luma)
        if self._anchor is not None and difference(small, self._anchor) <= SAME:
            self._same += 1
        else:
            self._anchor, self._anchored_s, self._same = small, now, 0
        good = self._good()
        return Scene(
            same=self._same,
            same_s=round(max(0.0, now - self._anchored_s), 3),
            light=round(light(small) / 255, 4),
            compared=None if good is None else compared(good, gradients(small)),
        )

    @property
    def small(self) -> bytes:
        """Of the anchor, as raw bytes; none before the first picture."""
        return b"" if self._anchor is None else self._anchor.tobytes()

    def _good(self) -> Gradients | None:
        jpeg = self._reference.jpeg
        if jpeg is not self._read[0]:
            self._read = jpeg, None if jpeg is None else snapshot_gradients(jpeg)
        return self._read[1]


def light(small: Pixels) -> int:
    """The grey level that a tenth of the pixels is brighter than: by counting, as sorting takes fifty times as long."""
    below = np.cumsum(np.bincount(small.ravel(), minlength=256))
    return int(np.searchsorted(below, round(LIGHT * (small.size - 1)), side="right"))


def shrunk(luma: Pixels) -> Pixels:
    """To SIZE, whatever shape it had."""
    return np.asarray(cv2.resize(luma, SIZE, interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=REFERENCES)
def snapshot_gradients(jpeg: bytes) -> Gradients | None:
    """None if it cannot be decoded."""
    luma = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return None if luma is None else gradients(shrunk(np.asarray(luma, np.uint8)))


def gradients(small: Pixels) -> Gradients:
    """Their size in the logarithm of the picture: a light that goes on or off changes them little."""
    logarithm = np.log(small.astype(np.float32) + BLACK)
    across, along = cv2.Sobel(logarithm, cv2.CV_32F, 1, 0), cv2.Sobel(logarithm, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, along), np.float32)


def compared(good: Gradients, now: Gradients) -> Compared:
    """Median of the shifts of tiles by phase correlation: people who come and go move some tiles and not the median.

    Tiles in which there is nothing say nothing: correlated they would lie half a tile beside themselves.
    """
    both = zip(tiles(good), tiles(now), strict=True)
    pairs = [pair for pair in both if all(float((each * WINDOW).mean()) > EMPTY for each in pair)]
    if len(pairs) < LEAST_TILES:
        return Compared(right=0.0, down=0.0, agreeing=1.0, lost=lost(good, now))
    shifts = np.array([shift(one, other) for one, other in pairs])
    middle = np.median(shifts, axis=0)
    agreeing = float(np.mean(np.hypot(*(shifts - middle).T) < AGREE))
    return Compared(
        right=round(float(middle[0]), 3), down=round(float(middle[1]), 3), agreeing=agreeing, lost=lost(good, now)
    )


def tiles(whole: Gradients) -> list[Gradients]:
    """Row by row."""
    width, height = SIZE[0] // COLUMNS, SIZE[1] // ROWS
    return [
        np.ascontiguousarray(whole[row * height : (row + 1) * height, column * width : (column + 1) * width])
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


WINDOW = cv2.createHanningWindow((SIZE[0] // COLUMNS, SIZE[1] // ROWS), cv2.CV_32F)


def shift(one: Gradients, other: Gradients) -> tuple[float, float]:
    """Right and down, pixels."""
    (right, down), _ = cv2.phaseCorrelate(one, other, WINDOW)
    return right, down


def lost(good: Gradients, now: Gradients) -> float:
    """Share of the parts with outlines that have hardly any now."""
    before = cv2.resize(good, OUTLINED, interpolation=cv2.INTER_AREA)
    after = cv2.resize(now, OUTLINED, interpolation=cv2.INTER_AREA)
    outlined = before > LEAST_OUTLINE
    if not outlined.any():
        return 0.0
    return round(float(np.mean((after < LOST * before)[outlined])), 4)


def difference(one: Pixels, other: Pixels) -> float:
    """Grey levels by which the parts of two pictures differ, but for those that differ most."""
    parts = cv2.resize(cv2.absdiff(one, other).astype(np.float32), PARTS, interpolation=cv2.INTER_AREA)
    return float(np.sort(parts, axis=None)[round(MOSTLY * (parts.size - 1))])


def warm_up() -> None:
    """Measure once: numpy imports some of its modules when they are needed first, and a sandbox has no files."""
    full = (np.add.outer(np.arange(SIZE[1]) ** 2, np.arange(SIZE[0]) * 7) % 251).astype(np.uint8)
    reference = Reference()
    reference.jpeg = bytes(cv2.imencode(".jpg", cv2.resize(full, (2 * SIZE[0], 2 * SIZE[1])))[1].data)
    meter = SceneMeter(reference)
    for at_s, picture in enumerate((full, np.zeros_like(full), full[::-1])):  # empty tiles are not compared
        meter.measure(picture, float(at_s))
    SceneMeter(reference, Anchor(meter.small, -1.0, 1)).measure(full, 0.0)
