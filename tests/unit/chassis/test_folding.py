"""What a fold does with one record, without Kafka or Faust: order of effects, refusals, the watchdog."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog

from chassis import fold_start, fold_watch
from chassis.consume import Invalid
from chassis.fold import Fold, FoldOptions, Stalled, Step
from chassis.fold_order import Order, Skipped
from chassis.fold_watch import Progress, Standstill
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.records import Message, Record
from chassis.testing import ManualClock, MemoryProducer


class Watching(MemoryProducer):
    """Remembers what the rows were when it sent."""

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[bytes, bytes] = {}
        self.rows_at_send: list[dict[bytes, bytes]] = []
        self.fail: Exception | None = None

    async def send_all(self, messages):
        if self.fail:
            raise self.fail
        self.rows_at_send.append(dict(self.table))
        await super().send_all(messages)


def step(record: Record, rows) -> Step:
    if record.value == b"bad":
        raise Invalid("rotten", "it smells")
    if record.value == b"bug":
        raise KeyError("oops")
    key = (record.key or b"").decode()
    if record.value == b"delete":
        return Step((), {key: None})
    count = int(rows.get(key) or b"0") + 1
    return Step((Message(topic="out", key=record.key, value=b"%d" % count),), {key: b"%d" % count})


@pytest.fixture
def producer() -> Watching:
    return Watching()


@pytest.fixture
def fold(producer, tmp_path: Path) -> Fold:
    options = FoldOptions(
        app="group", topic="in", partitions=6, bootstrap="nowhere:1", datadir=tmp_path, lane_of=lambda key: "live"
    )
    made = Fold(
        options, step, producer, clock=ManualClock(), metrics=Metrics(), health=Health(), log=structlog.get_logger()
    )
    made._table = producer.table
    made._app = SimpleNamespace(rebalancing=False, consumer_generation_id=1)
    made._order = Order(Faust(committed=0, begins=0), "in")
    return made


class Event:
    """A record as Faust has it."""

    def __init__(self, offset: int = 0, generation: int = 1) -> None:
        self.message, self.acked = message(offset, generation), 0

    def ack(self) -> None:
        self.acked += 1


async def take(fold: Fold, given: Record) -> Event:
    """Fold one record and settle it."""
    event = Event(given.offset)
    await fold._take(given, event)
    await fold._settle(fold._ahead.take())
    return event


def record(value: bytes, offset: int = 0, key: bytes = b"k") -> Record:
    return Record("in", 2, offset, 0, key, value)


async def test_outputs_are_acknowledged_before_rows_are_written(fold, producer):
    await take(fold, record(b"x", 0))
    await take(fold, record(b"x", 1))
    assert producer.rows_at_send == [{}, {b"k": b"1"}]
    assert producer.table == {b"k": b"2"}


async def test_an_output_that_is_not_acknowledged_writes_nothing_and_is_not_done(fold, producer):
    producer.fail = RuntimeError("no broker")
    with pytest.raises(RuntimeError):
        await take(fold, record(b"x"))
    assert producer.table == {}


async def test_a_row_is_deleted_and_deleting_what_is_not_there_is_nothing(fold, producer):
    await take(fold, record(b"x"))
    await take(fold, record(b"delete", 1))
    await take(fold, record(b"delete", 2))
    assert producer.table == {}


@pytest.mark.parametrize(("value", "code"), [(b"bad", b"rotten"), (b"bug", b"fold_failed")])
async def test_a_step_that_raises_makes_a_dead_letter_and_the_fold_goes_on(fold, producer, value, code):
    await take(fold, record(value, 4))
    (letter,) = producer.sent
    assert (letter.topic, letter.value, letter.partition) == ("in.group.dlq", value, 0)
    assert dict(letter.headers)["dlq-reason-code"] == code
    await take(fold, record(b"x", 5))
    assert producer.table == {b"k": b"1"}


async def test_too_many_dead_letters_in_a_row_end_the_process(fold):
    with pytest.raises(Stalled, match="fuse"):
        for offset in range(100):
            await take(fold, record(b"bad", offset))


async def test_a_blown_fuse_holds_the_fold_and_not_the_process(fold, monkeypatch):
    """A process that ended would be started again, and bury as many again."""

    async def exist(*_):
        return True

    async def member(_stop):
        for offset in range(100):
            await take(fold, record(b"bad", offset))

    monkeypatch.setattr("chassis.fold.fold_faust.topics_exist", exist)
    monkeypatch.setattr(fold, "_member", member)
    stop = asyncio.Event()
    running = asyncio.create_task(fold.run(stop))
    async with asyncio.timeout(60):
        while "group" not in fold._health.unready() or "fuse" not in fold._health.unready()["group"]:
            await asyncio.sleep(0)
    assert fold._metrics.value("fuse_blown", group="group") == 1
    assert fold._metrics.value("dead_letters_total", group="group", topic="in", code="rotten") == 20
    assert fold._health.dead() == {}
    stop.set()
    await running


async def test_rows_are_listed_by_partition(fold, producer):
    producer.table |= {b"key-%d" % number: b"1" for number in range(50)}
    fold._recovered()
    listed = [sorted(fold.keys(partition)) for partition in range(6)]
    assert sum(map(len, listed)) == 50
    assert all(listed[:4]) and not any(listed[4:]), "live keys live in the first two thirds"


async def test_the_list_follows_what_is_written_deleted_and_recovered(fold, producer):
    def listed() -> set[str]:
        return {key for partition in range(6) for key in fold.keys(partition)}

    await take(fold, record(b"x", 0))
    await take(fold, record(b"x", 1, key=b"other"))
    assert listed() == {"k", "other"}
    await take(fold, record(b"delete", 2))
    assert listed() == {"other"}
    producer.table.clear()
    producer.table[b"from the changelog"] = b"1"
    fold._recovered()
    assert listed() == {"from the changelog"}


def at(offset: int, waiting: int) -> dict[int, Progress]:
    return {0: Progress(offset, offset, waiting)}


def test_standing_still_with_records_waiting_ends_it():
    still = Standstill(60)
    assert still.see(at(1, 5), 0)
    assert not still.see(at(1, 7), 60)
    with pytest.raises(Stalled):
        still.see(at(1, 7), 61)


def test_progress_or_nothing_to_do_is_well():
    still = Standstill(60)
    for now in range(0, 600, 30):
        assert still.see(at(now, 5), now)
    for now in range(600, 1200, 30):
        assert still.see(at(9, 0), now)
    assert not still.see(at(9, 1), 1200)


def test_one_partition_that_stands_still_is_not_hidden_by_the_others():
    still = Standstill(60)
    with pytest.raises(Stalled):
        for now in range(0, 1000, 10):
            still.see(at(1, 5) | {1: Progress(now, now, 3)}, now)


def test_records_behind_a_queue_of_others_are_waited_for():
    still = Standstill(60)
    for now in range(0, 590, 10):
        still.see(at(1, 5) | {1: Progress(now, now, 3000)}, now)
    with pytest.raises(Stalled):
        for now in range(590, 660, 10):
            still.see(at(1, 5) | {1: Progress(580, 580, 3000)}, now)


def test_a_partition_that_went_elsewhere_is_forgotten():
    still = Standstill(60)
    still.see(at(1, 5), 0)
    assert still.see({}, 100)
    assert still.see(at(1, 5), 200)


class Starting:
    """As much of Faust as recovers rows: `left` after each look."""

    def __init__(self, left: list[int]) -> None:
        self._left, self.begun = left, asyncio.Event()
        self.tables = self.recovery = self.conf = self
        self.id = "group"

    async def start(self) -> None:
        await self.begun.wait()

    def active_remaining_total(self) -> int:
        if len(self._left) == 1:
            self.begun.set()
        return self._left.pop(0)


async def test_a_long_recovery_is_alive_and_one_that_stands_still_ends_the_process(monkeypatch):
    monkeypatch.setattr(fold_watch, "_LOOK_S", 0.01)
    health, clock = Health(), ManualClock()
    health.expect("group", 60)
    await fold_watch.started(Starting([3, 2, 1, 0]), 30, clock=clock, health=health)

    class Passing(ManualClock):
        def monotonic(self) -> float:
            self.now_s = getattr(self, "now_s", 0.0) + 20
            return self.now_s

    with pytest.raises(Stalled):
        await fold_watch.started(Starting([7] * 10), 30, clock=Passing(), health=health)


class Faust:
    """As much of Faust as Order looks at."""

    def __init__(self, committed: int | None, begins: int) -> None:
        self.consumer = self
        self._committed_offset = {"tp": committed}
        self.begins = begins

    async def earliest_offsets(self, place):
        return {place: self.begins}


def message(offset: int, generation: int = 1, topic: str = "in"):
    return SimpleNamespace(topic=topic, tp="tp", offset=offset, generation_id=generation)


async def test_records_count_once_and_in_order():
    order = Order(Faust(committed=5, begins=0), "in")
    due = [await order.due(message(offset)) for offset in (5, 6, 5, 6, 7)]
    assert due == [True, True, False, False, True]


async def test_a_record_that_is_passed_over_is_noticed():
    order = Order(Faust(committed=5, begins=0), "in")
    with pytest.raises(Skipped):
        await order.due(message(6))
    assert await order.due(message(9, topic="another"))


async def test_what_retention_deleted_is_not_missed():
    faust = Faust(committed=None, begins=40)
    order = Order(faust, "in")
    assert await order.due(message(40))
    faust.begins = 60
    assert await order.due(message(60))


async def test_a_new_assignment_begins_at_what_is_committed():
    faust = Faust(committed=5, begins=0)
    order = Order(faust, "in")
    assert await order.due(message(5))
    faust._committed_offset["tp"] = 90
    assert await order.due(message(90, generation=2))


async def test_the_watchdog_asks_meanwhile_and_sets_nothing_back():
    class Slow(Faust):
        async def earliest_offsets(self, place):
            await asked.wait()
            return await super().earliest_offsets(place)

    asked = asyncio.Event()
    order = Order(Slow(committed=5, begins=0), "in")
    watching = asyncio.create_task(order.expected("tp"))
    await asyncio.sleep(0)
    assert await order.due(message(5))
    asked.set()
    await watching
    assert await order.due(message(6)), "the record after it is still the next one"


class Recovering:
    """As much of Faust as ends a recovery: what happened, in order."""

    def __init__(self, *, rebalancing: bool = False, again: bool = False) -> None:
        self.happened: list[str] = []
        self.consumer, self.tables, self.recovery = self, self, self
        self.rebalancing, self.again = rebalancing, again

    def resume_partitions(self, places) -> None:
        self.happened.append(f"resumed {sorted(places)}")

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        self.consumer.resume_partitions({"in-1", "in-0"})
        if self.again:
            raise RuntimeError("rebalanced again")
        self.happened += ["sought", "queues emptied"]


async def test_the_sources_are_resumed_after_the_seek_and_the_emptying():
    app = Recovering()
    fold_start.resume_last(app, lambda: app.happened.append("rows are there"))
    await app.recovery.on_recovery_completed(3)
    assert app.happened == ["sought", "queues emptied", "rows are there", "resumed ['in-0', 'in-1']"]
    app.consumer.resume_partitions({"changelog"})
    assert app.happened[-1] == "resumed ['changelog']", "at other times they are resumed at once"


async def test_a_recovery_that_is_overtaken_resumes_nothing():
    begun = Recovering(rebalancing=True)
    fold_start.resume_last(begun, lambda: None)
    await begun.recovery.on_recovery_completed(3)
    assert begun.happened == ["sought", "queues emptied"]
    again = Recovering(again=True)
    fold_start.resume_last(again, lambda: None)
    with pytest.raises(RuntimeError):
        await again.recovery.on_recovery_completed(3)
    assert again.happened == []


async def test_with_nothing_active_nothing_is_fetched():
    class Consumer:
        def __init__(self) -> None:
            self._active_partitions = {"in-0"}

        async def _getmany(self, active_partitions, timeout):
            return bool(active_partitions), [each for each in ("in-0", "in-1") if each in active_partitions]

    consumer = Consumer()
    fold_start.fetch_only_active(consumer)
    assert await consumer._getmany({"whatever"}, 1.0) == (True, ["in-0"])
    consumer._active_partitions.clear()
    assert await consumer._getmany(set(), 1.0) == (True, []), "an empty set would mean all of them"


def test_a_changelog_is_not_taken_for_a_source_that_stands_still():
    looked: list[str] = []
    consumer = SimpleNamespace(_active_partitions={"in-0"}, verify_event_path=lambda now, place: looked.append(place))
    fold_start.watch_only_active(consumer)
    for place in ("in-0", "rows-changelog-0"):
        consumer.verify_event_path(1.0, place)
    assert looked == ["in-0"]
