"""No look is begun that is not likely to end in time, and none is refused for ever."""

import pytest

from classifier_gateway.dispatch.pace import HALVED_S, SPARE, Pace

NOW = 1000.0


def pace(*took: float) -> Pace:
    made = Pace()
    for seconds in took:
        made.took(seconds, NOW)
    return made


def test_before_the_first_look_any_time_is_enough() -> None:
    assert Pace().is_enough(0.001, NOW)


def test_the_usual_time_is_asked_for_and_one_slow_look_changes_little() -> None:
    usual = pace(0.1, 0.1, 0.1, 9.0)
    assert usual.is_enough(0.1 * SPARE, NOW)
    assert not usual.is_enough(0.1, NOW)


def test_a_look_that_was_given_up_counts_for_as_long_as_it_was_given() -> None:
    slow = pace(2.0)
    slow.took_longer_than(3.0, NOW)
    assert not slow.is_enough(2.0 * SPARE, NOW)
    assert slow.is_enough(2.5 * SPARE, NOW)


def test_a_look_that_was_given_too_little_time_says_nothing() -> None:
    slow = pace(4.0, 4.0, 4.0)
    for _ in range(20):
        slow.took_longer_than(0.5, NOW)
    assert not slow.is_enough(4.0, NOW)


@pytest.mark.parametrize(("seconds", "is_enough"), [(0.0, False), (HALVED_S, False), (3 * HALVED_S, True)])
def test_after_a_while_without_a_look_one_is_tried_again(seconds: float, is_enough: bool) -> None:
    assert pace(8.0).is_enough(2.0, NOW + seconds) is is_enough


def test_where_no_look_has_an_answer_the_classifier_is_asked_so_that_the_circuit_opens() -> None:
    away = Pace()
    for _ in range(3):
        away.took_longer_than(9.5, NOW)
    assert away.is_enough(1.0, NOW)
    slow_until_away = pace(4.0, 4.0)
    for _ in range(20):
        slow_until_away.took_longer_than(9.5, NOW)
    assert slow_until_away.is_enough(1.0, NOW)


def test_the_first_answer_after_an_outage_ends_what_was_thought_of_it() -> None:
    back = pace(0.3, 0.3, 0.3)
    for _ in range(7):
        back.took_longer_than(15.0, NOW)
    assert not back.is_enough(9.5, NOW)
    back.took(0.3, NOW)
    assert back.is_enough(0.3 * SPARE, NOW)
