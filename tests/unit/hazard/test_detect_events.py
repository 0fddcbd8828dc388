"""From areas and detections to observations."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hazard.detect.events import observations, score
from hazard.geometry import Box, iou, nearest, with_margin
from inference import Detection

unit = st.floats(0, 1)
boxes = st.tuples(unit, unit, unit, unit).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@dataclass(frozen=True)
class Area:
    box: Box = (0.4, 0.6, 0.6, 0.7)
    area: float = 0.01
    still_ms: int = 6_000
    coloured: bool = True
    contrast: float = 30.0


@given(boxes, boxes)
@example((0.0, 0.0, 0.5, 5e-324), (0.0, 0.0, 2.9e-154, 2.3e-309))
def test_iou_is_symmetric_and_bounded(one: Box, other: Box) -> None:
    assert iou(one, other) == iou(other, one)
    assert 0 <= iou(one, other) <= 1 + 1e-9


@given(boxes)
def test_room_around_a_person_stays_in_the_picture(box: Box) -> None:
    x1, y1, x2, y2 = with_margin(box)
    assert 0 <= x1 <= box[0]
    assert 0 <= y1 <= box[1]
    assert box[2] <= x2 <= 1
    assert box[3] <= y2 <= 1


@given(st.floats(0, 200), st.floats(0, 200))
def test_a_coloured_area_is_always_higher_than_a_grey_one(one: float, other: float) -> None:
    assert 0 <= score(False, one) < score(True, other) <= 1


def test_tables_are_named_nearest_first_and_not_from_afar() -> None:
    tables = [("far", (0.0, 0.0, 0.1, 0.1)), ("b", (0.6, 0.5, 0.8, 0.8)), ("a", (0.4, 0.5, 0.55, 0.8))]
    assert nearest((0.5, 0.6), tables, 0.25, 3) == ("a", "b")
    (seen,) = observations([Area()], [], tables, {"far": "Table 1", "a": "Table 7", "b": "Window"})
    assert seen.near_table_ids == ("a", "b")
    assert seen.near_table_labels == ("Table 7", "Window"), "in the order of the ids"
    assert (seen.kind, seen.stationary_ms, seen.coloured) == ("spill", 6_000, True)


def test_what_is_mostly_in_an_ignore_area_is_not_observed() -> None:
    area, beside = Area(), Area(box=(0.45, 0.6, 0.65, 0.7))
    window = ((0.3, 0.5), (0.52, 0.5), (0.52, 0.9), (0.3, 0.9))
    assert [each.box for each in observations([area, beside], [], [], {}, [window])] == [beside.box]


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        (Detection("backpack", 0.8, (0.42, 0.58, 0.6, 0.7)), "obstacle"),
        (Detection("backpack", 0.2, (0.42, 0.58, 0.6, 0.7)), "spill"),
        (Detection("backpack", 0.8, (0.1, 0.1, 0.2, 0.2)), "spill"),
        (Detection("person", 0.9, (0.42, 0.58, 0.6, 0.7)), "spill"),
    ],
)
def test_a_named_thing_is_an_obstacle(thing: Detection, kind: str) -> None:
    (seen,) = observations([Area()], [thing], [], {})
    assert seen.kind == kind
