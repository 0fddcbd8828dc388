"""Which packets of a live stream are decoded: how many, and how far apart the samples are."""

from itertools import pairwise

import pytest

from extractor.model.cadence import MAX_HELD, Action, Cadence

FPS = 25


def play(every_s: float, group_s: float, seconds: float = 60.0) -> tuple[list[float], int]:
    """Times of the samples, and how many packets are decoded."""
    cadence, samples, decoded, held = Cadence(every_s), list[float](), 0, 0
    group = round(group_s * FPS)
    for number in range(int(seconds * FPS)):
        keyframe = number % group == 0
        if keyframe:
            held = 0
        action = cadence.take(100 + number / FPS, number / FPS, keyframe)
        if action is Action.HOLD:
            held += 1
        elif action in (Action.SAMPLE, Action.FEED):
            decoded, held = decoded + held + 1, 0
        elif action is Action.SAMPLE_KEYFRAME:
            decoded, held = decoded + 1, 0
        if action in (Action.SAMPLE, Action.SAMPLE_KEYFRAME):
            samples.append(number / FPS)
    return samples, decoded


@pytest.mark.parametrize(
    ("every_s", "group_s"), [(1, 1), (2, 1), (10, 2), (3, 2), (5, 0.4), (60, 2), (0.9, 0.4), (2.5, 2)]
)
def test_where_keyframes_suffice_they_alone_are_decoded_and_the_cadence_holds_on_average(
    every_s: float, group_s: float
) -> None:
    samples, decoded = play(every_s, group_s, seconds=300)
    gaps = [after - before for before, after in pairwise(samples[1:])]
    assert decoded <= len(samples) + 2 * group_s * FPS
    assert sum(gaps) / len(gaps) == pytest.approx(every_s, rel=0.05)
    assert all(abs(gap - every_s) <= group_s + 0.05 for gap in gaps)


@pytest.mark.parametrize(("every_s", "group_s"), [(1, 2), (1, 10), (0.5, 2), (0.2, 2), (1, 1.5)])
def test_elsewhere_a_group_is_decoded_up_to_the_last_sample_in_it(every_s: float, group_s: float) -> None:
    samples, decoded = play(every_s, group_s)
    gaps = [after - before for before, after in pairwise(samples)]
    assert max(gaps) <= every_s + 1 / FPS + 1e-9
    assert min(gaps) >= every_s / 2 - 1e-9
    most_of_a_group = max(every_s, group_s - every_s) * FPS + 2
    assert decoded <= 60 / group_s * most_of_a_group + group_s * FPS


def test_a_stream_decodes_nothing_before_its_first_keyframe() -> None:
    cadence = Cadence(1.0)
    assert [cadence.take(t / 10, t / 10, False) for t in range(50)] == [Action.SKIP] * 50
    assert cadence.take(5.0, 5.0, True) is Action.SAMPLE


def test_a_group_that_never_ends_is_decoded_as_it_comes() -> None:
    cadence = Cadence(3600.0)
    actions = [cadence.take(number / FPS, number / FPS, number == 0) for number in range(3 * MAX_HELD)]
    assert actions.count(Action.FEED) == 2
    assert actions[0] is Action.SAMPLE


def test_after_a_pause_one_sample_comes_and_not_all_that_were_due() -> None:
    cadence = Cadence(1.0)
    for number in range(100):
        cadence.take(number / FPS, number / FPS, number % 50 == 0)
    late = [cadence.take(60 + number / FPS, 4 + number / FPS, number == 0) for number in range(25)]
    assert late.count(Action.SAMPLE) == 1


def test_a_camera_that_changes_its_keyframes_is_followed() -> None:
    cadence = Cadence(1.0)
    for number in range(250):
        cadence.take(number / FPS, number / FPS, number % 25 == 0)
    assert cadence.keyframes_suffice
    sampled = [
        number for number in range(250, 750)
        if cadence.take(number / FPS, number / FPS, number % 250 == 0) in (Action.SAMPLE, Action.SAMPLE_KEYFRAME)
    ]  # fmt: skip
    assert not cadence.keyframes_suffice
    assert (
        max(b - a for a, b in zip([s for s in sampled if s >= 500], [s for s in sampled if s > 500], strict=False))
        <= 26
    )
