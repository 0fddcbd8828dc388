"""NanoDet and NanoDet-Plus (Apache-2.0, RangiLyu): a row a cell, a side of a box as a distribution; BGR normalised."""

from __future__ import annotations

import numpy as np

from inference.boxes import Array
from inference.decoders.decoder import BadOutputs, Feeds, Found, select
from inference.decoders.fit import Fit, Picture, pad_into, planes

MEAN = np.array([103.53, 116.28, 123.675], np.float32).reshape(1, 3, 1, 1)
DEVIATION = np.array([57.375, 57.12, 58.395], np.float32).reshape(1, 3, 1, 1)
# strides, and where in its cell a point lies: NanoDet-Plus added a level and moved the points to the corner
HEADS = (((8, 16, 32), 0.5), ((8, 16, 32, 64), 0.0))


class NanodetDecoder:
    """``size``: width and height of the input; ``classes``: how many.

    One output, 1 x cells x (classes + 4 x bins): class scores (0..1), then for left, top, right and bottom the logits
    of the distance in strides. Source: ``nanodet/model/head`` of NanoDet.
    """

    outputs: tuple[str, ...] | None = None
    nms_iou: float | None = 0.6

    def __init__(self, size: tuple[int, int], classes: int) -> None:
        self._size, self._classes = size, classes

    def feeds(self, bgr: Picture) -> tuple[Feeds, Fit]:
        picture, fit = pad_into(bgr, *self._size)
        return {"": (planes(picture) - MEAN) / DEVIATION}, fit

    def read(self, outputs: list[Array], fit: Fit, min_score: float) -> Found:
        rows, points = self._checked(outputs)
        chosen, classes = select(rows[:, : self._classes], min_score)
        scores, points = rows[chosen, classes], points[chosen]
        sides = distances(rows[chosen, self._classes :]) * points[:, 2:]
        boxes = np.concatenate([points[:, :2] - sides[:, :2], points[:, :2] + sides[:, 2:]], axis=1)
        return Found(fit.relative(boxes), scores, classes)

    def _checked(self, outputs: list[Array]) -> tuple[Array, Array]:
        """The rows, and a point (x, y, stride) for each. Raises BadOutputs."""
        grids = [_points(*self._size, strides, offset) for strides, offset in HEADS]
        shapes = [output.shape for output in outputs]
        if len(outputs) == 1 and outputs[0].ndim == 3:
            rows = outputs[0][0]
            bins = rows.shape[1] - self._classes
            for points in grids:
                if len(points) == len(rows) and bins >= 8 and bins % 4 == 0:
                    return rows, points
        cells = " or ".join(str(len(points)) for points in grids)
        raise BadOutputs(f"NanoDet has one output of 1 x {cells} x ({self._classes} + 4 x bins), this {shapes}")


def distances(logits: Array) -> Array:
    """N x (4 x bins) logits -> N x 4, the mean of each side's distribution, in strides."""
    sides = logits.reshape(len(logits), 4, logits.shape[1] // 4)
    weights = np.exp(sides - sides.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return np.asarray(weights @ np.arange(sides.shape[2], dtype=np.float32), np.float32)


def _points(width: int, height: int, strides: tuple[int, ...], offset: float) -> Array:
    points = []
    for stride in strides:
        ys, xs = np.mgrid[: -(-height // stride), : -(-width // stride)]
        x, y = (xs.ravel() + offset) * stride, (ys.ravel() + offset) * stride
        points.append(np.stack([x, y, np.full(xs.size, stride)], axis=1))
    return np.concatenate(points).astype(np.float32)
