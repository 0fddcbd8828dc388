"""A closer look at one seat zone, where somebody faint is all that the look at the whole frame shows there.

Somebody who sits far away or half hidden is often faint in the whole frame and certain in the enlarged zone. The closer
look only ever makes somebody certain: a zone in which it sees nobody stays in doubt. docs/decisions/0073.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inference import coco
from inference.decoders.fit import Picture
from inference.detect import Detection, Detector
from inference.geometry import bounds, table_geometry
from inference.looks import look_at, same, square
from inference.protocol import Box, Polygon, Region
from inference.seating import FAINT_PERSON, Scores, place_all

EDGE = 0.02  # of a view: whose box ends nearer to its edge is cut off there, and of a part no share can be taken


class FrameAndDoubt:
    """One look at the whole frame and at most one more, so that the time a frame takes is bounded.

    ``smaller``: a square of less than this share of the frame's longer side is larger for ``closer`` than it was in the
    whole frame; another is not looked at.
    """

    by_zone = True

    def __init__(self, detector: Detector, closer: Detector, scores: Scores, smaller: float) -> None:
        self._detector, self._closer, self._scores, self._smaller = detector, closer, scores, smaller

    def see(self, bgr: Picture, regions: Sequence[Region], ignore: Sequence[Polygon] = ()) -> list[Detection]:
        found = self._detector.detect(bgr, self._scores.faint)
        view = self._view(found, regions, ignore, bgr.shape[1], bgr.shape[0])
        if view is None:
            return found
        in_view = look_at(view, bgr, self._closer, self._scores.certain)
        whole = [one for one in in_view if one.label == coco.PERSON and not is_cut_off(one.box, view)]
        return with_certain(found, whole, self._scores)

    def _view(
        self, found: Sequence[Detection], regions: Sequence[Region], ignore: Sequence[Polygon], width: int, height: int
    ) -> Box | None:
        """The square about the zone of the best of the faint that is small enough; ``width``, ``height`` in pixels."""
        for region in in_doubt(found, regions, width / height, self._scores, ignore):
            view = square(bounds(region.polygon), width, height)
            if view is not None and (view[2] - view[0]) * width < self._smaller * max(width, height):
                return view
        return None


def in_doubt(
    found: Sequence[Detection], regions: Sequence[Region], aspect: float, scores: Scores, ignore: Sequence[Polygon] = ()
) -> Iterator[Region]:
    """The tables at which somebody faint is all that there is, the best of the faint first."""
    if not any(one.label == coco.PERSON and one.score < scores.certain for one in found):
        return
    placed = place_all(found, [table_geometry(region, aspect) for region in regions], aspect, scores, ignore)
    people = [each for each in placed if each.seen.label == coco.PERSON]
    taken = {table for each in people if each.doubt is None for table in each.tables}
    faint = sorted((each for each in people if each.doubt == FAINT_PERSON), key=lambda each: -each.seen.score)
    by_name = {region.table_id: region for region in regions}
    for table in dict.fromkeys(table for each in faint for table in each.tables):
        if table not in taken:
            yield by_name[table]


def is_cut_off(box: Box, view: Box) -> bool:
    """Whether the edge of a view goes through somebody; the edge of the frame, where both end, is none."""
    across, along = EDGE * (view[2] - view[0]), EDGE * (view[3] - view[1])
    return (
        (box[0] < view[0] + across and view[0] > 0)
        or (box[1] < view[1] + along and view[1] > 0)
        or (box[2] > view[2] - across and view[2] < 1)
        or (box[3] > view[3] - along and view[3] < 1)
    )


def with_certain(found: Sequence[Detection], closer: Sequence[Detection], scores: Scores) -> list[Detection]:
    """What was found, with the people of the closer look who are not certain there already, best first.

    Whoever was faint is left out where the closer look shows the same person.
    """
    certain = [one.box for one in found if one.label == coco.PERSON and one.score >= scores.certain]
    new = [one for one in closer if not any(same(one.box, box) for box in certain)]
    kept = [one for one in found if not (_is_faint(one, scores) and any(same(one.box, each.box) for each in new))]
    return sorted([*kept, *new], key=lambda one: -one.score)


def _is_faint(one: Detection, scores: Scores) -> bool:
    return one.label == coco.PERSON and one.score < scores.certain
