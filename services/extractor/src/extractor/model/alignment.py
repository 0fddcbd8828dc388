"""Where a moved camera looks now, from two of its pictures, and whether that can be believed. Pure.

`extractor.media.alignment` estimates it. Positions are relative to a picture, 0 to 1, y down, as in layouts. Thresholds
and what they cost: docs/measurements/camera-health.md.
"""

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Natural = Annotated[int, Meta(ge=0)]
Point = tuple[float, float]
Transform = tuple[float, float, float, float, float, float, float, float, float]
"""A homography, row by row, of relative positions."""
Refusal = Literal["not_recognised", "changed_too_much", "not_moved", "tables_out_of_view"]

REFUSALS: dict[Refusal, str] = {
    "not_recognised": "Too little of the earlier picture is found in the present one; draw the tables anew.",
    "changed_too_much": "The camera was turned or zoomed too far to carry its tables over; draw them anew.",
    "not_moved": "What stands still is where it was; is something large moving in the view?",
    "tables_out_of_view": "Most tables are out of the picture; turn the camera back, or draw its tables anew.",
}
LEAST_INLIERS, LEAST_SPREAD = 30, 5
"""Matches that agree on one transform, and the parts of 16 of the earlier picture that they lie in."""
LEAST_ALIKE = 0.25
"""Correlation of the outlines of both pictures, where they overlap."""
MOST_SCALE, MOST_TURN = 1.6, 30.0
"""Times and degrees, anywhere in the picture: outlines of people who sit are no longer drawn right behind it."""
CORNERS: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
CENTRE: Point = (0.5, 0.5)
STEP = 0.01
"""For derivatives, of the picture."""


class Alignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture against an earlier one of the same camera. `transform` leads from the earlier to the present one.

    `inliers`: matches that agree on it; `spread`: in how many of 16 parts of the earlier picture they lie. `alike`:
    correlation of both pictures' outlines, -1 to 1. `aspect`: width by height of both.
    """

    transform: Transform
    inliers: Natural
    spread: Natural
    alike: float
    aspect: Annotated[float, Meta(gt=0)]


class Beyond(ArithmeticError):
    """A position lies on the horizon of a transform, or behind it."""


def moved(transform: Transform, point: Point) -> Point:
    """Where a position is in the present picture. Raises Beyond."""
    (a, b, c, d, e, f, g, h, i), (x, y) = transform, point
    depth = g * x + h * y + i
    if depth <= 1e-6:
        raise Beyond(f"depth {depth}")
    return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


def distrust(alignment: Alignment | None) -> Refusal | None:
    """Why nothing is to be carried over by it; None: it can be believed."""
    if alignment is None or alignment.inliers < LEAST_INLIERS or alignment.spread < LEAST_SPREAD:
        return "not_recognised"
    if not all(map(math.isfinite, (*alignment.transform, alignment.alike))) or alignment.alike < LEAST_ALIKE:
        return "not_recognised"
    try:
        places = [_change(alignment, each) for each in (*CORNERS, CENTRE)]
    except Beyond:
        return "changed_too_much"
    return None if all(map(_is_small, places)) else "changed_too_much"


def _change(alignment: Alignment, at: Point) -> tuple[float, float, float]:
    """Scale across and down, and degrees of turn, of what is at that position."""
    right, down = _derivatives(alignment, at)
    turn = (math.degrees(math.atan2(right[1], right[0])), math.degrees(math.atan2(-down[0], down[1])))
    return math.hypot(*right), math.hypot(*down), max(turn, key=abs)


def _derivatives(alignment: Alignment, at: Point) -> tuple[Point, Point]:
    """In squares: of one step across and one down, in units of the picture's height."""
    (x, y), wide = at, alignment.aspect
    origin, across = moved(alignment.transform, at), moved(alignment.transform, (x + STEP / wide, y))
    below = moved(alignment.transform, (x, y + STEP))
    right = (across[0] - origin[0]) * wide / STEP, (across[1] - origin[1]) / STEP
    down = (below[0] - origin[0]) * wide / STEP, (below[1] - origin[1]) / STEP
    return right, down


def _is_small(change: tuple[float, float, float]) -> bool:
    across, down, turn = change
    return all(1 / MOST_SCALE <= each <= MOST_SCALE for each in (across, down)) and abs(turn) <= MOST_TURN
