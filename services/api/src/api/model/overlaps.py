"""How much of the picture outlines of two versions of a layout share. Pure; slow enough for `api.compute`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from tablewatch_schemas.layout import Polygon

Areas = NDArray[np.float64]
MOST_COMPARED = 24
"""Older outlines that one newer is compared with, those whose bounding boxes share most with its own: tables that stand
apart overlap few, and a drawing in which all lie on all would take seconds."""
_LEAST = 1e-12  # an outline of before the checks may have no area


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Areas in shares of the picture: `shared[i, j]` is what older outline i and newer outline j have in common."""

    shared: Areas
    older: Areas
    newer: Areas

    @property
    def iou(self) -> Areas:
        """Intersection over union of each pair, 0 to 1."""
        shared: Areas = self.shared / (self.older[:, None] + self.newer[None, :] - self.shared)
        return shared

    @property
    def of_older(self) -> Areas:
        """Share of older outline i that newer outline j covers."""
        share: Areas = self.shared / self.older[:, None]
        return share

    @property
    def of_newer(self) -> Areas:
        """Share of newer outline j that lies in older outline i."""
        share: Areas = self.shared / self.newer[None, :]
        return share

    def of(self, older: Sequence[int], newer: Sequence[int]) -> Overlaps:
        """Of these outlines alone, by index."""
        rows, columns = np.array(older, dtype=int), np.array(newer, dtype=int)
        return Overlaps(self.shared[np.ix_(rows, columns)], self.older[rows], self.newer[columns])


def overlaps(older: Sequence[Polygon], newer: Sequence[Polygon]) -> Overlaps:
    """Of their convex hulls: two of those cross in few places, where two combs of 100 points cross in thousands."""
    one, other = _hulls(older), _hulls(newer)
    shared = np.zeros((len(one), len(other)))
    pairs = _compared(shapely.bounds(one), shapely.bounds(other))
    shared[pairs] = shapely.area(shapely.intersection(one[pairs[0]], other[pairs[1]]))
    return Overlaps(shared, _areas(one), _areas(other))


def _hulls(outlines: Sequence[Polygon]) -> NDArray[np.object_]:
    found = np.empty(len(outlines), dtype=object)
    found[:] = [shapely.convex_hull(shapely.Polygon(each)) for each in outlines]
    return found


def _areas(hulls: NDArray[np.object_]) -> Areas:
    areas: Areas = np.maximum(shapely.area(hulls), _LEAST)
    return areas


def _compared(one: Areas, other: Areas) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the pairs that are compared, by bounding boxes (n, 4) of x1 y1 x2 y2."""
    one, other = one.reshape(-1, 1, 4), other.reshape(1, -1, 4)
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    boxes = np.prod(np.maximum(sides, 0.0), axis=-1)
    rank = np.argsort(np.argsort(-boxes, axis=0, kind="stable"), axis=0)
    rows, columns = np.nonzero((boxes > 0) & (rank < MOST_COMPARED))
    return rows, columns
