import pytest
from restaurant.score import Alarm, Box, Hazards, Said, Share, hazard_score, history, live, shortfalls, table_share

TRUE = [[0, 10_000, "free"], [10_000, 30_000, "occupied"]]
# free from the start, said at 6 s; occupied since 10.5 s, said at 14 s
FREE = Said(1, "free", 0, 6_000, 66_000)
TAKEN = Said(2, "occupied", 10_500, 14_000, 74_000)
SPILL = {"from_ms": 60_000, "to_ms": 120_000, "box": [0.4, 0.8, 0.6, 0.9]}


def alarm(
    name: str = "haz", told_ms: int = 80_000, box: Box | None = (0.45, 0.8, 0.55, 0.9), kind: str = "spill"
) -> Alarm:
    return Alarm(name, kind, box, 61_000, told_ms)


def test_history_dates_states_back() -> None:
    assert [history([FREE, TAKEN], at) for at in (0, 10_400, 10_500, 29_000)] == [
        "free",
        "free",
        "occupied",
        "occupied",
    ]


def test_live_knows_only_what_was_said_by_then() -> None:
    assert [live([FREE, TAKEN], at) for at in (5_900, 6_000, 13_900, 14_000)] == ["unknown", "free", "free", "occupied"]


def test_a_higher_version_wins_over_a_later_record() -> None:
    assert history([Said(2, "free", 0, 2_000, 9_000), Said(1, "occupied", 0, 1_000, 9_000)], 500) == "free"


def test_past_its_expiry_a_state_is_unknown_unless_it_was_said_again() -> None:
    assert history([FREE], 66_001) == "unknown"
    assert history([FREE, Said(2, "free", 0, 40_000, 100_000)], 99_000) == "free"


def test_every_second_is_right_wrong_or_unknown() -> None:
    assert table_share(TRUE, [FREE, TAKEN]) == Share(30, 0, 0)
    assert table_share(TRUE, [FREE, TAKEN], live) == Share(20, 4, 6)
    assert table_share(TRUE, []) == Share(0, 0, 30)
    assert table_share(TRUE, [FREE]) == Share(10, 20, 0)


def test_what_nobody_can_tell_is_not_scored() -> None:
    assert table_share([[0, 5_000, None], [5_000, 10_000, "free"]], [FREE]) == Share(5)


def test_shares_add_up() -> None:
    total = Share(8, 1, 1) + Share(1, 9, 0)
    assert (total.total, total.part(total.right)) == (20, 0.45)
    assert Share().part(0) == 0


def test_a_spill_is_found_by_the_first_alarm_about_its_place() -> None:
    assert hazard_score([SPILL], [alarm("late", 95_000), alarm("first", 80_000)]) == Hazards((20_000,), ("late",))


@pytest.mark.parametrize(
    "wrong",
    [
        alarm(box=(0.1, 0.1, 0.2, 0.2)),
        alarm(box=None),
        alarm(told_ms=59_000),
        alarm(told_ms=121_000),
        alarm(kind="obstacle"),
    ],
)
def test_elsewhere_before_after_or_something_else_is_a_false_alarm(wrong: Alarm) -> None:
    assert hazard_score([SPILL], [wrong]) == Hazards((None,), ("haz",))


def test_the_record_that_ends_a_run_is_no_alarm() -> None:
    assert hazard_score([], [alarm(kind="none")]) == Hazards((), ())


def test_all_well_has_no_shortfalls() -> None:
    assert shortfalls(Share(98, 1, 1), Share(85, 10, 5), Hazards((30_000,), ())) == []


@pytest.mark.parametrize(
    ("past", "at_the_time", "hazards", "words"),
    [
        (Share(90, 2, 8), Share(90), Hazards((1,), ()), "only 90.0%"),
        (Share(96, 4), Share(90), Hazards((1,), ()), "4.0% of table-seconds wrong"),
        (Share(100), Share(70, 30), Hazards((1,), ()), "right at the time"),
        (Share(100), Share(100), Hazards((None,), ()), "not found"),
        (Share(100), Share(100), Hazards((50_000,), ()), "after 50 s"),
        (Share(100), Share(100), Hazards((1,), ("haz_1",)), "1 false alarms: haz_1"),
        (Share(), Share(), Hazards((), ()), "only 0.0%"),
    ],
)
def test_each_threshold_speaks_for_itself(past: Share, at_the_time: Share, hazards: Hazards, words: str) -> None:
    assert any(words in found for found in shortfalls(past, at_the_time, hazards))
