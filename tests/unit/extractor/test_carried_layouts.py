"""Tables of a layout where a moved camera sees them, and when that is believed. Pure."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from extractor.model.alignment import LEAST_ALIKE, LEAST_INLIERS, LEAST_SPREAD, Alignment, Transform, distrust
from extractor.model.carried import Carried, carried_outline, carry_over
from extractor.model.proposal import PROPOSED_S, REFUSED_S, SOON_S, agrees, is_same_as, next_estimate_s, sentence
from tablewatch_schemas import CameraStatusLayoutProposal
from tablewatch_schemas.layout import MOST_POINTS, Layout, LayoutTable, Polygon

NOW = datetime(2026, 11, 29, tzinfo=UTC)
STILL: Transform = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
SQUARE: Polygon = ((0.1, 0.1), (0.3, 0.1), (0.3, 0.3), (0.1, 0.3))


def beside(right: float, down: float = 0.0) -> Transform:
    return (1.0, 0.0, right, 0.0, 1.0, down, 0.0, 0.0, 1.0)


def nearer(zoom: float) -> Transform:
    return (zoom, 0.0, 0.5 - zoom / 2, 0.0, zoom, 0.5 - zoom / 2, 0.0, 0.0, 1.0)


def turned(degrees: float) -> Transform:
    """Of a square picture, about its centre."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (cos, -sin, 0.5 - 0.5 * cos + 0.5 * sin, sin, cos, 0.5 - 0.5 * sin - 0.5 * cos, 0.0, 0.0, 1.0)


def alignment(transform: Transform = STILL, aspect: float = 1.0) -> Alignment:
    return Alignment(transform, inliers=200, spread=12, alike=0.7, aspect=aspect)


def table(number: int, polygon: Polygon, top: Polygon | None = None) -> LayoutTable:
    return LayoutTable(table_id=f"tbl_{number}", label=str(number), seats=4, section_id=None, polygon=polygon, top=top)


def layout(*tables: LayoutTable, floor: tuple[Polygon, ...] = ()) -> Layout:
    return Layout(
        layout_key="layouts/s/c/3.json", site_id="s", camera_id="c", version=3, created_at=NOW, width=1920,
        height=1080, tables=tables, floor=floor,
    )  # fmt: skip


ONE = layout(table(1, SQUARE, top=((0.15, 0.15), (0.25, 0.15), (0.2, 0.25))))


def carried(of: Layout, transform: Transform) -> Carried:
    found = carry_over(of, alignment(transform))
    assert isinstance(found, Carried)
    return found


def test_tables_tops_floor_and_ignore_areas_go_where_the_camera_sees_them() -> None:
    floor: Polygon = ((0.0, 0.6), (0.8, 0.6), (0.8, 0.9), (0.0, 0.9))
    found = carried(
        replace(ONE, floor=(floor,), ignore=(SQUARE, ((0.95, 0.0), (1.0, 0.0), (1.0, 0.1)))), beside(0.1, 0.05)
    )
    [moved] = found.layout.tables
    assert set(moved.polygon) == {(0.2, 0.15), (0.4, 0.15), (0.4, 0.35), (0.2, 0.35)}
    assert set(moved.top or ()) == {(0.25, 0.2), (0.35, 0.2), (0.3, 0.3)}
    assert [set(each) for each in found.layout.ignore] == [{(0.2, 0.15), (0.4, 0.15), (0.4, 0.35), (0.2, 0.35)}]
    assert set(found.layout.floor[0]) == {(0.1, 0.65), (0.9, 0.65), (0.9, 0.95), (0.1, 0.95)}
    assert (moved.table_id, moved.label, moved.seats, found.lost) == ("tbl_1", "1", 4, ())
    assert found.layout.version == 3, "it says what it was made from"


def test_a_perspective_is_followed() -> None:
    """What is farther down gets smaller: a camera that was tilted."""
    [moved] = carried(ONE, (1.0, 0.0, 0.05, 0.0, 1.0, 0.0, 0.0, 0.2, 1.0)).layout.tables
    assert (0.15 / 1.02).__round__(5) in {x for x, _ in moved.polygon}
    assert max(y for _, y in moved.polygon) == pytest.approx(0.3 / 1.06, abs=1e-5)


def test_an_outline_that_crosses_itself_and_has_no_area_by_its_corners_is_carried_too() -> None:
    found = carried_outline(((0.1, 0.1), (0.3, 0.3), (0.3, 0.1), (0.1, 0.3)), STILL)
    assert found is not None
    assert 0 < found[1] <= 1


def test_a_zone_is_cut_at_the_edge_of_the_picture() -> None:
    [moved] = carried(ONE, beside(-0.15)).layout.tables
    assert set(moved.polygon) == {(0.0, 0.1), (0.15, 0.1), (0.15, 0.3), (0.0, 0.3)}
    assert set(moved.top or ()) == {(0.0, 0.15), (0.1, 0.15), (0.05, 0.25)}


def test_a_top_that_is_mostly_out_is_left_out_and_its_table_is_not() -> None:
    low = layout(table(1, SQUARE, top=((0.1, 0.1), (0.13, 0.1), (0.13, 0.3), (0.1, 0.3))))
    [moved] = carried(low, beside(-0.12)).layout.tables
    assert moved.top is None


def test_what_is_mostly_out_of_the_picture_is_lost() -> None:
    two = layout(table(1, SQUARE), table(2, ((0.6, 0.6), (0.8, 0.6), (0.8, 0.8), (0.6, 0.8))))
    found = carried(two, beside(-0.25))
    assert [each.table_id for each in found.layout.tables] == ["tbl_2"]
    assert found.lost == ("tbl_1",)
    assert sentence(two, found).startswith("1 of 2 tables are in the picture")
    assert carry_over(two, alignment(beside(-0.75))) == "tables_out_of_view"
    assert carry_over(ONE, alignment(beside(-0.25))) == "tables_out_of_view"


def test_of_an_outline_that_the_edge_cuts_in_two_the_larger_part_is_kept() -> None:
    """A horseshoe that is open to the left."""
    horseshoe: Polygon = (
        (0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5), (0.1, 0.3), (0.4, 0.3), (0.4, 0.2), (0.1, 0.2),
    )  # fmt: skip
    cut = carried_outline(horseshoe, beside(0.61))
    assert cut is not None
    assert set(cut[0]) == {(0.71, 0.3), (1.0, 0.3), (1.0, 0.5), (0.71, 0.5)}
    assert cut[1] == pytest.approx(0.29 * 0.2 / (0.4 * 0.4 - 0.3 * 0.1))
    assert carried_outline(horseshoe, beside(1.5)) is None


def test_a_camera_that_stands_still_was_not_moved() -> None:
    assert carry_over(ONE, alignment(STILL)) == "not_moved"
    assert carry_over(ONE, alignment(beside(4 / 1920))) == "not_moved"
    assert isinstance(carry_over(ONE, alignment(beside(6 / 1920))), Carried)


@pytest.mark.parametrize(
    "change", [{"inliers": LEAST_INLIERS - 1}, {"spread": LEAST_SPREAD - 1}, {"alike": LEAST_ALIKE - 0.01},
               {"transform": beside(math.nan)}, {"alike": math.nan}],
    ids=str,
)  # fmt: skip
def test_what_is_hardly_found_in_the_picture_is_not_believed(change: dict[str, object]) -> None:
    good = alignment(beside(0.1))
    assert distrust(good) is None
    assert carry_over(ONE, msgspec.structs.replace(good, **change)) == "not_recognised"
    assert carry_over(ONE, None) == "not_recognised"


HORIZON: Transform = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.5, 1.0)
FLIPPED: Transform = (-1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("transform", "why"),
    [
        (nearer(1.5), None), (nearer(1.7), "changed_too_much"), (nearer(0.7), None),
        (nearer(0.5), "changed_too_much"), (turned(25), None), (turned(-25), None), (turned(35), "changed_too_much"),
        (turned(180), "changed_too_much"), (FLIPPED, "changed_too_much"), (HORIZON, "changed_too_much"),
    ],
)  # fmt: skip
def test_what_changed_too_much_is_not_carried_over(transform: Transform, why: str | None) -> None:
    assert distrust(alignment(transform)) == why


def test_a_turn_is_measured_in_pixels_and_not_in_shares_of_a_wide_picture() -> None:
    wide = 16 / 9
    cos, sin = math.cos(math.radians(25)), math.sin(math.radians(25))
    of_pixels = (cos, -sin / wide, 0.0, sin * wide, cos, 0.0, 0.0, 0.0, 1.0)
    assert distrust(alignment(of_pixels, aspect=wide)) is None
    assert distrust(alignment(of_pixels, aspect=1.0)) == "changed_too_much"


def told(outcome: Carried | str) -> CameraStatusLayoutProposal:
    return CameraStatusLayoutProposal(
        proposal_id="prop_1", made_at=NOW, layout_version=3, reason="", layout_key=None,
        code=None if isinstance(outcome, Carried) else outcome,
        lost_table_ids=(), transform=outcome.transform if isinstance(outcome, Carried) else None,
        before_key="b", after_key="a",
    )  # fmt: skip


def test_two_estimates_have_to_find_the_same() -> None:
    here, almost, there = (carried(ONE, beside(right)) for right in (0.1, 0.1 + 8 / 1920, 0.1 + 20 / 1920))
    assert agrees(here, almost)
    assert not agrees(here, there)
    assert not agrees(None, here)
    assert not agrees("not_recognised", here)
    assert agrees("not_recognised", "not_recognised")
    assert not agrees("not_recognised", "not_moved")


def test_what_was_proposed_is_not_proposed_again() -> None:
    here, almost, there = (carried(ONE, beside(right)) for right in (0.1, 0.1 + 8 / 1920, 0.1 + 20 / 1920))
    assert is_same_as(told(here), almost)
    assert not is_same_as(told(here), there)
    assert not is_same_as(told(here), "not_recognised")
    assert not is_same_as(told("not_recognised"), here)
    assert is_same_as(told("not_recognised"), "not_recognised")
    assert not is_same_as(None, here)


def test_when_the_next_estimate_is_due() -> None:
    here = carried(ONE, beside(0.1))
    assert next_estimate_s(here, settled=False) == next_estimate_s(None, settled=False) == SOON_S
    assert next_estimate_s(here, settled=True) == PROPOSED_S
    assert next_estimate_s("not_recognised", settled=True) == REFUSED_S


def test_an_outline_has_no_more_points_than_a_layout_may_have() -> None:
    """A comb whose teeth are cut off by the border of the picture has more corners than it had."""
    teeth = [(0.05 + number * 0.009, 0.95 if number % 2 else 0.85) for number in range(98)]
    outline = ((0.05, 0.4), *teeth, (0.95, 0.4))
    carried = carried_outline(outline, beside(0.0, 0.1))
    assert carried is not None
    assert len(carried[0]) <= MOST_POINTS
