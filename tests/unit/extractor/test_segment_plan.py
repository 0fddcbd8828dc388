"""Segments: together exactly the chosen frames, each decodable from its own keyframe."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.files import plan
from extractor.files.plan import Packets, chosen, planned, straightened, trustworthy, whole
from extractor.files.rules import Sampling, rule_for

BASE = Fraction(1, 1000)


@st.composite
def streams(draw: st.DrawFn) -> Packets:
    """Groups of pictures in demux order, some open: pictures shown before the keyframe that they follow."""
    pts: list[int] = []
    keys: list[int] = []
    now = draw(st.integers(-2000, 90_000))
    for group in range(draw(st.integers(1, 12))):
        gaps = draw(st.lists(st.integers(1, 500), min_size=1, max_size=30))
        times = [now := now + gap for gap in gaps]
        leading = draw(st.integers(0, min(3, len(times) - 1))) if group else 0
        key = times[leading]
        keys.append(key)
        pts += [key, *times[:leading], *draw(st.permutations(times[leading + 1 :]))]
    return Packets(pts, keys)


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SHORTEST", 10)


SAMPLINGS = st.one_of(
    st.integers(1, 3000).map(lambda every: Sampling("cadence", every)),
    st.sampled_from([Sampling("keyframes", None), Sampling("all", None)]),
)


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams(), SAMPLINGS)
def test_segments_are_the_chosen_frames_in_order(packets: Packets, sampling: Sampling) -> None:
    start = min(packets.pts)
    want = chosen(packets, start, rule_for(sampling, start, BASE))
    segments = planned(packets, start, rule_for(sampling, start, BASE), seekable=True)
    assert [pts for segment in segments for pts in segment.wanted] == want
    assert [segment.first_index for segment in segments] == [want.index(segment.wanted[0]) for segment in segments]
    for before, segment in zip([None, *segments], segments, strict=False):
        assert segment.seek is None or (segment.seek in packets.keys and segment.wanted[0] >= segment.seek)
        assert segment.after == (before.wanted[-1] if before else None)


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams(), SAMPLINGS)
def test_what_cannot_be_entered_in_the_middle_is_one_segment(packets: Packets, sampling: Sampling) -> None:
    start = min(packets.pts)
    segments = planned(packets, start, rule_for(sampling, start, BASE), seekable=False)
    assert len(segments) <= 1
    assert all(segment.seek is None for segment in segments)


def test_a_long_video_is_cut_in_pieces_that_are_cheap_to_do_again() -> None:
    packets = Packets(range(0, 40 * 90_000, 40), range(0, 40 * 90_000, 40 * 50))
    segments = planned(packets, 0, rule_for(Sampling("cadence", 1000), 0, BASE), seekable=True)
    assert 25 <= len(segments) <= 35
    everything = planned(packets, 0, rule_for(Sampling("all", None), 0, BASE), seekable=True)
    assert max(len(segment.wanted) for segment in everything) <= 1000


def test_a_short_video_is_shared_by_several_workers() -> None:
    packets = Packets(range(0, 60_000, 40), range(0, 60_000, 2000))
    assert len(planned(packets, 0, rule_for(Sampling("cadence", 1000), 0, BASE), seekable=True)) >= 4


@pytest.mark.parametrize(
    ("pts", "keys", "shown", "verdict"),
    [
        ([0, 3, 1, 2], [0], [0, 1, 2], True),
        ([10, 8, 9, 11], [10], [10, 11], True),
        ([0, 1, 1, 2], [0], [0, 1], False),
        ([0, 1, 2], [], [0], False),
        ([0, 1, 2], [0], [], False),
        ([0, 1, 2, 3], [0], [0, 2], False),
        ([0, 9, 5, 6], [0, 9, 5], [0, 5], False),
    ],
)
def test_when_packet_times_can_stand_for_frame_times(
    pts: list[int], keys: list[int], shown: list[int], verdict: bool
) -> None:
    assert trustworthy(Packets(pts, keys), shown) is verdict


def test_a_plan_that_does_not_hold_is_decoded_from_there_to_the_end() -> None:
    packets = Packets(range(0, 40_000, 40), range(0, 40_000, 400))
    segments = planned(packets, 0, rule_for(Sampling("cadence", 1000), 0, BASE), seekable=True)
    tail = straightened(segments[1])
    assert (tail.kind, tail.first_index, tail.seek) == ("straight", segments[1].first_index, segments[1].seek)
    assert (tail.after, tail.to_ticks, tail.wanted) == (segments[0].wanted[-1], None, ())
    assert [segment.kind for segment in whole()] == ["straight"]
