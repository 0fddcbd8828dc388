from itertools import pairwise

import pytest
from restaurant import story

from inference.geometry import bounds, contains


def test_every_table_has_a_state_at_every_moment() -> None:
    truth = story.truth()
    assert [table["label"] for table in truth["tables"]] == ["1", "2", "3", "4", "5", "6"]
    for table in truth["tables"]:
        steps = table["intervals"]
        assert (steps[0][0], steps[-1][1]) == (0, truth["duration_ms"])
        assert all(one[1] == other[0] and one[2] != other[2] for one, other in pairwise(steps))


def test_the_story_has_tables_that_fill_empty_stay_free_and_are_left_with_cups() -> None:
    changes = {table.label: [state for *_, state in story.intervals(table.label)] for table in story.TABLES}
    assert changes["3"] == ["free"]
    assert ["free", "occupied", "free"] in changes.values()
    assert changes["1"] == ["occupied", "free", "occupied"]
    left = [visit for visit in story.VISITS if visit.cups_to_ms and visit.cups_to_ms > visit.to_ms]
    assert len(left) >= 3


def test_visits_are_long_enough_for_a_state_to_settle() -> None:
    for table in story.TABLES:
        assert all(until - since >= 10_000 for since, until, _ in story.intervals(table.label))


@pytest.mark.parametrize(
    ("at_ms", "expected"), [(9_999, 0.0), (10_299, 0.5), (12_000, 1.0), (20_300, 0.5), (20_600, 0.0)]
)
def test_guests_fade_in_after_they_come_and_out_after_they_go(at_ms: int, expected: float) -> None:
    assert story.presence(10_000, 20_000, at_ms) == pytest.approx(expected)


def test_who_is_there_from_the_start_or_to_the_end_does_not_fade() -> None:
    assert story.presence(0, 20_000, 0) == 1
    assert story.presence(10_000, story.DURATION_MS, story.DURATION_MS - 1) == 1


def test_a_walk_goes_from_point_to_point() -> None:
    walk = story.Walk("somebody", 1_000, 3_000, ((0, 0), (100, 0), (100, 50)))
    assert story.position(walk, 999) is None
    assert story.position(walk, 1_500) == (50, 0)
    assert story.position(walk, 2_000) == (100, 0)
    assert story.position(walk, 2_500) == (100, 25)
    assert story.position(walk, 3_000) is None


def test_nobody_walks_over_the_spill() -> None:
    for walk in story.WALKS:
        feet = [
            place for at in range(story.SPILL.from_ms, story.DURATION_MS, 100) if (place := story.position(walk, at))
        ]
        assert all(y < story.SPILL.box[1] - 100 for _, y in feet)


def test_the_layout_is_relative_and_fits_the_picture() -> None:
    layout = story.layout()
    for table in layout["tables"]:
        zone, top = bounds(table["polygon"]), bounds(table["top"])
        assert min(*zone, *top) >= 0
        assert max(*zone, *top) <= 1
        assert zone[0] <= top[0] < top[2] <= zone[2]
        assert zone[1] < top[1] < top[3] <= zone[3]
    (floor,) = layout["floor"]
    x1, y1, x2, y2 = story.truth()["spills"][0]["box"]
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    assert all(contains(tuple(map(tuple, floor)), corner) for corner in corners)


def test_moments_are_equal_exactly_while_nothing_changes() -> None:
    assert story.moment(2_000) == story.moment(7_900)
    assert story.moment(7_900) != story.moment(8_000)  # the coffee comes to table 1
    assert story.moment(60_100) != story.moment(60_200)  # the spill spreads
