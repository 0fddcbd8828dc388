"""The write-behind buffer and its policy, which are pure."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.records import Record
from folding.write_behind import FoldedRecord, LingerPolicy, WriteBehindBuffer, last_writes


def folded(key: str, row: bytes | None, partition: int = 0) -> FoldedRecord:
    return FoldedRecord(Record("in", partition, 0, 0, key.encode(), b""), None, 0.0, (), {key: row})


keys = st.sampled_from("abc")
actions = st.one_of(
    st.tuples(st.just("fold"), keys, st.one_of(st.none(), st.binary(max_size=2))),
    st.tuples(st.sampled_from(["take", "write", "clear"]), st.just(""), st.none()),
)


@given(st.lists(actions, max_size=60))
def test_whatever_happens_in_between_a_step_sees_the_newest_row(history):
    """A model: `table` is what is written, `expected` what a fold that wrote at once would have."""
    buffer, table, expected, batch = WriteBehindBuffer(), {}, {}, []
    for action, key, row in history:
        if action == "fold":
            buffer.add(folded(key, row))
            expected[key] = row
        elif action == "take" and not batch:
            batch = buffer.take_batch()
        elif action == "write" and batch:
            for write in last_writes(batch):
                table[write.key] = write.row
            buffer.mark_written(batch)
            batch = []
        elif action == "clear":
            buffer.clear()
            expected, batch = dict(table), []
        for name in "abc":
            assert (buffer.row(name) if name in buffer else table.get(name)) == expected.get(name)
    batch = batch + buffer.take_batch()
    assert len(buffer) == len(batch)


def test_of_several_rows_of_a_key_the_last_is_written_to_the_partition_of_its_record():
    found = last_writes([folded("a", b"1"), folded("b", b"2", 3), folded("a", None, 1), folded("a", b"4", 1)])
    assert [(each.key, each.row, each.partition) for each in found] == [("a", b"4", 1), ("b", b"2", 3)]


def test_only_under_load_a_request_waits_for_more_records():
    policy = LingerPolicy()
    for number in range(100):
        policy.record_arrived(number * 0.02)
        assert not policy.linger_s(number * 0.02)
    for number in range(20):
        policy.record_arrived(2 + number * 0.001)
    assert policy.linger_s(2.02)
    assert not policy.linger_s(3)
