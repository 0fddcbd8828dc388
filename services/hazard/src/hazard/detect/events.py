"""From a frame, the areas that changed on its floor and a command to hazard.candidate. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from hazard.candidate import DETECTOR, RUN_CANCELLED, RUN_DELETED
from hazard.geometry import Box, center, contains, iou, nearest
from inference.ignoring import is_in_one_of
from tablewatch_schemas import FrameExtracted, HazardCandidate, HazardCandidateObservation, VideoCommand

OBSTACLES = frozenset({"backpack", "handbag", "suitcase", "umbrella", "chair", "bottle", "sports ball", "teddy bear"})
_OBSTACLE_SCORE = 0.4
_OBSTACLE_IOU = 0.3
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


class Detected(Protocol):
    """Something that the object detector named (see inference.Detection)."""

    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def box(self) -> Box: ...


def candidate_event(
    frame: FrameExtracted, observations: tuple[HazardCandidateObservation, ...], suspended: str | None
) -> HazardCandidate:
    """What the detector observed in a frame, or why it could not (`suspended`)."""
    return HazardCandidate(
        site_id=frame.site_id,
        camera_id=frame.camera_id,
        run_id=frame.run_id,
        frame_id=frame.frame_id,
        frame_key=frame.object_key,
        captured_at=frame.captured_at,
        observations=observations,
        suspended=suspended,
        detector=DETECTOR,
        last=frame.last,
    )


def command_end_event(command: VideoCommand) -> HazardCandidate:
    """The end of a run that was cancelled or deleted."""
    return HazardCandidate(
        site_id=command.site_id,
        camera_id=command.camera_id,
        run_id=command.run_id,
        frame_id=f"{command.run_id}-{command.action}",
        frame_key=None,
        captured_at=command.requested_at,
        observations=(),
        suspended=RUN_DELETED if command.action == "delete" else RUN_CANCELLED,
        detector=DETECTOR,
        last=True,
    )


def observations(
    areas: Iterable[Area],
    detected: Sequence[Detected],
    tables: Sequence[tuple[str, Box]],
    labels: Mapping[str, str],
    ignore: Sequence[tuple[tuple[float, float], ...]] = (),
) -> tuple[HazardCandidateObservation, ...]:
    """One for each area: its kind, its score, and the tables that are near; `labels` are those of all tables.

    None for what is mostly in an ignore area.
    """
    is_ignored = is_in_one_of(ignore)
    return tuple(_observation(each, detected, tables, labels) for each in areas if not is_ignored(each.box))


def _observation(
    area: Area, detected: Sequence[Detected], tables: Sequence[tuple[str, Box]], labels: Mapping[str, str]
) -> HazardCandidateObservation:
    near = nearest(center(area.box), tables, _NEAR, _NEAR_MOST)
    return HazardCandidateObservation(
        kind="obstacle" if _is_obstacle(area.box, detected) else "spill",
        box=area.box,
        score=score(area.coloured, area.contrast),
        coloured=area.coloured,
        area=round(area.area, 6),
        stationary_ms=area.still_ms,
        near_table_ids=near,
        near_table_labels=tuple(labels[table_id] for table_id in near),
    )


def score(coloured: bool, contrast: float) -> float:
    """0 to 1. Coloured areas are separable; grey ones may be shadows, and stay below a half."""
    value = min(0.95, 0.5 + contrast / 80) if coloured else min(0.45, 0.15 + contrast / 100)
    return round(value, 3)


def _is_obstacle(box: Box, detected: Sequence[Detected]) -> bool:
    """Whether something that people leave on floors was detected where the area is."""
    things = (each for each in detected if each.label in OBSTACLES and each.score >= _OBSTACLE_SCORE)
    return any(iou(box, thing.box) >= _OBSTACLE_IOU or contains(box, center(thing.box)) for thing in things)
