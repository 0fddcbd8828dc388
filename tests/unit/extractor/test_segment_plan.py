"""Segments: together exactly the sampled frames, each decodable from its own keyframe."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.model import plan
from extractor.model.plan import (
    PacketIndex,
    Segment,
    packet_times_reliable,
    plan_segments,
    sampled_times,
    sequential_plan,
)
from extractor.model.sampling import Sampling, rule_for

BASE = Fraction(1, 1000)


@st.composite
def streams(draw: st.DrawFn) -> PacketIndex:
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
    return PacketIndex(pts, keys)


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MIN_PACKETS", 10)


SAMPLINGS = st.one_of(
    st.integers(1, 3000).map(lambda every: Sampling("cadence", every)),
    st.sampled_from([Sampling("keyframes", None), Sampling("all", None)]),
)


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(streams(), SAMPLINGS)
def test_segments_are_the_sampled_frames_in_order(packets: PacketIndex, sampling: Sampling) -> None:
    start = min(packets.pts)
    want = sampled_times(packets, start, rule_for(sampling, start, BASE))
    segments = plan_segments(packets, start, rule_for(sampling, start, BASE), seekable=True)
    assert [pts for segment in segments for pts in segment.wanted] == want
    assert [segment.first_index for segment in segments] == [want.index(segment.wanted[0]) for segment in segments]
    for before, segment in zip([None, *segments], segments, strict=False):
        assert segment.seek is None or (segment.seek in packets.keyframes and segment.wanted[0] >= segment.seek)
        assert segment.after == (before.wanted[-1] if before else None)


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(streams(), SAMPLINGS)
def test_what_cannot_be_seeked_in_is_one_segment(packets: PacketIndex, sampling: Sampling) -> None:
    start = min(packets.pts)
    segments = plan_segments(packets, start, rule_for(sampling, start, BASE), seekable=False)
    assert len(segments) <= 1
    assert all(segment.seek is None for segment in segments)


def test_a_long_video_is_cut_into_segments_that_are_cheap_to_decode_again() -> None:
    packets = PacketIndex(range(0, 40 * 90_000, 40), range(0, 40 * 90_000, 40 * 50))
    segments = plan_segments(packets, 0, rule_for(Sampling("cadence", 1000), 0, BASE), seekable=True)
    assert 25 <= len(segments) <= 35
    everything = plan_segments(packets, 0, rule_for(Sampling("all", None), 0, BASE), seekable=True)
    assert max(len(segment.wanted) for segment in everything) <= 1000


def test_a_short_video_is_shared_by_several_workers() -> None:
    packets = PacketIndex(range(0, 60_000, 40), range(0, 60_000, 2000))
    assert len(plan_segments(packets, 0, rule_for(Sampling("cadence", 1000), 0, BASE), seekable=True)) >= 4


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
    assert packet_times_reliable(PacketIndex(pts, keys), shown) is verdict


def test_what_cannot_be_planned_is_one_sequential_segment_from_the_start() -> None:
    assert sequential_plan(90) == [Segment("straight", 0, (), None, None, 90, None)]
