from hypothesis import given
from hypothesis import strategies as st

from chassis.flow import Flow
from chassis.records import Partition, Record


def record(offset: int, key: bytes = b"k") -> Record:
    return Record("t", 0, offset, 0, key, b"v")


@given(st.lists(st.integers(1, 3), min_size=1, max_size=30), st.randoms())
def test_only_the_finished_prefix_is_committed(gaps: list[int], random: object) -> None:
    offsets = [sum(gaps[: position + 1]) for position in range(len(gaps))]
    flow = Flow(Partition("t", 0), live=True)
    for offset in offsets:
        flow.take(record(offset))
    order = list(offsets)
    random.shuffle(order)  # type: ignore[attr-defined]
    done: set[int] = set()
    for offset in order:
        flow.finish(record(offset))
        done.add(offset)
        prefix = [o for position, o in enumerate(offsets) if set(offsets[: position + 1]) <= done]
        assert flow.next_commit == (prefix[-1] + 1 if prefix else None)
    assert flow.uncommitted == 0


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=30), st.integers(1, 4))
def test_records_of_a_key_start_in_order_and_alone(keys: list[bytes], in_flight: int) -> None:
    flow = Flow(Partition("t", 0), live=True)
    for offset, key in enumerate(keys):
        flow.take(record(offset, key))
    started: list[Record] = []
    while flow.queue or flow.running:
        while (found := flow.next(in_flight)) is not None:
            assert found.key not in {running.key for running in flow.running.values()}
            flow.running[len(started)] = found  # type: ignore[index]
            started.append(found)
        assert flow.running, "nothing runs though records wait"
        assert len(flow.running) <= in_flight
        flow.running.pop(next(iter(flow.running)))
    for key in set(keys):
        offsets = [one.offset for one in started if one.key == key]
        assert offsets == sorted(offsets)
    assert len(started) == len(keys)


def test_nothing_starts_while_one_backs_off() -> None:
    flow = Flow(Partition("t", 0), live=True)
    flow.take(record(0))
    flow.backing_off = 1
    assert flow.next(4) is None
    assert not flow.at_work
