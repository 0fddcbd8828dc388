"""Folding on while outputs are under way: what the next steps see, what is written, and what a new group drops."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.chassis.test_folding import Event, Faust, record, step

from chassis.fold import Fold, FoldOptions
from chassis.fold_ahead import Ahead, Folded, Pace, writes
from chassis.fold_order import Order
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.records import Record
from chassis.testing import ManualClock, MemoryProducer


def folded(key: str, row: bytes | None, partition: int = 0) -> Folded:
    return Folded(Record("in", partition, 0, 0, key.encode(), b""), None, 0.0, (), {key: row})


keys = st.sampled_from("abc")
does = st.one_of(
    st.tuples(st.just("fold"), keys, st.one_of(st.none(), st.binary(max_size=2))),
    st.tuples(st.sampled_from(["take", "write", "forget"]), st.just(""), st.none()),
)


@given(st.lists(does, max_size=60))
def test_whatever_happens_in_between_a_step_sees_the_newest_row(story):
    """A model: `table` is what is written, `seen` what a fold that wrote at once would have."""
    ahead, table, seen, taken = Ahead(), {}, {}, []
    for what, key, row in story:
        if what == "fold":
            ahead.add(folded(key, row))
            seen[key] = row
        elif what == "take" and not taken:
            taken = ahead.take()
        elif what == "write" and taken:
            for write in writes(taken):
                table[write.key] = write.row
            ahead.settle(taken)
            taken = []
        elif what == "forget":
            ahead.forget()
            seen, taken = dict(table), []
        for name in "abc":
            assert (ahead.row(name) if ahead.holds(name) else table.get(name)) == seen.get(name)
    taken = taken + ahead.take()
    assert len(ahead) == len(taken)


def test_of_several_rows_of_a_key_the_last_is_written_to_the_partition_of_its_record():
    found = writes([folded("a", b"1"), folded("b", b"2", 3), folded("a", None, 1), folded("a", b"4", 1)])
    assert [(each.key, each.row, each.partition) for each in found] == [("a", b"4", 1), ("b", b"2", 3)]


def test_only_where_much_comes_something_waits():
    pace = Pace()
    for number in range(100):
        pace.see(number * 0.02)
        assert not pace.linger_s(number * 0.02)
    for number in range(20):
        pace.see(2 + number * 0.001)
    assert pace.linger_s(2.02)
    assert not pace.linger_s(3)


class Held(MemoryProducer):
    """Acknowledges when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.acknowledge, self.asked = asyncio.Event(), asyncio.Event()

    async def send_all(self, messages):
        self.batches.append(len(messages))
        self.asked.set()
        await self.acknowledge.wait()
        await super().send_all(messages)


class Stage:
    """A fold with its writer running, and a group that may change."""

    def __init__(self, home: Path, *, also: tuple[str, ...] = (), ahead: int = 500) -> None:
        options = FoldOptions(
            app="group", topic="in", partitions=6, bootstrap="nowhere:1", datadir=home, also=also, ahead=ahead,
            lane_of=lambda key: "live",
        )  # fmt: skip
        self.producer, self.table = Held(), dict[bytes, bytes]()
        self.fold = Fold(
            options, step, self.producer, clock=ManualClock(), metrics=Metrics(), health=Health(),
            log=structlog.get_logger(),
        )  # fmt: skip
        self.app = SimpleNamespace(rebalancing=False, consumer_generation_id=1)
        self.fold._table, self.fold._app = self.table, self.app
        self.fold._order = Order(Faust(committed=0, begins=0), "in")
        self.fold._failure = asyncio.get_running_loop().create_future()
        self.offset = 0

    async def take(self, value: bytes = b"x", key: bytes = b"k") -> Event:
        event = Event(self.offset, self.app.consumer_generation_id)
        await self.fold._take(record(value, self.offset, key), event)
        self.offset += 1
        return event

    async def settled(self) -> None:
        async with asyncio.timeout(30):
            while len(self.fold._ahead):
                await asyncio.sleep(0)


@pytest.fixture
async def stage(tmp_path: Path):
    made = Stage(tmp_path)
    writing = asyncio.create_task(made.fold._write_behind())
    yield made
    writing.cancel()


async def test_records_are_folded_on_while_outputs_are_under_way_and_leave_together(stage: Stage):
    first = await stage.take()
    await stage.producer.asked.wait()
    others = [await stage.take() for _ in range(5)]
    assert stage.table == {}, "nothing is written before its outputs are acknowledged"
    assert stage.fold.get("k") == b"6"
    assert [each.acked for each in [first, *others]] == [0] * 6
    stage.producer.acknowledge.set()
    await stage.settled()
    assert stage.producer.batches == [1, 5]
    assert [each.value for each in stage.producer.sent] == [b"%d" % n for n in range(1, 7)]
    assert stage.table == {b"k": b"6"}
    assert [each.acked for each in [first, *others]] == [1] * 6


async def test_a_row_that_is_not_written_yet_is_listed_and_one_that_will_be_deleted_is_not(stage: Stage):
    await stage.take()
    await stage.take(key=b"other")
    await stage.take(b"delete")
    assert [key for partition in range(6) for key in stage.fold.keys(partition)] == ["other"]
    assert stage.fold.get("k") is None


async def test_records_are_done_with_when_their_rows_are_in_the_changelog(stage: Stage):
    stage.producer.acknowledge.set()
    row = asyncio.get_running_loop().create_future()
    stage.fold._written.sent.append(row)
    event = await stage.take()
    await stage.settled()
    assert event.acked == 0
    row.set_result(None)
    for _ in range(3):
        await asyncio.sleep(0)
    assert event.acked == 1


@pytest.mark.parametrize("lost", [False, True])
async def test_a_batch_without_rows_is_done_with_after_those_before_it(stage: Stage, lost: bool):
    """Faust would commit past the gap, and a kill then lost the rows that are still on their way."""
    stage.producer.acknowledge.set()
    row = asyncio.get_running_loop().create_future()
    stage.fold._written.sent.append(row)
    events = [await stage.take()]
    await stage.settled()
    for _ in range(2):
        events.append(await stage.take())
        await stage.settled()
    assert [event.acked for event in events] == [0, 0, 0]
    if lost:
        row.set_exception(RuntimeError("no leader"))
        with pytest.raises(RuntimeError, match="no leader"):
            await asyncio.wait_for(stage.fold._failure, 30)
    else:
        row.set_result(None)
        for _ in range(10):
            await asyncio.sleep(0)
    assert [event.acked for event in events] == [0 if lost else 1] * 3


@pytest.mark.parametrize("again", [False, True], ids=["rebalancing", "rebalanced"])
async def test_what_was_under_way_when_the_group_changed_is_neither_written_nor_done(stage: Stage, again: bool):
    event = await stage.take()
    await stage.producer.asked.wait()
    stage.app.rebalancing = True
    if again:
        stage.app.consumer_generation_id = 2
        stage.fold._recovered()
        stage.app.rebalancing = False
        stage.offset = 0
        repeated = await stage.take()
    stage.producer.acknowledge.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert event.acked == 0
    if again:
        await stage.settled()
        assert (stage.table, repeated.acked) == ({b"k": b"1"}, 1), "it came again, and nothing of before is seen"
    else:
        assert stage.table == {}


async def test_a_dead_letter_that_leaves_while_the_group_changes_is_not_done_here(stage: Stage):
    letter = asyncio.create_task(stage.take(b"bad"))
    await asyncio.sleep(0)
    stage.app.rebalancing = True
    event = await letter
    assert (len(stage.fold._ahead), event.acked) == (0, 0)


async def test_an_output_that_can_never_be_sent_ends_the_fold(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    async def refuse(messages):
        raise RuntimeError("too large")

    monkeypatch.setattr(stage.producer, "send_all", refuse)
    event = await stage.take()
    with pytest.raises(RuntimeError, match="too large"):
        await asyncio.wait_for(stage.fold._failure, 30)
    assert (stage.table, event.acked) == ({}, 0)


@pytest.mark.parametrize(("also", "ahead", "most"), [((), 3, 3), (("more",), 500, 1)])
async def test_so_many_may_be_ahead_and_only_one_where_topics_have_no_common_order(
    tmp_path: Path, also: tuple[str, ...], ahead: int, most: int
):
    stage = Stage(tmp_path, also=also, ahead=ahead)
    writing = asyncio.create_task(stage.fold._write_behind())
    for _ in range(most):
        await asyncio.wait_for(stage.fold._room(), 30)
        await stage.take()
    waiting = asyncio.create_task(stage.fold._room())
    await stage.producer.asked.wait()
    assert not waiting.done()
    stage.producer.acknowledge.set()
    await asyncio.wait_for(waiting, 30)
    writing.cancel()


async def test_a_fold_that_is_stopped_writes_what_it_has_folded_and_takes_nothing_more(stage: Stage):
    event = await stage.take()
    draining = asyncio.create_task(stage.fold._drain())
    await stage.producer.asked.wait()
    waiting = asyncio.create_task(stage.fold._room())
    stage.producer.acknowledge.set()
    await draining
    assert (stage.table, event.acked) == ({b"k": b"1"}, 1)
    assert not waiting.done()
    waiting.cancel()


async def test_partitions_are_given_up_when_what_was_written_is_in_the_changelog(stage: Stage):
    stage.producer.acknowledge.set()
    row = asyncio.get_running_loop().create_future()
    stage.fold._written.sent.append(row)
    await stage.take()
    await stage.settled()
    giving_up = asyncio.create_task(stage.fold._durably())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not giving_up.done()
    row.set_result(None)
    await asyncio.wait_for(giving_up, 30)
