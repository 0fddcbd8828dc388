"""Whether a proposed layout is shown, and what is kept of what was decided about it. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from api.model.layouts import standing_proposal
from api.model.types import Json
from tablewatch_schemas.layout import Layout

Decision = Literal["accepted", "mended", "dismissed"]
SAME = 12 / 1920
"""Shares of the width: two moves that bring every corner this near are one; so near two pictures have to agree before
a layout is proposed (0085)."""
SHORT = ("made_at", "code", "reason", "lost_table_ids")


class Decided(NamedTuple):
    """An earlier decision."""

    proposal_id: str
    decision: str
    layout_version: int
    transform: Sequence[float] | None


def undecided(camera: Json, status: Json | None, layout: Layout | None, decided: Iterable[Decided]) -> Json | None:
    """The proposal of a camera's status, unless somebody decided about it, or dismissed one of the same places."""
    proposal = standing_proposal(camera, status)
    if proposal is None or layout is None or any(_covers(each, proposal, layout) for each in decided):
        return None
    return proposal


def _covers(decided: Decided, proposal: Json, layout: Layout) -> bool:
    if decided.proposal_id == proposal["proposal_id"]:
        return True
    if decided.decision != "dismissed" or decided.layout_version != proposal["layout_version"]:
        return False
    one, other = decided.transform, proposal["transform"]
    return one is not None and other is not None and same_places(layout, one, other)


def same_places(layout: Layout, one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two homographies (9 numbers, row by row) bring the corners of all tables to the same places."""
    corners = [point for table in layout.tables for point in table.polygon]
    return all(distance < SAME for distance in _distances(corners, one, other, layout.width / layout.height))


def _distances(
    corners: Sequence[tuple[float, float]], one: Sequence[float], other: Sequence[float], aspect: float
) -> Iterator[float]:
    """Shares of the width; infinite where one of them brings a corner behind the camera."""
    for corner in corners:
        a, b = _moved(one, corner), _moved(other, corner)
        yield math.inf if a is None or b is None else math.hypot(a[0] - b[0], (a[1] - b[1]) / aspect)


def _moved(h: Sequence[float], point: tuple[float, float]) -> tuple[float, float] | None:
    x, y = point
    w = h[6] * x + h[7] * y + h[8]
    if w <= 0:
        return None
    return (h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w
