import pytest
from restaurant.score import (
    Alert,
    Box,
    Hazards,
    Score,
    StateRecord,
    hazard_score,
    history,
    live,
    shortfalls,
    table_score,
)

TRUE = [[0, 10_000, "free"], [10_000, 30_000, "occupied"]]
# free from the start, published at 6 s; occupied since 10.5 s, published at 14 s
FREE = StateRecord(1, "free", 0, 6_000, 66_000)
TAKEN = StateRecord(2, "occupied", 10_500, 14_000, 74_000)
SPILL = {"from_ms": 60_000, "to_ms": 120_000, "box": [0.4, 0.8, 0.6, 0.9]}


def alert(
    name: str = "haz", published_ms: int = 80_000, box: Box | None = (0.45, 0.8, 0.55, 0.9), kind: str = "spill"
) -> Alert:
    return Alert(name, kind, box, 61_000, published_ms)


def test_history_dates_states_back() -> None:
    assert [history([FREE, TAKEN], at) for at in (0, 10_400, 10_500, 29_000)] == [
        "free",
        "free",
        "occupied",
        "occupied",
    ]


def test_live_knows_only_what_was_published_by_then() -> None:
    assert [live([FREE, TAKEN], at) for at in (5_900, 6_000, 13_900, 14_000)] == ["unknown", "free", "free", "occupied"]


def test_a_higher_version_wins_over_a_later_record() -> None:
    assert (
        history([StateRecord(2, "free", 0, 2_000, 9_000), StateRecord(1, "occupied", 0, 1_000, 9_000)], 500) == "free"
    )


def test_past_its_expiry_a_state_is_unknown_unless_it_was_refreshed() -> None:
    assert history([FREE], 66_001) == "unknown"
    assert history([FREE, StateRecord(2, "free", 0, 40_000, 100_000)], 99_000) == "free"


def test_every_second_is_right_wrong_or_unknown() -> None:
    assert table_score(TRUE, [FREE, TAKEN]) == Score(30, 0, 0)
    assert table_score(TRUE, [FREE, TAKEN], live) == Score(20, 4, 6)
    assert table_score(TRUE, []) == Score(0, 0, 30)
    assert table_score(TRUE, [FREE]) == Score(10, 20, 0)


def test_what_nobody_can_tell_is_not_scored() -> None:
    assert table_score([[0, 5_000, None], [5_000, 10_000, "free"]], [FREE]) == Score(5)


def test_shares_add_up() -> None:
    total = Score(8, 1, 1) + Score(1, 9, 0)
    assert (total.total, total.part(total.right)) == (20, 0.45)
    assert Score().part(0) == 0


def test_a_spill_is_found_by_the_first_alarm_about_its_place() -> None:
    assert hazard_score([SPILL], [alert("late", 95_000), alert("first", 80_000)]) == Hazards((20_000,), ("late",))


@pytest.mark.parametrize(
    "wrong",
    [
        alert(box=(0.1, 0.1, 0.2, 0.2)),
        alert(box=None),
        alert(published_ms=59_000),
        alert(published_ms=121_000),
        alert(kind="obstacle"),
    ],
)
def test_elsewhere_before_after_or_something_else_is_a_false_alarm(wrong: Alert) -> None:
    assert hazard_score([SPILL], [wrong]) == Hazards((None,), ("haz",))


def test_the_record_that_ends_a_run_is_no_alarm() -> None:
    assert hazard_score([], [alert(kind="none")]) == Hazards((), ())


def test_all_well_has_no_shortfalls() -> None:
    assert shortfalls(Score(98, 1, 1), Score(85, 10, 5), Hazards((30_000,), ())) == []


@pytest.mark.parametrize(
    ("past", "at_the_time", "hazards", "words"),
    [
        (Score(90, 2, 8), Score(90), Hazards((1,), ()), "only 90.0%"),
        (Score(96, 4), Score(90), Hazards((1,), ()), "4.0% of table-seconds wrong"),
        (Score(100), Score(70, 30), Hazards((1,), ()), "right at the time"),
        (Score(100), Score(100), Hazards((None,), ()), "not found"),
        (Score(100), Score(100), Hazards((50_000,), ()), "after 50 s"),
        (Score(100), Score(100), Hazards((1,), ("haz_1",)), "1 false alarms: haz_1"),
        (Score(), Score(), Hazards((), ()), "only 0.0%"),
    ],
)
def test_each_threshold_speaks_for_itself(past: Score, at_the_time: Score, hazards: Hazards, words: str) -> None:
    assert any(words in found for found in shortfalls(past, at_the_time, hazards))
