"""SSD as TensorFlow's Object Detection API exports it, cut before its own post-processing; RGB -1..1, squeezed."""

from __future__ import annotations

import numpy as np

from inference.boxes import Array
from inference.decoders.decoder import BadOutputs, Feeds, Found, select
from inference.decoders.fit import Fit, Picture, planes, squeeze

CODE_SCALES = np.array([10, 10, 5, 5], np.float32)  # box coder of the TensorFlow Object Detection API
BACKGROUND = 1  # its class 0


class SsdDecoder:
    """``size``: width and height of the input.

    Outputs by name: ``box_codes`` 1 x N x (1 x) 4, ``class_logits`` 1 x N x (1 + classes), ``anchors`` (1 x) N x 4
    as (y1, x1, y2, x2). Class 0 is the background.
    """

    outputs: tuple[str, ...] | None = ("box_codes", "class_logits", "anchors")
    nms_iou: float | None = 0.5

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size

    def feeds(self, bgr: Picture) -> tuple[Feeds, Fit]:
        picture, fit = squeeze(bgr, *self._size)
        return {"": np.ascontiguousarray(planes(picture)[:, ::-1] / 127.5 - 1.0)}, fit

    def read(self, outputs: list[Array], fit: Fit, min_score: float) -> Found:
        codes, logits, anchors = _checked(outputs)
        rows, classes = select(logits[:, BACKGROUND:], float(np.log(min_score / (1 - min_score))))
        scores = np.asarray(1 / (1 + np.exp(-logits[rows, classes + BACKGROUND])), np.float32)
        return Found(decode(codes[rows], anchors[rows]), scores, classes + BACKGROUND)


def decode(codes: Array, anchors: Array) -> Array:
    """Codes (ty, tx, th, tw) about anchors (y1, x1, y2, x2) -> boxes (x1, y1, x2, y2); N x 4 each."""
    height, width = anchors[:, 2] - anchors[:, 0], anchors[:, 3] - anchors[:, 1]
    ty, tx, th, tw = (codes / CODE_SCALES).T
    cy = ty * height + (anchors[:, 0] + anchors[:, 2]) / 2
    cx = tx * width + (anchors[:, 1] + anchors[:, 3]) / 2
    half_h, half_w = np.exp(th) * height / 2, np.exp(tw) * width / 2
    return np.stack([cx - half_w, cy - half_h, cx + half_w, cy + half_h], axis=1)


def _checked(outputs: list[Array]) -> tuple[Array, Array, Array]:
    """Codes, logits and anchors with a row each. Raises BadOutputs."""
    codes, logits, anchors = outputs
    rows = anchors.size // 4
    if anchors.size != 4 * rows or codes.size != 4 * rows or not rows or logits.size % rows:
        shapes = [output.shape for output in outputs]
        raise BadOutputs(f"SSD has box_codes N x 4, class_logits N x classes, anchors N x 4, this {shapes}")
    return codes.reshape(rows, 4), logits.reshape(rows, -1), anchors.reshape(rows, 4)
