"""When the light was seen: honest, missing, late, stale and lying camera clocks on a line that delays."""

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.capture_time import MAX_BEHIND_S, MAX_FUTURE_S, Arrival, CaptureClock, Rising

BEGAN = 1_795_000_000.0
FPS, REPORT_EVERY_S = 25, 5.0
CameraClock = Callable[[float], float | None]


def arrivals(clock: CameraClock, seconds: float = 22.0, ppm: float = 0.0) -> Iterator[tuple[float, Arrival]]:
    """True capture time and arrival of each picture: 30 ms and exponential 15 ms on the line, 1 % of 0.4 s more.

    FFmpeg hands out the camera's time on every packet once a report has come, and the report with the packet after it.
    """
    chance = random.Random(5)
    received, next_report, reported = BEGAN, 0.0, None
    for number in range(int(seconds * FPS)):
        taken = BEGAN + number / FPS
        delay = 0.03 + chance.expovariate(1 / 0.015) + (0.4 if chance.random() < 0.01 else 0.0)
        received = max(received, taken + delay)
        media_s = number / FPS * (1 + ppm * 1e-6)
        report = None
        if taken - BEGAN >= next_report:
            next_report += REPORT_EVERY_S
            shown = clock(taken - BEGAN)
            if shown is not None:
                reported, report = shown - media_s, round(shown * 1000)
        yield taken, Arrival(media_s, received, None if reported is None else media_s + reported, report)


def errors_ms(clock: CameraClock, behind_s: float = 1.0, **line: float) -> tuple[list[float], CaptureClock]:
    """Of the pictures that come after `behind_s`: what a session holds back is told by what came meanwhile."""
    capture, errors = CaptureClock(), []
    for taken, arrival in arrivals(clock, **line):
        capture.arrived(arrival)
        if taken - BEGAN >= behind_s:
            errors.append((capture.captured(arrival.media_s).at_s - taken) * 1000)
    return errors, capture


def p99(errors: list[float]) -> float:
    return sorted(map(abs, errors))[int(0.99 * len(errors))]


def test_an_honest_clock_is_right_once_it_is_confirmed() -> None:
    errors, clock = errors_ms(lambda elapsed: BEGAN + elapsed, behind_s=5.1)
    assert p99(errors) < 1
    assert clock.refusal is None
    assert clock.captured(20.0).source == "camera"


LIES: dict[str, tuple[CameraClock, str]] = {
    "never": (lambda _: None, "no_report"),
    "stale": (lambda _: BEGAN, "behind"),
    "an hour slow": (lambda elapsed: BEGAN + elapsed - 3600, "behind"),
    "two seconds slow": (lambda elapsed: BEGAN + elapsed - 2, "behind"),
    "two seconds fast": (lambda elapsed: BEGAN + elapsed + 2, "ahead"),
    "an hour fast": (lambda elapsed: BEGAN + elapsed + 3600, "ahead"),
    "steps ahead": (lambda elapsed: BEGAN + elapsed + (2 if elapsed > 9 else 0), "ahead"),
    "steps back an hour": (lambda elapsed: BEGAN + elapsed - (3600 if elapsed > 9 else 0), "behind"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_clock_that_lies_is_no_worse_than_none_and_the_refusal_says_which(name: str) -> None:
    lie, refusal = LIES[name]
    errors, clock = errors_ms(lie)
    assert p99(errors) < 150
    assert clock.refusal == refusal
    assert clock.captured(20.0).error_s == 0.15


def test_a_clock_that_steps_is_believed_again_when_a_second_report_agrees() -> None:
    def corrected(elapsed: float) -> float:
        return BEGAN + elapsed + (0.0 if elapsed > 9 else 2.0)

    errors, clock = errors_ms(corrected, seconds=30, behind_s=15.1)
    assert clock.refusal is None
    assert p99(errors) < 1


def test_one_report_is_not_confirmed_by_itself() -> None:
    clock = CaptureClock()
    for media_s in (0.0, 0.04, 0.08):
        clock.arrived(Arrival(media_s, BEGAN + media_s + 0.05, BEGAN + media_s))
    assert clock.refusal == "unconfirmed"


def test_a_crystal_that_runs_slow_for_six_hours() -> None:
    """Media time loses 2 s on ours; the offset may rise by 500 ppm and follows."""
    clock, worst = CaptureClock(), 0.0
    chance = random.Random(1)
    for second in range(6 * 3600):
        media_s = second * (1 - 100e-6)
        clock.arrived(Arrival(media_s, BEGAN + second + 0.03 + chance.expovariate(1 / 0.015)))
        worst = max(worst, abs(clock.captured(media_s).at_s - (BEGAN + second)))
    assert worst < 0.15


def test_media_time_that_begins_again_in_a_session_is_followed_after_fifty_pictures() -> None:
    clock = CaptureClock()
    for number in range(200):
        media_s = number / 25 if number < 100 else (number - 100) / 25
        clock.arrived(Arrival(media_s, BEGAN + number / 25 + 0.05))
    assert clock.captured(99 / 25).at_s == pytest.approx(BEGAN + 199 / 25 + 0.05, abs=0.01)


def test_old_pictures_that_come_first_are_told_by_what_came_within_the_second() -> None:
    """A cached group of pictures: two seconds of them at once, then live."""
    clock = CaptureClock()
    burst = [Arrival(number / 25, BEGAN + 0.001 * number) for number in range(50)]
    for arrival in burst:
        clock.arrived(arrival)
    for number in range(50, 75):
        clock.arrived(Arrival(number / 25, BEGAN + (number - 50) / 25 + 0.05))
    assert clock.captured(burst[0].media_s).at_s == pytest.approx(BEGAN - 2, abs=0.15)


def test_nothing_has_arrived_yet() -> None:
    with pytest.raises(ValueError, match="nothing"):
        CaptureClock().captured(0.0)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=50), st.none() | st.integers(0, round(BEGAN * 1000)))
def test_times_rise_by_a_millisecond_at_least(steps: list[float], before: int | None) -> None:
    rising, at_s, now_s, last = Rising(before), BEGAN, BEGAN, before
    for step in steps:
        at_s += step
        now_s = max(now_s, at_s)
        found = rising.next_ms(at_s, now_s)
        assert last is None or found > last
        assert found >= round(at_s * 1000)
        last = found


@given(st.floats(MAX_FUTURE_S + 0.01, 1e8))
def test_when_our_clock_is_set_back_times_begin_anew_and_do_not_stand_in_the_future(back_s: float) -> None:
    rising = Rising()
    rising.next_ms(BEGAN, BEGAN)
    now_s = BEGAN - back_s
    assert rising.next_ms(now_s, now_s) == round(now_s * 1000)
    assert rising.next_ms(now_s, now_s) == round(now_s * 1000) + 1


@given(st.integers(0, 2**62))
def test_what_another_process_left_is_never_further_ahead_than_clocks_may_differ(last_ms: int) -> None:
    assert Rising(last_ms).next_ms(BEGAN, BEGAN) <= round((BEGAN + MAX_FUTURE_S) * 1000) + 1


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(0, 1e9), st.none() | st.floats(-1e12, 1e12), st.none() | st.integers(0)),
        min_size=1,
        max_size=60,
    )
)
def test_no_report_moves_a_time_further_from_receipt_than_it_may(
    packets: list[tuple[float, float, float | None, int | None]],
) -> None:
    honest, lied_to, received = CaptureClock(), CaptureClock(), BEGAN
    for media_s, gap, camera_s, report in packets:
        received += gap
        honest.arrived(Arrival(media_s, received))
        lied_to.arrived(Arrival(media_s, received, camera_s, report))
        difference = honest.captured(media_s).at_s - lied_to.captured(media_s).at_s
        assert -0.11 <= difference <= MAX_BEHIND_S + 0.01
