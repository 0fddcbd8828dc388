"""The score of a view: what each part measures, and what it says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.model.score import Facts, Reported, Scale, Score, score
from tablewatch_schemas.judgement import FrameJudgement, JudgedTable
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import ModelRef

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Box = tuple[float, float, float, float]


def table(name: str, box: Box, top: Box | None = None) -> LayoutTable:
    return LayoutTable(
        table_id=f"tbl_{name}", label=name, seats=None, section_id=None, polygon=corners(box),
        top=None if top is None else corners(top),
    )  # fmt: skip


def corners(box: Box) -> tuple[tuple[float, float], ...]:
    x1, y1, x2, y2 = box
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def layout(*tables: LayoutTable) -> Layout:
    return Layout(
        layout_key="k", site_id="site_1", camera_id="cam_1", version=1, created_at=NOW, width=1280, height=720,
        tables=tables, floor=(),
    )  # fmt: skip


def look(label: str = "free", light: float | None = 0.6, width: int = 1280, height: int = 720) -> FrameJudgement:
    verdict = JudgedTable(table_id="tbl_7", label=label, confidence=0.9, people=0, things=0)
    return FrameJudgement(
        judgement_key="j", site_id="site_1", camera_id="cam_1", run_id=None, video_id=None, frame_id="f", frame_key="f",
        captured_at=NOW, width=width, height=height, layout_key="k", layout_version=1,
        model=ModelRef(name="m", version="1"), rule="r", light=light, tables=(verdict,), seen=(),
    )  # fmt: skip


GOOD = Facts(
    layout(table("7", (0.1, 0.1, 0.4, 0.5)), table("8", (0.6, 0.1, 0.9, 0.5))), [look()] * 20, cadence_ms=10_000,
    gop_ms=2000, statuses=[Reported("live", NOW - 2 * DAY)], since=NOW - DAY, until=NOW,
)  # fmt: skip


def part(found: Score, name: str) -> tuple[int | None, str]:
    (only,) = [each for each in found.parts if each.name == name]
    return only.score, only.sentence


def test_a_good_view_has_a_hundred_in_every_part() -> None:
    found = score(GOOD)
    assert [each.score for each in found.parts] == [100] * 6
    assert (found.total, found.sentence) == (100, "Nothing has to be mended.")


def test_a_view_of_which_not_all_is_known_is_well_as_far_as_is_known() -> None:
    found = score(GOOD._replace(looks=[]))
    assert part(found, "light")[0] is None
    assert (found.total, found.sentence) == (100, "Nothing has to be mended, as far as is known yet.")


def test_a_scale_goes_evenly_between_its_ends_in_either_direction() -> None:
    assert [Scale(24, 96).score(value) for value in (0, 24, 60, 96, 500)] == [0, 0, 50, 100, 100]
    assert [Scale(0.5, 0.05).score(value) for value in (1, 0.5, 0.05, 0)] == [0, 0, 100, 100]


def test_of_a_camera_of_which_nothing_is_stored_nothing_is_known() -> None:
    found = score(Facts(None, [], 10_000, None, [], NOW - DAY, NOW))
    assert found.total is None and all(each.score is None and each.sentence for each in found.parts)
    assert score(Facts(None, [], 10_000, 500.0, [], NOW - DAY, NOW)).total is None, "of keyframes alone"


@pytest.mark.parametrize(
    ("width", "height", "todo"),
    [(640, 360, "take its main stream, or move the camera nearer"), (1920, 1080, "move the camera nearer, or let")],
)
def test_a_small_table_is_named_with_what_to_do(width: int, height: int, todo: str) -> None:
    side = 38 / min(width, 832)
    small = layout(table("7", (0.1, 0.1, 0.1 + side, 0.5)), table("8", (0.6, 0.1, 0.9, 0.5)))
    found = score(GOOD._replace(layout=small, looks=[look(width=width, height=height)]))
    points, sentence = part(found, "pixels")
    assert points == 19 and sentence.startswith("Table 7 is 38 pixels wide or high") and todo in sentence
    assert (found.total, found.sentence) == (points, sentence)


def test_tables_one_behind_the_other_or_seen_from_low_down_cost_the_angle() -> None:
    behind = layout(table("7", (0.1, 0.1, 0.4, 0.5)), table("8", (0.1, 0.3, 0.4, 0.7)))
    points, sentence = part(score(GOOD._replace(layout=behind)), "angle")
    assert points == 50 and "50% of table" in sentence
    low = layout(table("7", (0.1, 0.1, 0.4, 0.5), top=(0.1, 0.3, 0.4, 0.33)))
    points, sentence = part(score(GOOD._replace(layout=low)), "angle")
    assert points == 0 and sentence.startswith("The top of table 7")


@pytest.mark.parametrize(
    ("gop_ms", "cadence_ms", "points"), [(2000, 1000, 100), (4000, 10_000, 100), (10_000, 10_000, 67), (4000, 2000, 0)]
)
def test_keyframes_count_by_the_cadence(gop_ms: int, cadence_ms: int, points: int) -> None:
    found, sentence = part(score(GOOD._replace(gop_ms=gop_ms, cadence_ms=cadence_ms)), "keyframes")
    assert found == points and ("two seconds" in sentence) == (points < 100)


def test_hours_of_faults_cost_stability_and_pauses_do_not() -> None:
    paused = [Reported("live", NOW - 2 * DAY), Reported("paused", NOW - DAY / 2)]
    assert part(score(GOOD._replace(statuses=paused)), "stability")[0] == 100
    moved = [*paused[:1], Reported("moved", NOW - DAY / 10)]
    points, sentence = part(score(GOOD._replace(statuses=moved)), "stability")
    assert points == 53 and "144 minutes moved" in sentence
    assert part(score(GOOD._replace(statuses=[Reported("paused", NOW - 2 * DAY)])), "stability")[0] is None


def test_doubt_and_the_dark_are_measured_in_looks() -> None:
    half = [look(), look("unknown")] * 10
    points, sentence = part(score(GOOD._replace(looks=half)), "doubt")
    assert points == 0 and sentence.startswith("50% of the looks at tables were in doubt, most at table 7")
    dim = [look(light=0.25)] * 3
    points, sentence = part(score(GOOD._replace(looks=dim)), "light")
    assert points == 50 and "More light" in sentence
    assert part(score(GOOD._replace(looks=[replace(look(), light=None)])), "light")[0] is None


def test_what_was_reported_after_the_time_does_not_count() -> None:
    later = [Reported("live", NOW - 2 * DAY), Reported("moved", NOW + DAY)]
    points, sentence = part(score(GOOD._replace(statuses=later, reported="the day")), "stability")
    assert (points, sentence) == (100, "It was well 100% of the day.")
    assert part(score(GOOD._replace(statuses=[Reported("moved", NOW + DAY)])), "stability")[0] is None


def test_sentences_name_the_time_that_was_looked_at() -> None:
    found = score(GOOD._replace(looks=[], looked="the day"))
    assert [part(found, name)[1] for name in ("light", "doubt")] == [
        "No picture of the day was looked at.",
        "No table was looked at in the day.",
    ]
