"""Polygons to pixels."""

from hypothesis import given
from hypothesis import strategies as st

from cropper.geometry import SMALL_WIDTH, reduction, region

share = st.floats(0, 1)
polygons = st.lists(st.tuples(share, share), min_size=3, max_size=12)
sides = st.integers(1, 4000)


@given(polygons, sides, sides)
def test_a_region_is_inside_the_picture_and_never_empty(polygon, width, height):
    area = region("t", polygon, width, height)
    assert 0 <= area.left < area.right <= width
    assert 0 <= area.top < area.bottom <= height
    assert all(0 <= x < area.right - area.left and 0 <= y < area.bottom - area.top for x, y in area.outline)
    assert all(0 <= edge <= 1 for edge in area.relative(width, height))


def test_a_half_of_the_picture_is_half_of_its_pixels():
    area = region("t", [(0, 0), (0.5, 0), (0.5, 1), (0, 1)], 200, 100)
    assert (area.left, area.top, area.right, area.bottom) == (0, 0, 101, 100)


@given(sides)
def test_the_small_picture_is_an_eighth_but_not_too_small(width):
    factor = reduction(width)
    assert factor in (1, 2, 4, 8)
    assert width // factor >= SMALL_WIDTH or factor == 1
    assert factor == 8 or width < 2 * factor * SMALL_WIDTH
