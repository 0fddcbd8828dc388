"""From areas that changed to what is said about them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hazard.detect.geometry import Box, contains, iou, middle, nearest
from tablewatch_schemas import HazardCandidateObservation

OBSTACLES = frozenset({"backpack", "handbag", "suitcase", "umbrella", "chair", "bottle", "sports ball", "teddy bear"})
_OBSTACLE_SCORE = 0.4
_NEAR = 0.25
_NEAR_MOST = 3


class Area(Protocol):
    """An area of the floor that changed and stands still (see floor.Blob)."""

    @property
    def box(self) -> Box: ...
    @property
    def area(self) -> float: ...
    @property
    def still_ms(self) -> int: ...
    @property
    def coloured(self) -> bool: ...
    @property
    def contrast(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that the detector named."""

    label: str
    score: float
    box: Box


def observations(
    areas: Sequence[Area], things: Sequence[Thing], tables: Sequence[tuple[str, Box]]
) -> tuple[HazardCandidateObservation, ...]:
    """One observation an area: its kind, how sure, and the tables that are near."""
    return tuple(
        HazardCandidateObservation(
            kind="obstacle" if _is_thing(one.box, things) else "spill",
            box=one.box,
            score=score(one.coloured, one.contrast),
            coloured=one.coloured,
            area=round(one.area, 6),
            stationary_ms=one.still_ms,
            near_table_ids=nearest(middle(one.box), tables, _NEAR, _NEAR_MOST),
        )
        for one in areas
    )


def score(coloured: bool, contrast: float) -> float:
    """0 to 1. Coloured areas are separable; grey ones may be shadows, and stay below a half."""
    sure = min(0.95, 0.5 + contrast / 80) if coloured else min(0.45, 0.15 + contrast / 100)
    return round(sure, 3)


def _is_thing(box: Box, things: Sequence[Thing]) -> bool:
    """Whether one of the things that people leave on floors is what changed."""
    known = (thing for thing in things if thing.label in OBSTACLES and thing.score >= _OBSTACLE_SCORE)
    return any(iou(box, thing.box) >= 0.3 or contains(box, middle(thing.box)) for thing in known)
