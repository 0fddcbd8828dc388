"""Time that begins again is told from damage, from reordering and from a pause."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.timeline import LOOKAHEAD, WRAP, Stamp, Timeline, spread

FRAME, SECOND = 3600, 90_000


def placed(stamps: Sequence[Stamp], wraps: bool = False) -> list[int | None]:
    """Where each packet is put; None for one whose stamp is damaged or missing."""
    line = Timeline(Fraction(FRAME), Fraction(SECOND), wraps)
    found: list[int | None] = []
    for number, stamp in enumerate(stamps):
        place = line.place(stamp, stamps[number + 1 : number + 1 + LOOKAHEAD])
        found.append(None if stamp.time is None or place.stray else stamp.time + place.shift)
    return found


def piece(at: int, frames: int, group: int = 9, decoded: bool = True) -> list[Stamp]:
    """In the order of decoding: a keyframe, and then P B B P B B ..., as an encoder with two B-frames writes it."""
    order = [0]
    for first in range(1, frames, 3):
        shown = list(range(first, min(first + 3, frames)))
        order += [shown[-1], *shown[:-1]]
    return [
        Stamp(at + shown * FRAME, at + (number - 1) * FRAME if decoded else None, FRAME, shown % group == 0)
        for number, shown in enumerate(order)
    ]


def shown(frames: int, at: int = 0) -> list[int]:
    return [at + number * FRAME for number in range(frames)]


@pytest.mark.parametrize("decoded", [True, False])
@pytest.mark.parametrize("second_at", [0, 40 * FRAME, 49 * FRAME, -(2**31), -7 * FRAME])
def test_a_new_beginning_goes_on_one_frame_later(second_at: int, decoded: bool) -> None:
    stamps = piece(0, 50, decoded=decoded) + piece(second_at, 50, decoded=decoded)
    assert sorted(time for time in placed(stamps) if time is not None) == shown(100)


def test_pieces_of_one_frame_each_begin_again() -> None:
    assert placed([Stamp(0, 0, FRAME, True)] * 3) == shown(3)


def test_a_keyframe_that_goes_back_alone_is_damage() -> None:
    stamps = piece(100 * FRAME, 50)
    broken = [*stamps]
    key = next(number for number, each in enumerate(stamps) if each.keyframe and number > 20)
    broken[key] = Stamp(FRAME, 0, FRAME, True)
    assert placed(broken) == [None if number == key else each.time for number, each in enumerate(stamps)]


@pytest.mark.parametrize("leap", [WRAP // 3, 10 * SECOND, -10 * SECOND])
def test_a_single_leap_is_damage(leap: int) -> None:
    stamps = piece(100 * FRAME, 50)
    broken = [*stamps]
    broken[21] = Stamp((stamps[21].time or 0) + leap, None, FRAME)
    assert placed(broken) == [None if number == 21 else each.time for number, each in enumerate(stamps)]


def test_a_pause_stays_a_pause() -> None:
    stamps = piece(0, 50) + piece(1000 * FRAME, 50)
    assert placed(stamps) == [each.time for each in stamps]


def test_a_beginning_without_a_keyframe_is_told_by_decode_times() -> None:
    stamps = piece(0, 50) + piece(0, 50)[12:]
    found = [time for time in placed(stamps) if time is not None]
    assert len(found) == 88
    assert min(found[50:]) > max(found[:50]) - 3 * FRAME
    assert sorted(found[50:])[10] > max(found[:50])


def test_a_clock_of_33_bits_that_goes_round_is_no_new_beginning() -> None:
    stamps = piece(WRAP - 20 * FRAME, 50)
    wrapped = [
        Stamp((each.time or 0) % WRAP, (each.decode or 0) % WRAP, each.duration, each.keyframe) for each in stamps
    ]
    assert placed(wrapped, wraps=True) == [each.time for each in stamps]


def test_the_length_of_a_frame_is_exact_where_ticks_are_coarse() -> None:
    """30 frames a second in whole milliseconds: ten pieces are ten times a second long and not 990 ms."""
    line = Timeline(Fraction(100, 3), Fraction(1000))
    stamps = [Stamp(round(number * 100 / 3), None, 33, number == 0) for number in range(30)] * 10
    found = [
        (each.time or 0) + line.place(each, stamps[number + 1 : number + 9]).shift for number, each in enumerate(stamps)
    ]
    assert max(abs(time - number * 100 / 3) for number, time in enumerate(found)) <= 1


@given(st.lists(st.tuples(st.integers(-(2**34), 2**34), st.booleans(), st.integers(0, 10**6)), max_size=60))
def test_any_stamps_have_a_place(stamps: list[tuple[int, bool, int]]) -> None:
    for wraps in (False, True):
        made = [Stamp(time, time if key else None, duration, key) for time, key, duration in stamps]
        assert len(placed(made, wraps)) == len(stamps)


@pytest.mark.parametrize(
    ("after", "count", "before", "times"),
    [
        (0, 2, 120, [40, 80]),
        (0, 2, None, [40, 80]),
        (0, 2, 1000, [40, 80]),
        (0, 3, 40, [10, 20, 30]),
        (None, 2, 100, [20, 60]),
        (None, 2, None, [0, 40]),
        (50, 1, 20, [50]),
    ],
)
def test_frames_without_times(after: int | None, count: int, before: int | None, times: list[int]) -> None:
    assert spread(after, count, before, Fraction(40)) == times
