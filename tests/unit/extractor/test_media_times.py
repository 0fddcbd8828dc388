"""Media times: of a first packet without one, and of a keyframe that has that of the picture before."""

import pytest

from extractor.model.media_times import MediaTime, MediaTimes


def test_the_first_picture_is_one_step_before_the_earliest_that_follows() -> None:
    """Two B-frames: 0 is sent, then 3, 1, 2, 6, 4, 5 steps of 40 ms, counted from somewhere."""
    times = MediaTimes()
    assert times.take(None) == MediaTime(0.0, known=False)
    for step in (3, 1, 2, 6, 4, 5):
        assert times.take(7 + step * 0.04).known
    assert times.first_s == pytest.approx(7.0)


def test_without_two_others_the_first_is_at_nought() -> None:
    times = MediaTimes()
    times.take(None)
    assert times.first_s == 0.0
    times.take(0.04)
    assert times.first_s == 0.0


def test_a_picture_with_the_time_of_the_one_before_comes_one_step_later() -> None:
    times = MediaTimes()
    assert [times.take(each) for each in (1.0, 1.04, 1.08, 1.08, 1.16)] == [
        MediaTime(1.0),
        MediaTime(1.04),
        MediaTime(1.08),
        MediaTime(pytest.approx(1.12), known=False),
        MediaTime(1.16),
    ]
