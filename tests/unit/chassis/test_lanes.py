from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from chassis import lanes

counts = st.integers(1, 240)


@given(st.binary(max_size=60))
def test_murmur2_is_kafkas(key: bytes) -> None:
    assert lanes.murmur2(key) == murmur2(key) & 0xFFFFFFFF


@given(counts)
def test_lanes_share_nothing_and_leave_nothing(count: int) -> None:
    live, runs = lanes.live_partitions(count), lanes.run_partitions(count)
    assert set(live) | set(runs) == set(range(count))
    assert not set(live) & set(runs) or count == 1
    assert len(live) >= 1
    assert len(runs) >= 1


@given(st.binary(max_size=60), counts, st.sampled_from(["live", "run"]))
def test_a_key_stays_in_its_lane(key: bytes, count: int, lane: str) -> None:
    allowed = lanes.run_partitions(count) if lane == "run" else lanes.live_partitions(count)
    assert lanes.partition_for(key, lane, count) in allowed
    assert lanes.partition_for(key, lane, count) == lanes.partition_for(key, lane, count)


def test_six_partitions_are_four_and_two() -> None:
    assert list(lanes.live_partitions(6)) == [0, 1, 2, 3]
    assert list(lanes.run_partitions(6)) == [4, 5]
