import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry import (
    Box,
    area,
    bounds,
    contains,
    distance_to,
    middle_of,
    place,
    rectangle,
    seat_point,
    sitter,
    stands_on,
    stretch,
)
from inference.protocol import Region

SQUARE = rectangle((0.2, 0.2, 0.6, 0.6))
BENT = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.2), (0.0, 1.0))  # a notch from below
coordinates = st.floats(0, 1, allow_nan=False)


def table(name: str, top: Box) -> Region:
    """A table whose zone says no more than its top."""
    x1, y1, x2, y2 = top
    return Region(name, rectangle((x1, y1 - 0.3 * (y2 - y1), x2, y2 + 0.3 * (y2 - y1))), rectangle(top))


def hips_at(x: float, y: float) -> Box:
    return (x - 0.05, y - 0.13, x + 0.05, y + 0.07)


def test_a_person_belongs_where_the_hips_are() -> None:
    assert seat_point((0.2, 0.4, 0.4, 0.6)) == pytest.approx((0.3, 0.53))
    assert seat_point(hips_at(0.4, 0.6)) == pytest.approx((0.4, 0.6))


def test_the_nearest_of_two_tables_wins_though_both_are_in_reach() -> None:
    places = [place(table("left", (0.1, 0.5, 0.3, 0.6)), 1.0), place(table("right", (0.4, 0.5, 0.6, 0.6)), 1.0)]
    assert sitter(hips_at(0.33, 0.48), places, 1.0) == "left"
    assert sitter(hips_at(0.37, 0.48), places, 1.0) == "right"


def test_beyond_half_a_table_size_is_nobodys() -> None:
    places = [place(table("only", (0.4, 0.4, 0.6, 0.6)), 1.0)]  # size 0.2: reach 0.1
    assert sitter(hips_at(0.5, 0.31), places, 1.0) == "only"
    assert sitter(hips_at(0.5, 0.29), places, 1.0) is None


def test_lengths_are_measured_in_the_pictures_own_shape() -> None:
    wide, tall = ([place(table("t", (0.4, 0.4, 0.6, 0.6)), aspect)] for aspect in (2.0, 0.5))
    assert sitter(hips_at(0.66, 0.5), wide, 2.0) == "t"  # 0.12 of a height away, size 0.28
    assert sitter(hips_at(0.5, 0.68), wide, 2.0) == "t"
    assert sitter(hips_at(0.5, 0.68), tall, 0.5) is None  # 0.08 away, size 0.14


def test_things_must_stand_on_the_top() -> None:
    places = [place(table("t", (0.4, 0.5, 0.6, 0.6)), 1.0)]
    assert stands_on((0.45, 0.42, 0.5, 0.56), places, 1.0) == "t"  # a bottle that rises above the far edge
    assert stands_on((0.45, 0.65, 0.5, 0.75), places, 1.0) is None


def test_seats_reach_over_the_top_and_the_middle_of_the_zone() -> None:
    region = Region("t", rectangle((0.2, 0.4, 0.6, 0.8)), rectangle((0.3, 0.6, 0.5, 0.7)))
    assert bounds(place(region, 1.0).seats) == pytest.approx((0.26, 0.52, 0.54, 0.7))
    assert bounds(place(region, 1.0).top) == pytest.approx((0.3, 0.6, 0.5, 0.7))


def test_without_a_drawn_top_the_middle_of_the_zone_is_taken() -> None:
    zone = rectangle((0.2, 0.4, 0.6, 0.8))
    assert bounds(middle_of(zone)) == pytest.approx((0.26, 0.52, 0.54, 0.64))
    alone = place(Region("t", zone), 1.0)
    assert alone.top == alone.seats == middle_of(zone)


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
    assert sitter(hips_at(0.9, 0.9), [place(region, 1.0)], 1.0) is None
