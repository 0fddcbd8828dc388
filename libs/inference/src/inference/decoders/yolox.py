"""YOLOX (Apache-2.0, Megvii): no anchors, a row a cell of three grids; BGR 0..255, aspect kept, padded with 114."""

from __future__ import annotations

import functools

import numpy as np

from inference.boxes import Array, from_centers
from inference.decoders.decoder import BadOutputs, Feeds, Found, select
from inference.decoders.fit import Fit, Picture, pad, pad_into, planes

STRIDES = (8, 16, 32)
BOX_AND_OBJECTNESS = 5


class YoloxDecoder:
    """``classes``: how many. ``long_side`` in pixels, of a graph whose height and width are free; ``fixed``: width and
    height of its input where they are not.

    One output, 1 x cells x (5 + classes): centre relative to the cell, log of the size, objectness, classes; box in
    strides. Source: ``demo/ONNXRuntime`` of YOLOX.
    """

    outputs: tuple[str, ...] | None = None
    nms_iou: float | None = 0.45  # as in the demo; 0.6 lets a second box of one body through

    def __init__(self, classes: int, long_side: int, fixed: tuple[int, int] | None = None) -> None:
        self._columns, self._long_side, self._fixed = BOX_AND_OBJECTNESS + classes, long_side, fixed

    def feeds(self, bgr: Picture) -> tuple[Feeds, Fit]:
        picture, fit = pad_into(bgr, *self._fixed) if self._fixed else pad(bgr, self._long_side, STRIDES[-1])
        return {"": planes(picture)}, fit

    def read(self, outputs: list[Array], fit: Fit, min_score: float) -> Found:
        cells = _grid(fit.input_width, fit.input_height)
        if [output.shape[1:] for output in outputs] != [(len(cells), self._columns)]:
            raise BadOutputs(f"YOLOX has one output of 1 x {len(cells)} x {self._columns}, this {_shapes(outputs)}")
        rows = outputs[0][0]
        likely = rows[:, 4] > min_score  # a score is objectness times class, so at most objectness
        rows, cells = rows[likely], cells[likely]
        scores = rows[:, BOX_AND_OBJECTNESS:] * rows[:, 4:5]
        chosen, classes = select(scores, min_score)
        rows, cells = rows[chosen], cells[chosen]
        stride = cells[:, 2:]
        boxes = from_centers((rows[:, :2] + cells[:, :2]) * stride, np.exp(rows[:, 2:4]) * stride)
        return Found(fit.relative(boxes), scores[chosen, classes], classes)


@functools.lru_cache(maxsize=16)  # cameras have few sizes
def _grid(width: int, height: int) -> Array:
    """Column, row and stride of every cell, in the order of the output's rows."""
    grids = []
    for stride in STRIDES:
        ys, xs = np.mgrid[: height // stride, : width // stride]
        grids.append(np.stack([xs.ravel(), ys.ravel(), np.full(xs.size, stride)], axis=1))
    return np.concatenate(grids).astype(np.float32)


def _shapes(outputs: list[Array]) -> str:
    return " and ".join(" x ".join(map(str, output.shape)) for output in outputs) or "none"
