"""D-FINE and RT-DETR (Apache-2.0): transformers that need no suppression; RGB 0..1, squeezed."""

from __future__ import annotations

import numpy as np

from inference.boxes import Array, from_centers
from inference.decoders.decoder import BadOutputs, Feeds, Found, select
from inference.decoders.fit import Fit, Picture, planes, squeeze

SIZES = "orig_target_sizes"


class DfineDecoder:
    """``size``: width and height of the input; ``sized``: the graph has the input ``orig_target_sizes`` as well.

    Outputs either as the authors' export has them, ``labels`` 1 x N, ``boxes`` 1 x N x 4 (corners, in the sizes that
    were given) and ``scores`` 1 x N; or raw, ``logits`` 1 x N x classes and ``pred_boxes`` 1 x N x 4 (centre and
    size, relative).
    """

    outputs: tuple[str, ...] | None = None
    nms_iou: float | None = None

    def __init__(self, size: tuple[int, int], sized: bool) -> None:
        self._size, self._sized = size, sized

    def feeds(self, bgr: Picture) -> tuple[Feeds, Fit]:
        picture, fit = squeeze(bgr, *self._size)
        feeds: dict[str, np.typing.NDArray[np.generic]] = {"": np.ascontiguousarray(planes(picture)[:, ::-1] / 255.0)}
        if self._sized:
            feeds[SIZES] = np.array([self._size], np.int64)
        return feeds, fit

    def read(self, outputs: list[Array], fit: Fit, min_score: float) -> Found:
        shapes = [output.shape for output in outputs]
        if len(outputs) == 3 and outputs[1].ndim == 3 and outputs[0].shape == outputs[2].shape == outputs[1].shape[:2]:
            return _exported(outputs, fit, min_score)
        if len(outputs) == 2 and all(output.ndim == 3 for output in outputs) and outputs[1].shape[2] == 4:
            return _raw(outputs, min_score)
        raise BadOutputs(f"D-FINE has labels, boxes and scores, or logits and pred_boxes; this {shapes}")


def _exported(outputs: list[Array], fit: Fit, min_score: float) -> Found:
    labels, boxes, scores = (output[0] for output in outputs)
    likely = scores > min_score
    return Found(fit.relative(boxes[likely]), scores[likely], labels[likely].astype(np.int64))


def _raw(outputs: list[Array], min_score: float) -> Found:
    logits, boxes = (output[0] for output in outputs)
    scores = 1 / (1 + np.exp(-logits))
    rows, classes = select(scores, min_score)
    return Found(from_centers(boxes[rows, :2], boxes[rows, 2:]), scores[rows, classes], classes)
