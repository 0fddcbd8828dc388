"""Which tables of a new drawing are those of the version before, and what became of the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from api.model.overlaps import Overlaps
from tablewatch_schemas.layout import LayoutTable

LEAST_IOU = 0.3
"""Outlines that share less are not the same table, whatever else there is."""
SAME_LABEL = 0.5
"""What an equal label is worth, as IoU: less than standing at the same place, more than standing at the next one."""
MOSTLY = 0.5
"""From this share on an outline lies in another."""
UNCHANGED = 0.9
"""A table that covers this much of what it was has neither swallowed nor lost another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutChanges:
    """What a version did to the tables of the one before, by id. `kept` and `new` make up the version."""

    kept: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    merged_from: Mapping[str, tuple[str, ...]]
    """By table: those of before that lie in it, itself among them if it kept an id; two at least."""
    split_from: Mapping[str, str]
    """By new table: the one of before that it is a part of."""


def matched(overlaps: Overlaps, older: Sequence[str], newer: Sequence[str]) -> dict[int, int]:
    """By index of a newer table the index of the older one that it is; labels of both are given.

    The assignment with the highest sum of IoU and SAME_LABEL (Kuhn and Munkres; scipy's is that of Crouse 2016). Pairs
    with less than LEAST_IOU count only where the labels are equal.
    """
    same = _equal(older, newer)
    iou = overlaps.iou
    worth = np.where(same | (iou >= LEAST_IOU), iou + SAME_LABEL * same, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return {int(j): int(i) for i, j in zip(rows, columns, strict=True) if worth[i, j] > 0}


def layout_changes(older: Sequence[LayoutTable], newer: Sequence[LayoutTable], overlaps: Overlaps) -> LayoutChanges:
    """From the tables of two versions and what their zones share."""
    before, after = [each.table_id for each in older], [each.table_id for each in newer]
    pairs = _Pairs(before, after, overlaps)
    return LayoutChanges(
        kept=tuple(each for each in after if each in pairs.row),
        new=tuple(each for each in after if each not in pairs.row),
        retired=tuple(each for each in before if each not in pairs.column),
        merged_from=dict(pairs.merged()),
        split_from=dict(pairs.split()),
    )


class _Pairs:
    """The tables of two versions side by side."""

    def __init__(self, before: Sequence[str], after: Sequence[str], overlaps: Overlaps) -> None:
        self.before, self.after = before, after
        self.row = {table_id: i for i, table_id in enumerate(before)}
        self.column = {table_id: j for j, table_id in enumerate(after)}
        self.covered, self.inside = overlaps.of_older, overlaps.of_newer

    def merged(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for j, table_id in enumerate(self.after):
            parts = tuple(each for i, each in enumerate(self.before) if self._went_into(i, j))
            if len(parts) > 1:
                yield table_id, parts

    def split(self) -> Iterator[tuple[str, str]]:
        parts = {i: [j for j in range(len(self.after)) if self._came_out_of(j, i)] for i in range(len(self.before))}
        for i, found in parts.items():
            if len(found) > 1:
                yield from ((self.after[j], self.before[i]) for j in found if self.after[j] not in self.row)

    def _went_into(self, i: int, j: int) -> bool:
        """An older table that is mostly in a newer one, and is it, larger than before, or is no more."""
        if self.before[i] == self.after[j]:
            return bool(self.covered[i, j] >= MOSTLY and self.inside[i, j] < UNCHANGED)
        return bool(self.covered[i, j] >= MOSTLY and self.before[i] not in self.column)

    def _came_out_of(self, j: int, i: int) -> bool:
        """A newer table that is mostly in an older one, and is it, smaller than before, or is new."""
        if self.before[i] == self.after[j]:
            return bool(self.inside[i, j] >= MOSTLY and self.covered[i, j] < UNCHANGED)
        return bool(self.inside[i, j] >= MOSTLY and self.after[j] not in self.row)


def _equal(older: Sequence[str], newer: Sequence[str]) -> NDArray[np.bool_]:
    numbers = {label: number for number, label in enumerate({*older, *newer})}
    one, other = (np.array([numbers[label] for label in labels], dtype=int) for labels in (older, newer))
    equal: NDArray[np.bool_] = one[:, None] == other[None, :]
    return equal
