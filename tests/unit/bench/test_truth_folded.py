"""A made room through the real fold, drawings of zones, and tables of figures."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from bench.truth.cost import grid
from bench.truth.folded import Timing, folded
from bench.truth.measures import known, majority_predictions, state_predictions, states_line
from bench.truth.recognisers import Recogniser
from bench.truth.rooms import Still, View
from bench.truth.series import flips, tally
from bench.truth.tables import Table
from bench.truth.zones import wrong_drawings

from inference.geometry import bounds, rectangle
from inference.protocol import Judgement, Label, Region, TableVerdict
from tablewatch_schemas.manifest import Thresholds

TIMES = Timing(Thresholds(enter_ms=3_000, leave_ms=6_000, hold_ms=2_000, ttl_ms=30_000), held_ms=10_000)
ZONE = Region("A", rectangle((0.2, 0.2, 0.6, 0.8)), rectangle((0.3, 0.4, 0.5, 0.6)))


def made(states: Sequence[str | None], camera: str = "0") -> View:
    stills = tuple(Still(str(at), bytes([at]), {"A": state}) for at, state in enumerate(states))
    return View("made", camera, (ZONE,), stills, every_ms=None, is_sequence=True)


def says(labels: Sequence[Label]) -> Recogniser:
    """Answers the picture number N with the N-th label."""

    def judge(jpeg: bytes, regions: Sequence[Region]) -> Judgement:
        verdicts = tuple(TableVerdict(region.table_id, labels[jpeg[0]], 0.9, 1, 0) for region in regions)
        return Judgement(verdicts, (), "made", "1", "made", 64, 48)

    return Recogniser("made", judge)


def through_fold(views: Sequence[View], recogniser: Recogniser, timing: Timing = TIMES):  # type: ignore[no-untyped-def]
    return folded(views, lambda view, at: recogniser.judge(view.stills[at].jpeg, view.regions), timing)["A"]


def test_a_state_is_known_after_its_threshold_and_dated_back_later() -> None:
    one = through_fold([made(["free", "occupied", "free"])], says(["free", "occupied", "free"]))
    assert one.predicted == ["unknown"] * 3 + ["free"] * 10 + ["occupied"] * 13 + ["free"] * 4
    assert one.history() == ["free"] * 10 + ["occupied"] * 10 + ["free"] * 10
    assert states_line([one]) == {
        "n": 30, "right of decided %": pytest.approx(18 / 27), "decided %": 0.9, "precision %": pytest.approx(7 / 13),
        "recall %": 0.7, "later right %": 1.0, "later decided %": 1.0, "flips": 2, "true": 2, "where known": 2,
        "taken after s": 3, "free after s": 6, "never": 0,
    }  # fmt: skip


def test_a_still_that_nobody_can_tell_is_looked_at_and_not_counted() -> None:
    one = through_fold([made(["free", None])], says(["free", "occupied"]))
    assert one.predicted[-1] == "occupied"
    assert tally(state_predictions(one)).total == 10
    assert (flips(one.predicted), flips(known(one))) == (1, 0)


def test_a_clip_has_its_own_time() -> None:
    view = replace(made(["free"] * 5), every_ms=1_000)
    assert len(through_fold([view], says(["free"] * 5)).truth) == 5


def test_the_majority_of_those_that_decided_counts() -> None:
    labels: list[Label] = ["free", "unknown", "occupied"]
    views = [made(["free", "free", "occupied"], camera) for camera in ("0", "1")]
    assert [each.predicted for each in majority_predictions(views, says(labels))] == labels


def test_zones_are_drawn_wrongly_the_same_way_every_time() -> None:
    drawn = {name: draw(ZONE) for name, draw in wrong_drawings().items()}
    assert len(drawn) == 13
    assert drawn == {name: draw(ZONE) for name, draw in wrong_drawings().items()}
    assert bounds(drawn["+20% size"].polygon) == pytest.approx((0.16, 0.14, 0.64, 0.86))
    assert bounds(drawn["10% right"].polygon) == pytest.approx((0.24, 0.2, 0.64, 0.8))
    assert bounds(drawn["10% right"].top or ()) == pytest.approx((0.34, 0.4, 0.54, 0.6))
    assert bounds(drawn["20% lower at the head"].polygon) == pytest.approx((0.2, 0.32, 0.6, 0.8))


def test_no_drawing_leaves_the_picture() -> None:
    whole = Region("B", rectangle((0.0, 0.0, 1.0, 1.0)))
    for draw in wrong_drawings().values():
        x1, y1, x2, y2 = bounds(draw(whole).polygon)
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1


@pytest.mark.parametrize("count", [6, 20, 40])
def test_a_grid_has_so_many_zones(count: int) -> None:
    assert len(grid(count)) == count


def test_a_table_of_figures_is_aligned() -> None:
    lines = [{"name": "a", "n": 10, "right %": 0.9825}, {"name": "bcd", "n": 5, "right %": None}]
    assert Table("t", "Title", lines).text().splitlines() == [
        "Title", "  name   n  right %", "  a     10     98.2", "  bcd    5        -",
    ]  # fmt: skip
