"""Which polygons can be drawn."""

import math
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.model.errors import ApiError
from api.model.polygons import area, checked, crosses_itself

SQUARE = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5))


def _code(points: object) -> str:
    with pytest.raises(ApiError) as raised:
        checked(points, "/x", "Table 7")  # type: ignore[arg-type]
    return raised.value.code


def test_a_closing_point_is_left_out() -> None:
    assert checked([*SQUARE, SQUARE[0]], "/x", "Table 7") == SQUARE
    assert checked([list(point) for point in SQUARE], "/x", "Table 7") == SQUARE


def test_a_point_twice_in_a_row_is_no_crossing() -> None:
    doubled = [point for point in SQUARE for _ in range(3)]
    assert checked(doubled, "/x", "Table 7") == checked([*doubled, SQUARE[0]], "/x", "Table 7") == SQUARE


def test_a_refusal_names_the_table() -> None:
    with pytest.raises(ApiError) as raised:
        checked([(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)], "/tables/3/polygon", "Table 7")
    assert raised.value.detail == "Table 7: two of its sides cross."
    assert raised.value.members == {"pointer": "/tables/3/polygon"}


@pytest.mark.parametrize("points", [[], [[0.1, 0.1]], [[0.1, 0.1], [0.2, 0.2]], [[0.1, 0.1], [0.5, 0.5], [0.1, 0.1]]])
def test_too_few_points(points: list[list[float]]) -> None:
    assert _code(points) == "polygon_too_few_points"


@pytest.mark.parametrize("outside", [-0.0001, 1.0001, float("inf"), float("nan")])
def test_out_of_the_picture(outside: float) -> None:
    assert _code([(0.1, 0.1), (outside, 0.1), (0.5, 0.5)]) == "polygon_out_of_frame"


def test_the_edge_of_the_picture_is_in_it() -> None:
    whole = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    assert area(checked(whole, "/x", "Table 7")) == 1.0


@pytest.mark.parametrize(
    "points",
    [
        [(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)],  # a bow tie
        [(0.1, 0.1), (0.9, 0.1), (0.5, 0.1), (0.5, 0.9)],  # a side folded back onto another
        [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.1), (0.1, 0.9)],  # a corner on another side
        [(0.1, 0.1), (0.5, 0.5), (0.9, 0.1), (0.9, 0.9), (0.5, 0.5), (0.1, 0.9)],  # the same corner twice
    ],
)
def test_crossing_itself(points: list[tuple[float, float]]) -> None:
    assert _code(points) == "polygon_self_crossing"


@pytest.mark.parametrize(
    "points",
    [[(0.1, 0.1), (0.11, 0.1), (0.11, 0.11)], [(0.1, 0.1), (0.5, 0.1), (0.9, 0.1)], [(0, 0), (1, 0), (1, 1e-5)]],
)
def test_too_small(points: list[tuple[float, float]]) -> None:
    assert _code(points) in ("polygon_too_small", "polygon_self_crossing")


def test_a_side_with_a_point_in_the_middle_is_fine() -> None:
    assert not crosses_itself(((0.1, 0.1), (0.3, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5)))


@given(st.integers(3, 24), st.floats(0.05, 0.45), st.floats(0, math.tau), st.booleans())
def test_stars_and_regular_polygons_are_fine(corners: int, radius: float, turn: float, star: bool) -> None:
    """Seen from the middle their corners go round once, so no sides can cross."""
    points = []
    for corner in range(corners):
        reach = radius * (0.5 if star and corner % 2 else 1.0)
        angle = turn + math.tau * corner / corners
        points.append((0.5 + reach * math.cos(angle), 0.5 + reach * math.sin(angle)))
    assert len(checked(points, "/x", "Table 7")) == corners


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=8))
def test_direction_and_start_do_not_matter(points: list[tuple[float, float]]) -> None:
    polygon = tuple(points)
    turned = (*polygon[1:], polygon[0])
    assert area(polygon) == pytest.approx(area(polygon[::-1])) == pytest.approx(area(turned))


Corner = tuple[float, float]
CORNERS = st.tuples(*[st.integers(0, 6).map(lambda n: n / 6)] * 2) | st.tuples(st.floats(0, 1), st.floats(0, 1))


@given(st.lists(CORNERS, min_size=3, max_size=9, unique=True))
def test_crossings_are_those_of_exact_arithmetic(corners: list[Corner]) -> None:
    """On a coarse grid most drawings touch, fold back or cross somewhere; with any floats, few do and by little."""
    polygon = tuple(corners)
    assert crosses_itself(polygon) == _crosses_exactly(polygon)


def _crosses_exactly(polygon: tuple[Corner, ...]) -> bool:
    """Every side against every other, in fractions."""
    exact = [(Fraction(x), Fraction(y)) for x, y in polygon]
    sides = list(zip(exact, exact[1:] + exact[:1], strict=True))
    for (i, (a, b)), (j, (c, d)) in combinations(enumerate(sides), 2):
        if j == i + 1:
            crossed = _folds_back(a, b, d)
        elif i == 0 and j == len(sides) - 1:
            crossed = _folds_back(c, a, b)
        else:
            crossed = _touch(a, b, c, d)
        if crossed:
            return True
    return False


Exact = tuple[Fraction, Fraction]


def _folds_back(a: Exact, b: Exact, c: Exact) -> bool:
    return _turn(a, b, c) == 0 and (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1]) > 0


def _touch(a: Exact, b: Exact, c: Exact, d: Exact) -> bool:
    abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if abc * abd < 0 and cda * cdb < 0:
        return True
    ends = ((abc, a, b, c), (abd, a, b, d), (cda, c, d, a), (cdb, c, d, b))
    return any(turn == 0 and all(min(p[n], q[n]) <= r[n] <= max(p[n], q[n]) for n in (0, 1)) for turn, p, q, r in ends)


def _turn(a: Exact, b: Exact, c: Exact) -> Fraction:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
