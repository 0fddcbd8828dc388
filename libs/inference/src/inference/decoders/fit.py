"""Putting a picture of any size into a model's input, and finding its coordinates again."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.boxes import Array

Picture = NDArray[np.uint8]  # H x W x 3, BGR
GREY = 114  # what YOLOX was trained to see around a picture


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in a model's input: in its upper left corner, ``width`` x ``height`` pixels of it.

    ``input_width``, ``input_height`` are those of the whole input.
    """

    width: int
    height: int
    input_width: int
    input_height: int

    def relative(self, boxes: Array) -> Array:
        """Boxes in pixels of the input -> relative to the picture."""
        return np.asarray(boxes / np.array([self.width, self.height, self.width, self.height]), np.float32)


def squeeze(bgr: Picture, width: int, height: int) -> tuple[Picture, Fit]:
    """Resized to exactly that size, whatever its aspect. Area averaging when shrinking: sampling loses small people."""
    shrinks = bgr.shape[0] > height and bgr.shape[1] > width
    resized = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8), Fit(width, height, width, height)


def pad(bgr: Picture, long_side: int, multiple: int) -> tuple[Picture, Fit]:
    """Resized to that long side with its aspect kept, and padded below and on the right to a multiple."""
    scaled = _scaled(bgr, long_side / max(bgr.shape[:2]))
    return _padded(scaled, _up(scaled.shape[1], multiple), _up(scaled.shape[0], multiple))


def pad_into(bgr: Picture, width: int, height: int) -> tuple[Picture, Fit]:
    """Resized to fit into exactly that size with its aspect kept, and padded below or on the right."""
    return _padded(_scaled(bgr, min(width / bgr.shape[1], height / bgr.shape[0])), width, height)


def _scaled(bgr: Picture, scale: float) -> Picture:
    """Sampled down to half the size, which finds as many as averaging; from below that, halved by averages before.

    Averaging from 1080p straight to 832 takes 10 ms, two by two pixels and then sampling 1.5.
    """
    height, width = max(1, round(bgr.shape[0] * scale)), max(1, round(bgr.shape[1] * scale))
    while min(bgr.shape[0] / height, bgr.shape[1] / width) > 2:
        half = max(1, bgr.shape[1] // 2), max(1, bgr.shape[0] // 2)
        bgr = np.asarray(cv2.resize(bgr, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(bgr, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def planes(picture: Picture) -> Array:
    """H x W x 3 -> 1 x 3 x H x W of floats, values and order of channels as they are."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)


def _padded(picture: Picture, width: int, height: int) -> tuple[Picture, Fit]:
    canvas = np.full((height, width, 3), GREY, np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas, Fit(picture.shape[1], picture.shape[0], width, height)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
