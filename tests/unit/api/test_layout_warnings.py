"""Zones in which nobody would be seen."""

import pytest
from tests.unit.api.test_identities import CAMERA, NOW, Drawing, Size, Table, box

from api.model.layout_warnings import SENTENCES
from api.model.layouts import draw
from tablewatch_schemas.layout import Polygon

TOP = box(0.2, 0.4, 0.4, 0.5)


def codes(zone: Polygon, top: Polygon | None = None, size: Size | None = None) -> list[str]:
    drawing = Drawing([Table(label="7", polygon=zone, top=top)], reference=size or Size())
    found = draw(CAMERA, drawing, newest=None, version=1, foreign=(), sections=(), now=NOW).warnings
    assert all((each.label, each.sentence) == ("7", SENTENCES[each.code]) for each in found)
    return [each.code for each in found]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (box(0.1, 0.1, 0.4, 0.5), []),
        (box(0.1, 0.1, 0.118, 0.5), ["zone_too_small"]),  # 23 of 1280 pixels wide
        (box(0.1, 0.1, 0.119, 0.5), []),
        (box(0.1, 0.1, 0.4, 0.152), ["zone_too_small"]),  # 37 of 720 pixels high: 24 of a look 832 wide
        (box(0.1, 0.1, 0.4, 0.155), []),
    ],
)
def test_a_zone_has_room_for_a_person(zone: Polygon, expected: list[str]) -> None:
    assert codes(zone) == expected


def test_a_small_picture_counts_pixels() -> None:
    assert codes(box(0.1, 0.1, 0.4, 0.2), size=Size(320, 180)) == ["zone_too_small"]


def test_a_zone_reaches_beyond_the_table_top() -> None:
    assert codes(TOP, TOP) == ["zone_is_top"]
    assert codes(box(0.15, 0.3, 0.45, 0.55), TOP) == []


def test_two_tables_of_one_label_are_warned_of() -> None:
    zones = [box(0.1, 0.1, 0.4, 0.5), box(0.5, 0.1, 0.9, 0.5)]
    drawing = Drawing([Table(label="7", polygon=each) for each in zones], reference=Size())
    found = draw(CAMERA, drawing, newest=None, version=1, foreign=(), sections=(), now=NOW).warnings
    assert [each.code for each in found] == ["label_doubled", "label_doubled"]
