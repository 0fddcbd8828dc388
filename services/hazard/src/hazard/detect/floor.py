"""The floor of one camera as a background model: what changed on it and stands still.

Method: floor polygon, people masked, illumination normalised, stationary change. Works at half size. The only file of
this service that imports cv2. Boxes are relative to the picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hazard.geometry import Box, Polygon, with_margin

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]

_NEVER = -1


@dataclass(frozen=True, slots=True)
class FloorOptions:
    """Steps are distances in 8-bit CIE Lab; times milliseconds of capture time; areas shares of the picture.

    `width` is the size, in pixels, at which the work is done. `follow_ms` is the time constant with which the
    background follows the light, `report_ms` how long a change stands still before it is reported.
    """

    width: int = 640
    chroma_step: float = 6.0
    luma_step: float = 12.0
    still_step: float = 7.0
    warm_up_frames: int = 5
    follow_ms: int = 60_000
    report_ms: int = 5_000
    min_area: float = 0.0008
    max_area: float = 0.2


@dataclass(frozen=True, slots=True)
class Blob:
    """One area that changed and has stood still for `still_ms`; `area` is its share of the picture, `contrast` its mean
    distance from the background. `solidity` is its share of its box."""

    box: Box
    area: float
    still_ms: int
    coloured: bool
    contrast: float
    solidity: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Of the floor's pixels from the background: where the colour is another, where anything is, and by how much."""

    coloured: Mask
    differs: Mask
    distance: Plane


@dataclass(frozen=True, slots=True)
class Comparison:
    """A frame beside the background; `difference` None: there is none yet. Whether the people in it may matter."""

    lab: Plane
    needs_people: bool
    difference: Difference | None = None


def decode_picture(jpeg: bytes) -> Picture | None:
    """BGR picture, or None when the bytes are no picture."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(picture, np.uint8)


class Floor:
    """Takes the frames of one stream in order. Deterministic: the same frames give the same blobs."""

    def __init__(self, polygons: Sequence[Polygon], width: int, height: int, options: FloorOptions) -> None:
        self._options = options
        self._size = (options.width, max(1, round(height * options.width / width)))
        whole = _filled(polygons, (self._size[1], self._size[0]))
        # Only the rectangle around the floor is worked on.
        self._left, self._top, columns, rows = cv2.boundingRect(whole.astype(np.uint8))
        self._window = slice(self._top, self._top + max(1, rows)), slice(self._left, self._left + max(1, columns))
        self._floor = whole[self._window]
        shape = self._floor.shape
        self._warm_up: list[tuple[Plane, Mask]] = []
        self._background: Plane = np.zeros((*shape, 3), np.float32)
        self._has_background: Mask = np.zeros(shape, bool)
        self._look: Plane = np.zeros((*shape, 3), np.float32)
        self._still_since: NDArray[np.int64] = np.full(shape, _NEVER, np.int64)
        self._chromatic: Mask = np.zeros(shape, bool)
        self._newest_ms = _NEVER

    @property
    def warming_up(self) -> bool:
        """Whether there is no background yet to compare with."""
        return len(self._warm_up) < self._options.warm_up_frames

    def update(self, picture: Picture, at_ms: int, people: Callable[[], Sequence[Box]]) -> list[Blob]:
        """`compare` and `learn`. `people` is called only when the result may depend on it: it costs most."""
        comparison = self.compare(picture)
        return self.learn(comparison, at_ms, people() if comparison.needs_people else ())

    def compare(self, picture: Picture) -> Comparison:
        """How one more frame differs from the background. Changes nothing."""
        lab = self._lab(picture)
        if self.warming_up:
            return Comparison(lab, needs_people=True)
        lab = _with_light_of(lab, self._background, self._has_background)
        chroma, luma = _distance(lab, self._background)
        coloured = chroma > self._options.chroma_step
        differs = self._floor & (coloured | (luma > self._options.luma_step))
        unknown = self._floor & ~self._has_background
        may_matter = bool(_without_specks(differs & self._has_background).any() or unknown.any())
        return Comparison(lab, may_matter, Difference(coloured, differs, np.maximum(chroma, luma)))

    def learn(self, comparison: Comparison, at_ms: int, people: Sequence[Box]) -> list[Blob]:
        """The frame of the newest comparison, captured at `at_ms`, with the people in it where it needs them; the areas
        that changed and stand still, largest first."""
        lab, visible, difference = comparison.lab, self._visible(people), comparison.difference
        if difference is None:
            self._collect(lab, visible)
            self._newest_ms = at_ms
            return []
        changed = visible & self._has_background & difference.differs
        self._still_since[~visible & (self._still_since != _NEVER)] += at_ms - self._newest_ms
        self._track_still(lab, _without_specks(changed), visible, at_ms)
        self._chromatic = np.where(visible, difference.coloured, self._chromatic)
        self._follow_light(lab, visible & ~changed, at_ms)
        self._newest_ms = at_ms
        return self._blobs(at_ms, difference.distance)

    def _lab(self, picture: Picture) -> Plane:
        """The floor's rectangle in CIE Lab, 8-bit steps, smoothed against sensor noise; height x width x 3."""
        small = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)[self._window]
        return np.asarray(cv2.cvtColor(cv2.GaussianBlur(small, (5, 5), 0), cv2.COLOR_BGR2LAB), np.float32)

    def _visible(self, people: Sequence[Box]) -> Mask:
        """The floor without people and one body width around each."""
        columns, rows = self._size
        mask = self._floor.copy()
        for x1, y1, x2, y2 in map(with_margin, people):
            across = slice(max(0, int(x1 * columns) - self._left), max(0, int(np.ceil(x2 * columns)) - self._left))
            down = slice(max(0, int(y1 * rows) - self._top), max(0, int(np.ceil(y2 * rows)) - self._top))
            mask[down, across] = False
        return mask

    def _collect(self, lab: Plane, visible: Mask) -> None:
        """Warm-up: the background is the median of the first frames where nobody stood."""
        self._warm_up.append((lab, visible))
        if self.warming_up:
            return
        stack = np.stack([np.where(visible[..., None], frame, np.nan) for frame, visible in self._warm_up])
        self._has_background = np.any([visible for _, visible in self._warm_up], axis=0)
        self._background[self._has_background] = np.nanmedian(stack[:, self._has_background], axis=0)
        self._warm_up = [(np.zeros(0, np.float32), np.zeros(0, bool))] * self._options.warm_up_frames

    def _track_still(self, lab: Plane, changed: Mask, visible: Mask, at_ms: int) -> None:
        """Since when each changed pixel looks as it does; the time that people hide it does not count."""
        chroma, luma = _distance(lab, self._look)
        like_before = (chroma < self._options.still_step) & (luma < self._options.still_step * 2)
        same_look = changed & (self._still_since != _NEVER) & like_before
        new_look = changed & ~same_look
        self._still_since[new_look] = at_ms
        self._still_since[visible & ~changed] = _NEVER
        self._look[new_look] = lab[new_look]
        self._look[same_look] += 0.2 * (lab[same_look] - self._look[same_look])

    def _follow_light(self, lab: Plane, unchanged: Mask, at_ms: int) -> None:
        """The background follows daylight where nothing lies, and gains floor that is visible for the first time."""
        fresh = unchanged & ~self._has_background
        self._background[fresh] = lab[fresh]
        self._has_background |= fresh
        share = np.float32(1 - np.exp(-max(0, at_ms - self._newest_ms) / self._options.follow_ms))
        self._background[unchanged] += share * (lab[unchanged] - self._background[unchanged])

    def _blobs(self, at_ms: int, distance: Plane) -> list[Blob]:
        still = (self._still_since != _NEVER) & (at_ms - self._still_since >= self._options.report_ms)
        mask = _without_specks(still).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        total = float(self._size[0] * self._size[1])
        found = []
        for number in range(1, count):
            left, top, width, height, pixels = (int(value) for value in stats[number])
            if self._options.min_area <= pixels / total <= self._options.max_area:
                part = (labels == number) & still
                found.append(self._blob(part, (left, top, width, height), at_ms, distance))
        return sorted(found, key=lambda blob: (-blob.area, blob.box))

    def _blob(self, part: Mask, rectangle: tuple[int, int, int, int], at_ms: int, distance: Plane) -> Blob:
        left, top, width, height = rectangle[0] + self._left, rectangle[1] + self._top, *rectangle[2:]
        columns, rows = self._size
        box = (left / columns, top / rows, (left + width) / columns, (top + height) / rows)
        pixels = int(part.sum())
        return Blob(
            box=tuple(round(value, 5) for value in box),  # type: ignore[arg-type]
            area=pixels / (columns * rows),
            # Its oldest quarter: a puddle grows, and its edge is younger than its middle.
            still_ms=at_ms - int(np.quantile(self._still_since[part], 0.25)),
            coloured=bool(self._chromatic[part].mean() > 0.5),
            contrast=float(distance[part].mean()),
            solidity=pixels / max(1, width * height),
        )


def _with_light_of(lab: Plane, background: Plane, where: Mask) -> Plane:
    """The frame as it would look in the background's light: one gain of luma, one shift of each chroma."""
    if int(where.sum()) < 100:
        return lab
    gain = float(np.median(background[where][:, 0] / np.maximum(lab[where][:, 0], 1)))
    shift = np.median(background[where][:, 1:] - lab[where][:, 1:], axis=0)
    lit = lab.copy()
    lit[..., 0] *= np.float32(min(1.6, max(0.6, gain)))
    lit[..., 1:] += shift.astype(np.float32)
    return lit


def _distance(lab: Plane, other: Plane) -> tuple[Plane, Plane]:
    """Distances of colour and of lightness, in 8-bit steps."""
    difference = lab - other
    return np.hypot(difference[..., 1], difference[..., 2]), np.abs(difference[..., 0])


def _without_specks(mask: Mask) -> Mask:
    """Without specks, with small holes closed."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel), bool)


def _filled(polygons: Sequence[Polygon], shape: tuple[int, ...]) -> Mask:
    canvas = np.zeros(shape[:2], np.uint8)
    for polygon in polygons:
        points = np.array([(x * shape[1], y * shape[0]) for x, y in polygon]).round().astype(np.int32)
        cv2.fillPoly(canvas, [points], 1)
    return np.asarray(canvas, bool)
