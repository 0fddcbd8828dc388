"""What a broker and a producer must do: one suite, run on memory and on Kafka.

A test class takes `BrokerSuite` as its base and gives a fixture `bench`. Topics are new for every test.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from chassis import lanes
from chassis.backoff import Backoff
from chassis.broker import Broker
from chassis.clock import SystemClock
from chassis.consume import Busy, ConsumeOptions, Consumer, FuseOptions, Invalid
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.produce import Producer
from chassis.records import Message, Record
from events.table import TableReader

PARTITIONS = 6
_TIMEOUT_S = 90.0  # a killed member leaves its group after 10 s, a fold may have to start once more; and two cores


@dataclass
class Bench:
    """A broker, a producer on it, and names that nobody else uses. Dead-letter topics exist."""

    broker: Broker
    producer: Producer
    topic: str
    group: str
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)

    def options(self, **changes: Any) -> ConsumeOptions:
        """Options with short times."""
        given = {"backoff_s": 0.01, "backoff_max_s": 0.05, "attempts": 3, "drain_s": 1.0} | changes
        return ConsumeOptions(group=self.group, topics=(self.topic,), **given)

    def consumer(self, handler: Callable[[Record], Any], **changes: Any) -> Consumer:
        """A new member of the group."""
        return Consumer(
            self.broker,
            self.options(**changes),
            handler,
            self.producer,
            clock=SystemClock(),
            metrics=self.metrics,
            health=self.health,
            log=structlog.get_logger(),
        )

    async def send(self, values: Sequence[str], key: str = "k", lane: str = "live") -> None:
        """One record a value, all of one key."""
        await self.producer.send_all(
            [Message(topic=self.topic, key=key.encode(), value=value.encode(), lane=lane) for value in values]
        )

    async def dead_letters(self, count: int) -> list[Record]:
        """The first `count` dead letters of the group."""
        found: list[Record] = []
        async with running(TableReader(self.broker, f"{self.topic}.{self.group}.dlq", found.append)):
            await until(lambda: len(found) >= count)
        return found


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(_TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*runners: Any) -> AsyncIterator[asyncio.Event]:
    """Run consumers or readers; at the end they are stopped and drained, and what they raised is raised."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(runner.run(stop)) for runner in runners]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def values(records: Sequence[Record]) -> list[str]:
    """The values as text."""
    return [(record.value or b"").decode() for record in records]


class BrokerSuite:
    """What every broker does, with a consumer and a producer on it."""

    async def test_records_keep_key_value_headers_and_order(self, bench: Bench) -> None:
        seen: list[Record] = []
        headers = (("ce_id", b"1"), ("ce_id", b"twice"), ("empty", b""))
        async with running(bench.consumer(_keep(seen))):
            await bench.producer.send(Message(topic=bench.topic, key=b"k", value=b"first", headers=headers))
            await bench.producer.send(Message(topic=bench.topic, key=b"k", value=None))
            await until(lambda: len(seen) == 2)
        assert [(record.key, record.value) for record in seen] == [(b"k", b"first"), (b"k", None)]
        assert seen[0].headers == headers
        assert [record.offset for record in seen] == [0, 1]

    async def test_partition_follows_lane_and_is_returned(self, bench: Bench) -> None:
        for lane in ("live", "run"):
            partition, offset = await bench.producer.send(
                Message(topic=bench.topic, key=b"cam_1", value=lane.encode(), lane=lane)
            )
            assert (partition, offset) == (lanes.partition_for(b"cam_1", lane, PARTITIONS), 0)

    async def test_a_new_member_goes_on_after_what_was_committed(self, bench: Bench) -> None:
        first: list[Record] = []
        second: list[Record] = []
        await bench.send(["a", "b"])
        async with running(bench.consumer(_keep(first))):
            await until(lambda: len(first) == 2)
        await bench.send(["c"])
        async with running(bench.consumer(_keep(second))):
            await until(lambda: len(second) == 1)
        assert values(second) == ["c"]

    async def test_an_outage_is_waited_out_and_a_poison_value_is_not_one(self, bench: Bench) -> None:
        tried: list[str] = []

        class PoisonValue(ConnectionError, ValueError):
            """Like asyncpg's DataError: an error of the connection by its class, of the value by its cause."""

        async def handle(record: Record) -> None:
            tried.append((record.value or b"").decode())
            if record.value == b"poison":
                raise PoisonValue("no column takes it")
            if tried.count("outage") < 10 and record.value == b"outage":
                raise ConnectionError("the database is away")

        await bench.send(["outage", "poison"])
        async with running(bench.consumer(handle, attempts=3)):
            letters = await bench.dead_letters(1)
        assert tried == ["outage"] * 10 + ["poison"] * 3
        assert values(letters) == ["poison"]

    async def test_what_was_not_finished_comes_again(self, bench: Bench) -> None:
        started: list[Record] = []

        async def hang(record: Record) -> None:
            started.append(record)
            if record.value == b"b":
                await asyncio.Event().wait()

        await bench.send(["a", "b", "c"])
        async with running(bench.consumer(hang, drain_s=0.05)):
            await until(lambda: len(started) == 2)
        again: list[Record] = []
        async with running(bench.consumer(_keep(again))):
            await until(lambda: len(again) == 2)
        assert values(again) == ["b", "c"]

    async def test_only_the_contiguous_prefix_is_committed(self, bench: Bench) -> None:
        finished: list[str] = []
        hold = asyncio.Event()

        async def handler(record: Record) -> None:
            if record.key == b"slow":
                await hold.wait()
            finished.append((record.value or b"").decode())

        slow = next(f"k{n}" for n in range(99) if _same_partition(f"k{n}", "slow"))
        await bench.send(["s"], key="slow")
        await bench.send(["x", "y"], key=slow)
        async with running(bench.consumer(handler, in_flight=2, drain_s=0.05)):
            await until(lambda: finished == ["x", "y"])
            await asyncio.sleep(0.8)
        again: list[Record] = []
        async with running(bench.consumer(_keep(again))):
            await until(lambda: len(again) == 3)
        assert values(again) == ["s", "x", "y"]

    async def test_one_key_is_never_handled_side_by_side(self, bench: Bench) -> None:
        seen: list[str] = []
        inside = {"now": 0, "most": 0}

        async def handler(record: Record) -> None:
            inside["now"] += 1
            inside["most"] = max(inside["most"], inside["now"])
            await asyncio.sleep(0.005)
            inside["now"] -= 1
            seen.append((record.value or b"").decode())

        sent = [str(number) for number in range(20)]
        await bench.send(sent)
        async with running(bench.consumer(handler, in_flight=4)):
            await until(lambda: len(seen) == 20)
        assert seen == sent
        assert inside["most"] == 1

    async def test_invalid_is_dead_lettered_at_once_and_the_next_goes_on(self, bench: Bench) -> None:
        seen: list[Record] = []

        async def handler(record: Record) -> None:
            if record.value == b"bad":
                raise Invalid("not_json", "the value is no JSON")
            seen.append(record)

        headers = (("ce_id", b"e1"),)
        async with running(bench.consumer(handler)):
            await bench.producer.send(Message(topic=bench.topic, key=b"k", value=b"bad", headers=headers))
            await bench.send(["good"])
            await until(lambda: len(seen) == 1)
        (letter,) = await bench.dead_letters(1)
        assert (letter.key, letter.value, letter.headers[:1]) == (b"k", b"bad", headers)
        reason = {name: letter.header(name) for name, _ in letter.headers}
        assert reason["dlq-reason-code"] == "not_json"
        assert reason["dlq-reason"] == "the value is no JSON"
        assert (reason["dlq-topic"], reason["dlq-group"]) == (bench.topic, bench.group)
        assert (reason["dlq-offset"], reason["dlq-attempts"]) == ("0", "1")
        assert reason["dlq-partition"] == str(seen[0].partition)
        assert "handler" in (reason["dlq-stack"] or "")
        assert reason["dlq-first-seen"]

    async def test_a_failure_is_tried_again_in_place_then_dead_lettered(self, bench: Bench) -> None:
        tries: list[bytes | None] = []

        async def handler(record: Record) -> None:
            tries.append(record.value)
            if record.value == b"bad":
                raise ValueError("boom")

        await bench.send(["bad", "good"])
        async with running(bench.consumer(handler)):
            await until(lambda: b"good" in tries)
        assert tries == [b"bad", b"bad", b"bad", b"good"]
        (letter,) = await bench.dead_letters(1)
        assert (letter.header("dlq-reason-code"), letter.header("dlq-attempts")) == ("retries_exhausted", "3")

    async def test_busy_is_never_dead_lettered_and_the_order_holds(self, bench: Bench) -> None:
        tries: list[bytes | None] = []

        async def handler(record: Record) -> None:
            tries.append(record.value)
            if len(tries) < 6:
                raise Busy(0.01)
            if len(tries) < 9:
                raise ConnectionRefusedError("the store is away")

        await bench.send(["a", "b"])
        async with running(bench.consumer(handler)):
            await until(lambda: b"b" in tries)
        assert tries == [b"a"] * 9 + [b"b"]
        assert bench.metrics.value("records_retried_total", group=bench.group, topic=bench.topic, why="busy") == 8

    async def test_a_blown_fuse_lets_its_partition_wait_and_lag_shows(self, bench: Bench) -> None:
        seen = 0

        async def handler(_record: Record) -> None:
            nonlocal seen
            seen += 1
            raise Invalid("always", "this deployment is broken")

        await bench.send([str(number) for number in range(10)])
        consumer = bench.consumer(handler, fuse=FuseOptions(consecutive=3))
        async with running(consumer):
            await until(lambda: bench.metrics.value("fuse_blown", group=bench.group) == 1)
            await asyncio.sleep(0.3)
            assert "fuse" in bench.health.unready()[f"consumer {bench.group}"]
            assert not bench.health.dead()
            assert seen == 4
        assert len(await bench.dead_letters(3)) == 3
        rest: list[Record] = []
        async with running(bench.consumer(_keep(rest))):
            await until(lambda: len(rest) == 7)
        assert values(rest)[0] == "3"

    async def test_a_blown_fuse_stops_no_other_partition_and_is_tried_again(self, bench: Bench) -> None:
        done: list[str] = []

        async def handler(record: Record) -> None:
            value = (record.value or b"").decode()
            if value == "bad":
                raise Invalid("always", "this record is broken")
            done.append(value)

        await bench.send(["bad"] * 9 + ["behind"], key="a")
        fuse = FuseOptions(consecutive=4, wait=Backoff(first_s=1, max_s=1))
        async with running(bench.consumer(handler, fuse=fuse)):
            await until(lambda: bench.metrics.value("fuse_blown", group=bench.group) == 1)
            assert not done
            await bench.send(["beside"], key="b", lane="run")
            await until(lambda: len(done) == 2)
        assert sorted(done) == ["behind", "beside"]
        assert len(await bench.dead_letters(9)) == 9

    async def test_runs_wait_while_live_has_work(self, bench: Bench) -> None:
        seen: list[str] = []

        async def handler(record: Record) -> None:
            await asyncio.sleep(0.002)
            seen.append((record.value or b"").decode())

        await bench.send(["run"] * 30, key="run_1", lane="run")
        for camera in range(8):
            await bench.send(["live"] * 10, key=f"cam_{camera}")
        async with running(bench.consumer(handler, queued=4)):
            await until(lambda: len(seen) == 110)
        assert "run" not in seen[:80]

    async def test_two_members_share_and_one_takes_over(self, bench: Bench) -> None:
        first: list[Record] = []
        second: list[Record] = []
        async with running(bench.consumer(_keep(first))):
            await bench.send(["a"])
            await until(lambda: len(first) == 1)
            async with running(bench.consumer(_keep(second))):
                async with asyncio.timeout(_TIMEOUT_S):
                    while not second:
                        await bench.send(["x"], key=f"cam_{len(first)}")
            before = len(first)
            for camera in range(40):
                await bench.send(["y"], key=f"cam_{camera}")
            await until(lambda: values(first[before:]).count("y") == 40)
        for key in {record.key for record in first + second}:
            offsets = [record.offset for record in first if record.key == key]
            assert offsets == sorted(offsets)

    async def test_a_table_is_read_to_its_end_and_followed(self, bench: Bench) -> None:
        await bench.send(["1", "2"])
        await bench.send(["3"], key="other", lane="run")
        table: dict[bytes, bytes] = {}

        def apply(record: Record) -> None:
            table[record.key or b""] = record.value or b""

        reader = TableReader(bench.broker, bench.topic, apply)
        async with running(reader):
            await asyncio.wait_for(reader.ready(), _TIMEOUT_S)
            assert table == {b"k": b"2", b"other": b"3"}
            await bench.send(["4"])
            await until(lambda: table[b"k"] == b"4")

    async def test_earlier_records_of_a_key_can_be_read_back(self, bench: Bench) -> None:
        await bench.send(["1"], key="other")
        await bench.send(["1", "2", "3", "4"])
        seen: list[Record] = []
        async with running(bench.consumer(_keep(seen))):
            await until(lambda: len(seen) == 5)
        third = next(record for record in seen if record.key == b"k" and record.value == b"3")
        assert values(await bench.broker.read_earlier(third, 0)) == ["1", "2"]
        assert await bench.broker.read_earlier(third, third.timestamp_ms + 3_600_000) == []


def _keep(seen: list[Record]) -> Callable[[Record], Any]:
    async def handler(record: Record) -> None:
        seen.append(record)

    return handler


def _same_partition(one: str, other: str) -> bool:
    return lanes.partition_for(one.encode(), "live", PARTITIONS) == lanes.partition_for(
        other.encode(), "live", PARTITIONS
    )
