"""What is said of a stream by its packets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from extractor.model.probes import LEAST_WATCH_S, WATCH_S, failure_of_abandoned, is_enough
from extractor.model.stream_meter import Measured, StreamMeter

RATE, GROUP = 25, 50


def metered(number: int, *, media: float = 1.0, begins: float = 0.0, leap_at: int = -1, first: int = 0) -> Measured:
    """Of so many packets of 1000 bytes, one each 40 ms; media time goes `media` times as fast as receipt."""
    meter, leap = StreamMeter(), 0.0
    for packet in range(number):
        leap = -1000.0 if packet == leap_at else leap
        received = max(0, packet - first) / RATE
        meter.take(begins + packet / RATE * media + leap, received, 1000, keyframe=packet % GROUP == 0)
    return meter.measured("h264", 0.5, "aac")


def test_rate_keyframes_and_bits_are_those_of_the_stream() -> None:
    found = metered(5 * GROUP + 1)
    assert (found.frames_per_s, found.gop_frames, found.gop_ms, found.first_frame_ms) == (25.0, 50, 2000, 500)
    assert (found.bits_per_s, found.packets, found.watched_ms, found.sound) == (200_800, 251, 10_000, "aac")


def test_without_a_second_keyframe_nothing_is_said_of_their_distance() -> None:
    found = metered(GROUP)
    assert (found.gop_frames, found.gop_ms, found.frames_per_s) == (None, None, 25.0)
    assert metered(1).frames_per_s is None
    assert StreamMeter().measured("h264") == Measured(codec="h264", packets=0, watched_ms=0)


def test_media_time_that_stands_still_runs_away_or_leaps_is_not_believed() -> None:
    """A camera that begins its clock anew, counts in other units, or not at all."""
    for strange in (metered(501, media=0.0), metered(501, media=10.0), metered(501, leap_at=200)):
        assert (strange.frames_per_s, strange.gop_frames, strange.gop_ms) == (25.0, 50, 2000)


def test_what_a_camera_had_buffered_does_not_raise_the_rate() -> None:
    """Its last two seconds come at once."""
    assert metered(401, first=50, begins=7.0).frames_per_s == 25.0


def test_pictures_that_come_after_the_keyframe_and_are_shown_before_it_count_with_their_time() -> None:
    """Of an open group that is joined at its keyframe: two B-frames, a tenth of a second each, lead it."""
    meter = StreamMeter()
    for number, shown in enumerate([2, 0, 1, *range(3, 24)]):
        meter.take(shown / 10, number / 10, 1000, keyframe=number == 0)
    assert meter.measured("h264").frames_per_s == 10.0


def test_the_rate_of_b_frames_is_exact_from_keyframe_to_keyframe() -> None:
    """In each group of 20, of two seconds, P before the three B-frames that lead to it."""
    group, meter = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15, 19, 17, 18], StreamMeter()
    for number in range(2 * len(group) + 7):
        shown = number // 20 * 20 + group[number % 20]
        meter.take(shown / 10, number / 10, 1000, keyframe=number % 20 == 0)
    found = meter.measured("h264")
    assert (found.frames_per_s, found.gop_frames, found.gop_ms) == (10.0, 20, 2000)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 100), st.booleans()), min_size=1, max_size=60))
def test_no_stream_of_packets_gives_figures_that_are_none(packets: list[tuple[float, float, bool]]) -> None:
    meter, received = StreamMeter(), 0.0
    for media, later, keyframe in packets:
        received += later
        meter.take(media, received, 100, keyframe=keyframe)
    found = meter.measured("x" * 100)
    keyed = [number for number, (_, _, keyframe) in enumerate(packets) if keyframe]
    gaps = [after - before for before, after in pairwise(keyed)]
    assert found.gop_frames == (max(gaps) if gaps else None)
    assert found.frames_per_s is None or found.frames_per_s >= 0
    assert len(found.codec) == 40


def test_a_camera_is_watched_until_its_clock_and_keyframes_are_known() -> None:
    known = metered(5 * GROUP + 1)
    assert not is_enough(known, None, LEAST_WATCH_S - 0.1), "too short for a rate"
    assert is_enough(known, None, LEAST_WATCH_S)
    assert not is_enough(known, "unconfirmed", LEAST_WATCH_S), "the next report may confirm it"
    assert is_enough(known, "behind", LEAST_WATCH_S)
    assert not is_enough(metered(GROUP), None, LEAST_WATCH_S), "no second keyframe yet"
    assert not is_enough(None, None, LEAST_WATCH_S)
    assert is_enough(None, "no_report", WATCH_S), "but not for ever"


def test_a_probe_that_nobody_finished_says_whether_anybody_began() -> None:
    assert failure_of_abandoned(0).code == "probe_too_late"
    assert failure_of_abandoned(1).code == "probe_interrupted"
