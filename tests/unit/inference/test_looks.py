import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.detect import Detection
from inference.geometry import rectangle
from inference.looks import FULL, choose, merge, square, table_top, to_frame
from inference.protocol import Region


def region(name: str, box: tuple[float, float, float, float]) -> Region:
    return Region(name, rectangle(box))


def test_small_zones_get_a_square_of_their_own_large_ones_do_not() -> None:
    views = choose([region("small", (0.1, 0.1, 0.2, 0.3)), region("large", (0.0, 0.0, 0.9, 1.0))], 1280, 720)
    assert len(views) == 2
    assert views[0] == FULL


def test_the_same_zone_is_looked_at_once() -> None:
    box = (0.1, 0.1, 0.2, 0.3)
    assert len(choose([region("a", box), region("b", box)], 1280, 720)) == 2


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_a_square_is_square_in_pixels_and_inside_the_picture(x: float, y: float, width: float, height: float) -> None:
    zone = (x, y, min(1.0, x + width), min(1.0, y + height))
    found = square(zone, 1280, 720)
    if found is None:
        return
    x1, y1, x2, y2 = found
    assert (x2 - x1) * 1280 == pytest.approx((y2 - y1) * 720, abs=1e-6)
    assert min(x1, y1) >= -1e-9
    assert max(x2, y2) <= 1 + 1e-9
    assert x1 <= zone[0] + 1e-9 <= zone[2] <= x2 + 1e-9  # the zone stays whole


def test_what_is_seen_in_a_view_is_placed_in_the_frame() -> None:
    seen = to_frame(Detection("cup", 0.5, (0.0, 0.5, 0.5, 1.0)), (0.2, 0.4, 0.6, 0.8))
    assert seen.box == pytest.approx((0.2, 0.6, 0.4, 0.8))
    assert (seen.label, seen.score) == ("cup", 0.5)


def test_a_table_top_is_inspected_with_room_for_what_stands_on_it() -> None:
    top = rectangle((0.4, 0.5, 0.6, 0.6))
    assert table_top(Region("t", top, top)) == pytest.approx((0.38, 0.46, 0.62, 0.61))
    edge = rectangle((0.9, 0.9, 1.0, 1.0))
    assert table_top(Region("t", edge, edge))[2:] == (1.0, 1.0)


def test_one_person_in_several_views_is_one() -> None:
    whole = Detection("person", 0.7, (0.1, 0.1, 0.3, 0.6))
    again = Detection("person", 0.9, (0.11, 0.1, 0.3, 0.58))
    cut_off = Detection("person", 0.6, (0.1, 0.3, 0.2, 0.6))  # a view's edge went through
    assert merge([whole, again, cut_off]) == [again]


def test_two_people_side_by_side_stay_two() -> None:
    left, right = Detection("person", 0.7, (0.1, 0.1, 0.3, 0.6)), Detection("person", 0.6, (0.25, 0.1, 0.45, 0.6))
    assert merge([left, right]) == [left, right]


def test_a_cup_taken_for_a_vase_and_a_bowl_is_one_thing() -> None:
    cup, bowl = Detection("cup", 0.6, (0.1, 0.1, 0.2, 0.2)), Detection("bowl", 0.5, (0.1, 0.1, 0.2, 0.21))
    person = Detection("person", 0.4, (0.1, 0.1, 0.2, 0.2))
    assert merge([bowl, person, cup]) == [cup, person]


@given(st.lists(st.tuples(st.sampled_from(["person", "cup"]), st.floats(0.1, 1), st.floats(0, 0.5), st.floats(0, 0.5))))
def test_merging_twice_changes_nothing_more(raw: list[tuple[str, float, float, float]]) -> None:
    once = merge(Detection(label, score, (x, y, x + 0.2, y + 0.3)) for label, score, x, y in raw)
    assert merge(once) == once
