from hypothesis import given
from hypothesis import strategies as st

from chassis.partition_state import PartitionState
from chassis.records import Record, TopicPartition


def record(offset: int, key: bytes = b"k") -> Record:
    return Record("t", 0, offset, 0, key, b"v")


@given(st.lists(st.integers(1, 3), min_size=1, max_size=30), st.randoms())
def test_only_the_finished_prefix_is_committed(gaps: list[int], random: object) -> None:
    offsets = [sum(gaps[: position + 1]) for position in range(len(gaps))]
    state = PartitionState(TopicPartition("t", 0), live=True)
    for offset in offsets:
        state.add(record(offset))
    order = list(offsets)
    random.shuffle(order)  # type: ignore[attr-defined]
    done: set[int] = set()
    for offset in order:
        state.finish(record(offset))
        done.add(offset)
        prefix = [o for position, o in enumerate(offsets) if set(offsets[: position + 1]) <= done]
        assert state.next_commit == (prefix[-1] + 1 if prefix else None)
    assert state.uncommitted == 0


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=30), st.integers(1, 4))
def test_records_of_a_key_start_in_order_and_alone(keys: list[bytes], in_flight: int) -> None:
    state = PartitionState(TopicPartition("t", 0), live=True)
    for offset, key in enumerate(keys):
        state.add(record(offset, key))
    started: list[Record] = []
    while state.queue or state.running:
        while (found := state.next(in_flight)) is not None:
            assert found.key not in {running.key for running in state.running.values()}
            state.running[len(started)] = found  # type: ignore[index]
            started.append(found)
        assert state.running, "nothing runs though records wait"
        assert len(state.running) <= in_flight
        state.running.pop(next(iter(state.running)))
    for key in set(keys):
        offsets = [one.offset for one in started if one.key == key]
        assert offsets == sorted(offsets)
    assert len(started) == len(keys)


def test_nothing_starts_while_one_backs_off() -> None:
    state = PartitionState(TopicPartition("t", 0), live=True)
    state.add(record(0))
    state.backing_off = 1
    assert state.next(4) is None
    assert not state.working
