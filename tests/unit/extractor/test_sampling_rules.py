"""The sampling rule: exact, and the same however a video is cut into segments."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.sampling import Cadence, Sampling, captured_at, media_ms, rule_for, thumbnail_score

TIMES = st.lists(st.integers(-50_000, 500_000), unique=True, min_size=1, max_size=80).map(sorted)
STEPS = st.fractions(min_value=Fraction(1, 10), max_value=20_000)


def by_definition(times: list[int], step: Fraction) -> list[int]:
    """For each target the first frame not before it."""
    taken: list[int] = []
    target = Fraction(times[0])
    while target <= times[-1]:
        frame = next(time for time in times if time >= target)
        if frame not in taken:
            taken.append(frame)
        target += max(step, Fraction(frame - target) // step * step)
    return taken


@given(TIMES, STEPS)
def test_takes_the_first_frame_at_or_after_each_target(times: list[int], step: Fraction) -> None:
    rule = Cadence(times[0], step)
    assert [time for time in times if rule.takes(time, False)] == by_definition(times, step)


@given(TIMES, STEPS, st.data())
def test_can_be_taken_up_after_any_taken_frame(times: list[int], step: Fraction, data: st.DataObject) -> None:
    whole = Cadence(times[0], step)
    taken = [time for time in times if whole.takes(time, False)]
    after = data.draw(st.sampled_from(taken))
    rest = Cadence(times[0], step)
    rest.takes(after, True)
    assert [time for time in times if time > after and rest.takes(time, False)] == [t for t in taken if t > after]


def test_thirty_hours_of_ntsc_do_not_drift() -> None:
    base = Fraction(1, 30_000)
    rule = rule_for(Sampling("cadence", 1000), 0, base)
    times = range(0, 30_000 * 3600 * 30, 1001 * 1000)
    taken = [time for time in times if rule.takes(time, False)]
    assert taken == list(times)
    assert media_ms(30_000 * 3600 * 30, 0, base) == 108_000_000


def test_keyframes_and_everything() -> None:
    assert [rule_for(Sampling("keyframes", None), 0, Fraction(1)).takes(1, key) for key in (True, False)] == [
        True,
        False,
    ]
    assert rule_for(Sampling("all", None), 0, Fraction(1)).takes(1, False)


@pytest.mark.parametrize(
    ("mode", "every"),
    [
        ("cadence", None),
        ("cadence", 0),
        ("cadence", -1),
        ("all", 5),
        ("all", -5),
        ("all", 0),
        ("keyframes", 1000),
    ],
)
def test_a_cadence_and_only_a_cadence_has_a_step(mode: str, every: int | None) -> None:
    with pytest.raises(ValueError, match="every_ms"):
        Sampling(mode, every)  # type: ignore[arg-type]


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_media_time_is_to_the_nearest_millisecond(ticks: int, start: int) -> None:
    exact = Fraction(ticks * 1000, 90_000)
    assert abs(media_ms(start + ticks, start, Fraction(1, 90_000)) - exact) <= Fraction(1, 2)


def test_capture_time_counts_from_the_start_or_else_from_the_upload() -> None:
    started, uploaded = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert captured_at(started, uploaded, 1500) == started + timedelta(seconds=1.5)
    assert captured_at(None, uploaded, 1500) == uploaded + timedelta(seconds=1.5)


def test_the_best_picture_is_sharp_and_well_lit() -> None:
    assert thumbnail_score(400, 0.5) > thumbnail_score(40, 0.5)
    assert thumbnail_score(400, 0.5) > thumbnail_score(4000, 0.02)
    assert thumbnail_score(400, 0.5) > thumbnail_score(400, 0.95)
    assert thumbnail_score(0, 0.5) == thumbnail_score(900, 0.0) == thumbnail_score(900, 1.0) == 0
