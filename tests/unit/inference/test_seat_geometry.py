import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inference.geometry import (
    SMALLEST,
    area,
    bounds,
    contains,
    distance_to,
    foot_point,
    middle_of,
    rectangle,
    seat_distance,
    seat_point,
    share_inside,
    stretch,
    table_geometry,
    top_distance,
)
from inference.protocol import Box, Region

SQUARE = rectangle((0.2, 0.2, 0.6, 0.6))
BENT = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.2), (0.0, 1.0))  # a notch from below
coordinates = st.floats(0, 1, allow_nan=False)


def table(name: str, top: Box) -> Region:
    """A table whose zone is its top."""
    x1, y1, x2, y2 = top
    return Region(name, rectangle((x1, y1 - 0.3 * (y2 - y1), x2, y2 + 0.3 * (y2 - y1))), rectangle(top))


def test_the_point_of_a_person_is_where_the_hips_of_somebody_who_sits_are() -> None:
    assert seat_point((0.2, 0.4, 0.4, 0.6), 1.0) == pytest.approx((0.3, 0.53))
    assert seat_point((0.2, 0.4, 0.4, 0.6), 2.0) == pytest.approx((0.6, 0.53))
    legs_too = seat_point((0.2, 0.1, 0.4, 0.9), 1.0)
    assert legs_too == pytest.approx((0.3, 0.1 + 0.65 * 0.4))  # no taller than two widths


def around(seats: Box) -> Region:
    """A table whose seats, the middle of its zone, are this box."""
    x1, y1, x2, y2 = seats
    width, height = (x2 - x1) / 0.7, (y2 - y1) / 0.3
    left, upper = x1 - 0.15 * width, y1 - 0.3 * height
    return Region("t", rectangle((left, upper, left + width, upper + height)), rectangle(seats))


def test_seats_are_as_far_as_their_own_size_says() -> None:
    near = table_geometry(around((0.4, 0.4, 0.6, 0.6)), 1.0)  # size 0.2
    assert seat_distance((0.5, 0.5), near) == 0.0
    assert seat_distance((0.5, 0.3), near) == pytest.approx(0.5)
    far = table_geometry(around((0.45, 0.45, 0.55, 0.55)), 1.0)
    assert seat_distance((0.5, 0.35), far) == pytest.approx(1.0)


def test_lengths_are_measured_in_the_pictures_own_shape() -> None:
    wide = table_geometry(around((0.4, 0.4, 0.6, 0.6)), 2.0)
    assert seat_distance((0.7 * 2, 0.5), wide) == pytest.approx(0.2 / (0.4 * 0.2) ** 0.5)
    assert top_distance((0.7 * 2, 0.5), wide) == pytest.approx(0.2 / (0.4 * 0.2) ** 0.5)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((0.3, 0.3, 0.5, 0.5), 1.0),
        ((0.5, 0.3, 0.7, 0.5), 0.5),
        ((0.5, 0.5, 0.7, 0.7), 0.25),
        ((0.0, 0.0, 1.0, 1.0), 0.16),
        ((0.7, 0.7, 0.9, 0.9), 0.0),
        ((0.3, 0.3, 0.3, 0.5), 0.0),
    ],
)
def test_the_share_of_a_person_inside_a_zone(box: Box, share: float) -> None:
    zone = table_geometry(Region("t", SQUARE), 1.7)
    assert share_inside(box, zone) == pytest.approx(share)


def test_what_lies_in_the_notch_of_a_bent_zone_is_outside() -> None:
    zone = table_geometry(Region("t", BENT), 1.0)
    assert share_inside((0.0, 0.0, 1.0, 1.0), zone) == pytest.approx(0.6)
    assert share_inside((0.45, 0.8, 0.55, 1.0), zone) == pytest.approx(0.0)
    assert share_inside((0.0, 0.9, 1.0, 1.0), zone) == pytest.approx(0.0625)  # two corners, one on each side


boxes = st.tuples(coordinates, coordinates, coordinates, coordinates).map(
    lambda each: (min(each[0], each[2]), min(each[1], each[3]), max(each[0], each[2]), max(each[1], each[3]))
)


@given(boxes, boxes)
@example((0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 7.8e-187))
def test_a_share_of_two_rectangles_is_the_plain_one(zone: Box, box: Box) -> None:
    size = (box[2] - box[0]) * (box[3] - box[1])
    wide, high = min(zone[2], box[2]) - max(zone[0], box[0]), min(zone[3], box[3]) - max(zone[1], box[1])
    expected = max(0.0, wide) * max(0.0, high) / size if size >= SMALLEST else 0.0
    got = share_inside(box, table_geometry(Region("t", rectangle(zone)), 1.0))
    assert got == pytest.approx(expected, abs=1e-6)


def test_things_stand_where_their_foot_is() -> None:
    on = table_geometry(table("t", (0.4, 0.5, 0.6, 0.6)), 1.0)
    assert top_distance(foot_point((0.45, 0.42, 0.5, 0.56), 1.0), on) == 0.0  # rises above the far edge
    assert top_distance(foot_point((0.45, 0.65, 0.5, 0.75), 1.0), on) > 0.5


def test_seats_are_the_middle_of_the_zone_wherever_a_top_is_drawn() -> None:
    region = Region("t", rectangle((0.2, 0.4, 0.6, 0.8)), rectangle((0.3, 0.6, 0.5, 0.7)))
    assert table_geometry(region, 1.0).seats == pytest.approx((0.26, 0.52, 0.54, 0.64))
    assert bounds(table_geometry(region, 1.0).top) == pytest.approx((0.3, 0.6, 0.5, 0.7))


def test_without_a_drawn_top_the_middle_of_the_zone_is_taken() -> None:
    zone = rectangle((0.2, 0.4, 0.6, 0.8))
    assert bounds(middle_of(zone)) == pytest.approx((0.26, 0.52, 0.54, 0.64))
    alone = table_geometry(Region("t", zone), 1.0)
    assert alone.top == middle_of(zone)
    assert alone.seats == bounds(middle_of(zone))


def test_inside_follows_a_bent_outline() -> None:
    assert contains(BENT, (0.2, 0.3))
    assert contains(BENT, (0.8, 0.3))
    assert not contains(BENT, (0.5, 0.6))
    assert area(BENT) == pytest.approx(0.6)


@given(coordinates, coordinates)
def test_distance_to_a_rectangle_is_the_plain_one(x: float, y: float) -> None:
    expected = math.hypot(max(0.2 - x, 0, x - 0.6), max(0.2 - y, 0, y - 0.6))
    assert distance_to(SQUARE, (x, y)) == pytest.approx(expected, abs=1e-9)


@given(coordinates, coordinates, st.floats(0.3, 3))
def test_turning_an_outline_round_changes_nothing(x: float, y: float, aspect: float) -> None:
    one, other = stretch(BENT, aspect), stretch(BENT[::-1], aspect)
    assert area(one) == pytest.approx(area(other))
    assert distance_to(one, (x * aspect, y)) == pytest.approx(distance_to(other, (x * aspect, y)))


def test_an_outline_of_one_point_is_no_crash() -> None:
    region = Region("t", ((0.5, 0.5),) * 3, ((0.5, 0.5),) * 3)
    point = table_geometry(region, 1.0)
    assert seat_distance((0.9, 0.9), point) > 1000
    assert share_inside((0.4, 0.4, 0.6, 0.6), point) == 0.0
