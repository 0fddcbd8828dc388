"""From what was seen in a frame to one verdict per table. Pure; the only thresholds of the embedded classifier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from inference import coco
from inference.detect import Detection
from inference.geometry import Place, bounds, place, sitter, stands_on
from inference.protocol import Label, Region, TableVerdict

PERSON_SCORE = 0.4
THING_SCORE = 0.4
NOTHING_SEEN = 0.9  # trust in "free" when not even a doubtful person is near: people at far tables are missed
LEAST_PIXELS = 24  # a seat zone smaller than this shows nobody


def judge(
    regions: Sequence[Region], seen: Iterable[Detection], width: int, height: int, model: str, version: str
) -> list[TableVerdict]:
    """One verdict per region, in order. ``seen`` may hold doubtful people below PERSON_SCORE: they lower the trust."""
    aspect = width / height
    places = [place(region, aspect) for region in regions]
    people, things = _given(seen, places, aspect)
    verdicts = []
    for region in regions:
        scores = people[region.table_id]
        label, confidence = _label(scores)
        if too_small(region, width, height):
            label, confidence = "unknown", 0.0
        sitting = sum(score >= PERSON_SCORE for score in scores)
        verdicts.append(
            TableVerdict(region.table_id, label, round(confidence, 3), sitting, things[region.table_id], model, version)
        )
    return verdicts


def too_small(region: Region, width: int, height: int) -> bool:
    x1, y1, x2, y2 = bounds(region.polygon)
    return min((x2 - x1) * width, (y2 - y1) * height) < LEAST_PIXELS


def _given(
    seen: Iterable[Detection], places: Sequence[Place], aspect: float
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Scores of the people given to each table, and the number of things on each top."""
    people: dict[str, list[float]] = defaultdict(list)
    things: dict[str, int] = defaultdict(int)
    for one in seen:
        if one.label == coco.PERSON:
            table = sitter(one.box, places, aspect)
            if table is not None:
                people[table].append(one.score)
        elif one.label in coco.THINGS and one.score >= THING_SCORE:
            table = stands_on(one.box, places, aspect)
            if table is not None:
                things[table] += 1
    return people, things


def _label(scores: Sequence[float]) -> tuple[Label, float]:
    best = max(scores, default=None)
    if best is None:
        return "free", NOTHING_SEEN
    if best >= PERSON_SCORE:
        return "occupied", best
    return "free", min(NOTHING_SEEN, 1 - best)
