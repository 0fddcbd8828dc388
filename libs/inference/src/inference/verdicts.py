"""From the detections of a frame to its judgement. Pure.

Somebody sits at a table: occupied. Nobody certainly, but there is a doubt: unknown, with the doubt as its reason. Else
free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inference import coco
from inference.calibration import LIKELIER_IN_DOUBT, RIGHT_WHEN_FREE, confidence_in_occupied
from inference.detect import MIN_SCORE, Detection
from inference.geometry import bounds, table_geometry
from inference.protocol import Judgement, Polygon, Region, TableVerdict
from inference.seating import DEFAULT_SCORES, RULE, Placed, Scores, place_all

MIN_PIXELS = 24  # a seat zone smaller than this shows nobody
ZONE_TOO_SMALL = "zone_too_small"


def judge(
    regions: Sequence[Region],
    detections: Iterable[Detection],
    width: int,
    height: int,
    model: str,
    version: str,
    scores: Scores = DEFAULT_SCORES,
    ignore: Sequence[Polygon] = (),
) -> Judgement:
    """One verdict per region, in order; what is mostly in an area of ``ignore`` counts for none."""
    aspect = width / height
    placed = place_all(detections, [table_geometry(region, aspect) for region in regions], aspect, scores, ignore)
    verdicts = tuple(_verdict(region, placed, width, height) for region in regions)
    seen = tuple(each.seen for each in placed)
    return Judgement(verdicts, seen, model, version, RULE, width, height, complete=scores.faint <= MIN_SCORE)


def too_small(region: Region, width: int, height: int) -> bool:
    x1, y1, x2, y2 = bounds(region.polygon)
    return min((x2 - x1) * width, (y2 - y1) * height) < MIN_PIXELS


def _verdict(region: Region, placed: Sequence[Placed], width: int, height: int) -> TableVerdict:
    table_id = region.table_id
    here = [each for each in placed if table_id in each.tables]
    sitting = [each.seen.score for each in here if each.seen.label == coco.PERSON and each.doubt is None]
    doubts = [each.doubt for each in here if each.doubt is not None]
    things = len(here) - len(sitting) - len(doubts)
    if too_small(region, width, height):
        return TableVerdict(table_id, "unknown", 0.0, len(sitting), things, ZONE_TOO_SMALL)
    if sitting:
        return TableVerdict(table_id, "occupied", confidence_in_occupied(max(sitting)), len(sitting), things)
    if doubts:
        return TableVerdict(table_id, "unknown", LIKELIER_IN_DOUBT, 0, things, doubts[0])
    return TableVerdict(table_id, "free", RIGHT_WHEN_FREE, 0, things)
