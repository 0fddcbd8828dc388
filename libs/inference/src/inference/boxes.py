"""Boxes as arrays: N x 4 of (x1, y1, x2, y2), relative to the picture. Pure."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def suppress(boxes: Array, scores: Array, classes: NDArray[Any], iou: float) -> list[int]:
    """Non-maximum suppression within each class; the indices that remain, best score first."""
    corners_and_sizes: Any = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1, dtype=np.float64)
    values: Any = scores
    kinds: Any = classes.astype(np.int32)
    return [int(index) for index in cv2.dnn.NMSBoxesBatched(corners_and_sizes, values, kinds, 0.0, iou)]


def intersection_over_union(box: Array, others: Array) -> Array:
    """Intersection over union of one box with N others."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    inside = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - inside
    return np.asarray(inside / np.maximum(area, 1e-9), np.float32)


def from_centers(centers: Array, sizes: Array) -> Array:
    """Boxes of those centres (x, y) and sizes (width, height); N x 2 each."""
    return np.concatenate([centers - sizes / 2, centers + sizes / 2], axis=1)
