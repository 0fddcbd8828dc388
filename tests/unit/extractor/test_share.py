"""Fair shares: every camera gets captured, none goes to and fro, and one that costs more counts for more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.share import STEP, Change, Load, next_change, weight

LIMIT = 1000


def test_a_few_at_a_time() -> None:
    assert next_change([], Load(40, 1), LIMIT) == Change(claim=STEP, room=40)
    assert next_change([1.0] * 40, Load(40, 2), LIMIT) == Change(give_back=STEP)
    assert next_change([1.0] * 20, Load(40, 2), LIMIT) == Change()
    assert next_change([], Load(0, 1), LIMIT) == Change()
    assert next_change([1.0] * 2, Load(2, 0), LIMIT) == Change()


def test_a_camera_at_a_second_weighs_what_it_costs() -> None:
    """docs/measurements/live.md: 3.3 % of a core at 1 s, 1.2 % at 10 s."""
    assert weight(1000) == pytest.approx(3.3)
    assert weight(10_000) == pytest.approx(1.23)
    assert weight(500) > weight(1000)


def test_a_process_that_is_full_takes_no_more_and_the_others_take_what_it_cannot() -> None:
    assert next_change([1.0] * 10, Load(60, 2), 10) == Change()
    assert next_change([1.0] * 40, Load(60, 2, full=1, full_weight=10), LIMIT) == Change(claim=STEP, room=10)
    assert next_change([1.0] * 9, Load(60, 1), 10) == Change(claim=1, room=51)
    assert next_change([1.0] * 12, Load(60, 1), 10) == Change(give_back=2)


PROCESSES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=5)


@given(st.lists(st.sampled_from([100, 500, 1000, 10_000, 60_000]), max_size=40), PROCESSES)
def test_processes_that_begin_anyhow_end_with_every_camera_in_one_and_then_change_nothing(
    cadences: list[int], begin: list[tuple[int, int]]
) -> None:
    free = [weight(each) for each in cadences]
    limits = [limit for _, limit in begin]
    held: list[list[float]] = [[free.pop() for _ in range(min(wanted, len(free)))] for wanted, _ in begin]
    total = sum(map(weight, cadences))
    for _ in range(400):
        changed = False
        for index, mine in enumerate(held):
            full = [each for at, each in enumerate(held) if at != index and len(each) >= limits[at]]
            load = Load(total, len(held), len(full), sum(map(sum, full)))
            change = next_change(mine, load, limits[index])
            for _ in range(change.give_back):
                free.append(mine.pop())
            room = change.room
            for _ in range(change.claim):
                if free and room > 0:
                    room -= free[0]
                    mine.append(free.pop(0))
                    changed = True
            changed = changed or bool(change.give_back)
        if not changed:
            break
    assert not changed
    assert all(len(mine) <= limit for mine, limit in zip(held, limits, strict=True))
    assert len(free) == max(0, len(cadences) - sum(limits))
