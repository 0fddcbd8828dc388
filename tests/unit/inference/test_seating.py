"""Who sits where, and where nobody can tell: two tables side by side whose zones overlap, in a square picture."""

from hypothesis import given
from hypothesis import strategies as st

from inference.detect import Detection
from inference.geometry import rectangle, table_geometry
from inference.protocol import Box, Polygon, Region
from inference.seating import DEFAULT_SCORES, MIN_SHARE, Placed, Scores, place_all

LEFT = Region("left", rectangle((0.0, 0.2, 0.55, 0.8)), rectangle((0.1, 0.5, 0.4, 0.65)))
RIGHT = Region("right", rectangle((0.45, 0.2, 1.0, 0.8)), rectangle((0.6, 0.5, 0.9, 0.65)))


def placed(
    *detections: Detection, scores: Scores = DEFAULT_SCORES, regions: tuple[Region, ...] = (LEFT, RIGHT),
    ignore: tuple[Polygon, ...] = (),
):  # fmt: skip
    return place_all(detections, [table_geometry(region, 1.0) for region in regions], 1.0, scores, ignore)


def person(box: Box, score: float = 0.8) -> Detection:
    return Detection("person", score, box)


def only(*detections: Detection, **options) -> Placed:
    (one,) = placed(*detections, **options)
    return one


def test_somebody_wholly_inside_one_zone_sits_there() -> None:
    one = only(person((0.2, 0.3, 0.35, 0.55)))
    assert (one.tables, one.doubt) == (("left",), None)
    assert (one.seen.table_id, one.seen.share, one.seen.second_table_id, one.seen.doubtful) == (
        "left", 1.0, "left", False,
    )  # fmt: skip


def test_the_zone_with_the_larger_share_has_the_person() -> None:
    one = only(person((0.3, 0.3, 0.5, 0.55)))  # all of it left, a quarter right
    assert (one.tables, one.seen.share) == (("left",), 1.0)


def test_of_equal_shares_the_nearer_top_has_the_person() -> None:
    inner = rectangle((0.4, 0.2, 0.6, 0.8))
    regions = (Region("far", inner, rectangle((0.4, 0.75, 0.6, 0.8))), Region("near", inner, LEFT.top))
    one = only(person((0.42, 0.3, 0.5, 0.5)), regions=regions)
    assert one.seen.table_id == "near"


# a zone that reaches far down, and one beside it whose seats are nearer to who stands between
LOW = Region("left", rectangle((0.0, 0.2, 0.55, 1.0)), rectangle((0.0, 0.9, 0.5, 1.0)))
BETWEEN = person((0.3, 0.2, 0.5, 0.45))


def test_where_the_second_opinion_names_another_table_both_are_in_doubt() -> None:
    beside = Region("right", rectangle((0.33, 0.2, 1.0, 0.8)), rectangle((0.4, 0.42, 0.9, 0.65)))  # 0.85 of the box
    one = only(BETWEEN, regions=(LOW, beside))
    assert (one.doubt, one.tables) == ("person_between_tables", ("left", "right"))
    assert (one.seen.table_id, one.seen.second_table_id, one.seen.doubtful) == ("left", "right", True)


def test_who_is_hardly_in_the_zone_that_the_second_opinion_names_is_in_no_doubt() -> None:
    beside = Region("right", rectangle((0.45, 0.0, 1.0, 0.8)))
    one = only(person((0.3, 0.2, 0.5, 0.3)), regions=(LOW, beside))  # a quarter of the box is in the right zone
    assert (one.tables, one.doubt, one.seen.second_table_id) == (("left",), None, "right")


def test_who_is_as_near_to_two_tables_in_both_of_whose_zones_is_in_doubt() -> None:
    over = (Region("left", rectangle((0.0, 0.2, 0.6, 0.8))), Region("right", rectangle((0.1, 0.2, 0.7, 0.8))))
    one = only(person((0.12, 0.3, 0.24, 0.55)), regions=over)  # 0.036 farther from the right seats
    assert (one.tables, one.doubt) == (("left", "right"), "person_between_tables")
    clearly = only(person((0.1, 0.3, 0.2, 0.55)), regions=over)  # 0.145 farther
    assert (clearly.tables, clearly.doubt) == (("left",), None)


def test_a_drawn_top_moves_nobody_to_another_table() -> None:
    towards = rectangle((0.0, 0.3, 0.1, 0.5))
    for right in (RIGHT, Region("right", RIGHT.polygon, towards), Region("right", RIGHT.polygon)):
        one = only(person((0.2, 0.3, 0.35, 0.55)), regions=(LEFT, right))
        assert (one.tables, one.doubt, one.seen.second_table_id) == (("left",), None, "left")


def test_somebody_in_no_zone_but_at_the_seats_asks_whether_the_zone_is_too_small() -> None:
    small = Region("small", rectangle((0.3, 0.45, 0.6, 0.7)))
    one = only(person((0.4, 0.35, 0.5, 0.6)), regions=(small,))
    assert (one.tables, one.doubt) == (("small",), "person_outside_zone")
    assert (one.seen.table_id, one.seen.second_table_id) == (None, "small")


def test_who_passes_by_concerns_no_table() -> None:
    one = only(person((0.45, 0.0, 0.55, 0.15)))
    assert (one.tables, one.doubt, one.seen.table_id, one.seen.doubtful) == ((), None, None, False)


def test_a_faint_person_inside_a_zone_is_a_doubt() -> None:
    one = only(person((0.2, 0.3, 0.35, 0.55), 0.2))
    assert (one.tables, one.doubt) == (("left",), "faint_person")
    assert placed(person((0.45, 0.0, 0.55, 0.15), 0.2)) == []
    assert placed(person((0.2, 0.3, 0.35, 0.55), 0.09)) == []


def test_who_is_no_certain_person_to_any_table_is_seen_all_the_same() -> None:
    """Hazard masks people by what was seen, and counts on it."""
    aisle = person((0.45, 0.0, 0.55, 0.15), 0.39)
    for scores in (Scores(), Scores(0.4, 0.2), Scores(0.6, 0.2)):
        one = only(aisle, scores=scores)
        assert (one.tables, one.doubt, one.seen.score) == ((), None, 0.39)
    assert only(person((0.45, 0.0, 0.55, 0.15), 0.25)).tables == ()


def test_each_model_has_its_own_scores() -> None:
    other = Scores(certain=0.5, faint=0.25)
    assert only(person((0.2, 0.3, 0.35, 0.55), 0.4), scores=other).doubt == "faint_person"
    assert placed(person((0.2, 0.3, 0.35, 0.55), 0.2), scores=other) == []


def test_things_are_placed_on_tops_and_the_rest_is_only_shown() -> None:
    cup, faint_cup = Detection("cup", 0.6, (0.2, 0.5, 0.24, 0.58)), Detection("cup", 0.35, (0.2, 0.5, 0.24, 0.58))
    bottle, chair = Detection("bottle", 0.9, (0.5, 0.8, 0.52, 0.95)), Detection("chair", 0.9, (0.2, 0.5, 0.24, 0.58))
    backpack = Detection("backpack", 0.26, (0.5, 0.8, 0.52, 0.95))
    found = placed(cup, faint_cup, bottle, chair, backpack, Detection("chair", 0.2, (0.2, 0.5, 0.24, 0.58)))
    assert [(each.seen.label, each.tables) for each in found] == [
        ("cup", ("left",)), ("cup", ()), ("bottle", ()), ("chair", ()), ("backpack", ()),
    ]  # fmt: skip


MIRROR = rectangle((0.2, 0.2, 0.4, 0.6))


def test_who_is_mostly_in_an_ignore_area_is_at_no_table_and_says_why() -> None:
    inside, cup = person((0.22, 0.3, 0.37, 0.55)), Detection("cup", 0.6, (0.3, 0.5, 0.34, 0.58))
    for each in placed(inside, cup, ignore=(rectangle((0.9, 0.9, 1.0, 1.0)), MIRROR)):
        assert (each.tables, each.doubt, each.seen.table_id, each.seen.share) == ((), None, None, None)
        assert (each.seen.ignored, each.seen.doubtful) == ("ignore_area", False)
    assert placed(person((0.22, 0.3, 0.37, 0.55), 0.2), ignore=(MIRROR,)) == [], "no doubt either"


def test_who_is_only_half_in_an_ignore_area_counts() -> None:
    half = only(person((0.31, 0.3, 0.5, 0.55)), ignore=(MIRROR,))
    assert (half.tables, half.seen.ignored) == (("left",), None)
    assert only(person((0.29, 0.3, 0.49, 0.55)), ignore=(MIRROR,)).seen.ignored == "ignore_area"


def test_without_tables_everybody_passes_by() -> None:
    assert only(person((0.2, 0.3, 0.35, 0.55)), regions=()).tables == ()


corner = st.floats(0, 0.9)
size = st.floats(0.01, 0.5)


@given(corner, corner, size, size, st.floats(0.1, 1.0))
def test_a_person_is_at_one_table_in_doubt_at_no_more_than_two_or_at_none(
    x: float, y: float, width: float, height: float, score: float
) -> None:
    for one in placed(person((x, y, min(1.0, x + width), min(1.0, y + height)), score)):
        assert len(one.tables) <= 2
        assert one.seen.doubtful == (one.doubt is not None)
        if one.doubt is None and one.tables:
            assert one.tables == (one.seen.table_id,)
            assert one.seen.share is not None
            assert one.seen.share >= MIN_SHARE - 0.001


def test_the_order_of_tables_does_not_matter() -> None:
    inner = rectangle((0.4, 0.2, 0.6, 0.8))
    equal = (Region("far", inner, rectangle((0.4, 0.75, 0.6, 0.8))), Region("near", inner, LEFT.top))
    beside = (LOW, Region("right", rectangle((0.33, 0.2, 1.0, 0.8)), rectangle((0.4, 0.42, 0.9, 0.65))))
    for detection, regions in ((person((0.42, 0.3, 0.5, 0.5)), equal), (BETWEEN, beside)):
        assert only(detection, regions=regions) == only(detection, regions=regions[::-1])
