"""The interface of a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference.boxes import Array
from inference.decoders.fit import Fit

Feeds = Mapping[str, NDArray[Any]]
"""Tensors by the name of the graph's input; the one named "" goes to its first."""


class BadOutputs(Exception):
    """The outputs of a model do not have the shape that its decoder reads; the message says which it found."""


@dataclass(frozen=True, slots=True)
class Found:
    """``boxes`` N x 4, relative to the picture; ``scores`` N, 0..1; ``classes`` N, indices into the list of classes."""

    boxes: Array
    scores: Array
    classes: NDArray[np.int64]


class Decoder(Protocol):
    """``outputs`` are the names of those it reads, None: all, in the graph's order."""

    outputs: tuple[str, ...] | None
    nms_iou: float | None
    """Overlap beyond which the worse of two boxes of one class is left out; None: the model does it itself."""

    def feeds(self, bgr: NDArray[np.uint8]) -> tuple[Feeds, Fit]:
        """The input of one picture, and how the picture lies in it."""

    def read(self, outputs: list[Array], fit: Fit, min_score: float) -> Found:
        """What was found with at least that score. Raises BadOutputs."""


def select(scores: Array, min_score: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and class of each score (rows x classes) above ``min_score``."""
    rows, classes = np.nonzero(scores > min_score)
    return rows, classes
