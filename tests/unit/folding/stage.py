"""A member of a fold without Kafka: Faust is a stand-in, and the producer acknowledges when the test lets it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from tests.support.doubles import ManualClock, MemoryProducer

from chassis.consume import Invalid
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.records import Message, Record
from folding import faust_app
from folding.fold import Fold
from folding.member import Member
from folding.options import FoldOptions
from folding.step import Step


def step(record: Record, rows: Any) -> Step:
    """Counts the records of a key; other values raise, or delete the row."""
    if record.value == b"bad":
        raise Invalid("rotten", "it smells")
    if record.value == b"bug":
        raise KeyError("oops")
    key = (record.key or b"").decode()
    if record.value == b"delete":
        return Step((), {key: None})
    count = int(rows.get(key) or b"0") + 1
    return Step((Message(topic="out", key=record.key, value=b"%d" % count),), {key: b"%d" % count})


def record(value: bytes, offset: int = 0, key: bytes = b"k") -> Record:
    return Record("in", 2, offset, 0, key, value)


class Event:
    """A record as Faust delivers it."""

    def __init__(self, offset: int = 0, generation: int = 1) -> None:
        self.message = SimpleNamespace(topic="in", tp="tp", offset=offset, generation_id=generation)
        self.acked = 0

    def ack(self) -> None:
        self.acked += 1


class Table(dict[bytes, bytes]):
    """A Faust table. `changelog` is the future of each write; None: done at once."""

    def __init__(self) -> None:
        super().__init__()
        self.changelog: asyncio.Future[None] | None = None
        self.partitions: list[int] = []

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.send_changelog(self.partition_for_key(key), key, value)
        super().__setitem__(key, value)

    def __delitem__(self, key: bytes) -> None:
        self.send_changelog(self.partition_for_key(key), key, None)
        super().__delitem__(key)

    def send_changelog(self, partition: int, _key: bytes, _value: bytes | None) -> asyncio.Future[None]:
        self.partitions.append(partition)
        future = self.changelog or asyncio.get_running_loop().create_future()
        if self.changelog is None:
            future.set_result(None)
        return future

    def partition_for_key(self, _key: bytes) -> int:
        raise TypeError("outside of stream iteration")

    def _verify_source_topic_partitions(self, _topic: str) -> None: ...


class FaustApp:
    """As much of a Faust app as a member reads."""

    def __init__(self, committed: int | None = 0, earliest: int = 0) -> None:
        self.rebalancing, self.consumer_generation_id = False, 1
        self.consumer = self
        self._committed_offset = {"tp": committed}
        self.earliest = earliest

    def assignment(self) -> set[Any]:
        return set()

    async def earliest_offsets(self, partition: str) -> dict[str, int]:
        return {partition: self.earliest}


class Producer(MemoryProducer):
    """Remembers the rows at each send; acknowledges once `acknowledge` is set."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        self.rows_at_send: list[dict[bytes, bytes]] = []
        self.batches: list[int] = []
        self.fail: Exception | None = None
        self.acknowledge, self.sending = asyncio.Event(), asyncio.Event()
        self.acknowledge.set()

    async def send_all(self, messages: Any) -> None:
        if self.fail:
            raise self.fail
        self.rows_at_send.append(dict(self.table))
        self.batches.append(len(messages))
        self.sending.set()
        await self.acknowledge.wait()
        await super().send_all(messages)


class Stage:
    """A fold with one member whose writer runs, and a group that may change."""

    def __init__(self, patch: pytest.MonkeyPatch, home: Path, **options: Any) -> None:
        self.table, self.app = Table(), FaustApp()
        self.producer = Producer(self.table)

        def build(_options: FoldOptions, _agent: Any, recovered: Callable[[], None], revoked: Callable[[], Awaitable[None]]) -> tuple[Any, Any]:  # fmt: skip # noqa: E501
            self.recovered, self.revoked = recovered, revoked
            return self.app, self.table

        patch.setattr(faust_app, "build", build)
        self.fold = Fold(
            FoldOptions(
                group="group", topic="in", partitions=6, bootstrap="nowhere:1", datadir=home,
                lane_of=lambda key: "live", **options,
            ),
            step, self.producer, clock=ManualClock(), metrics=Metrics(), health=Health(), log=structlog.get_logger(),
        )  # fmt: skip
        self.member: Member = self.fold._join()
        self.writer = self.member._writer
        self.writing = asyncio.create_task(self.writer.run())
        self.offset = 0

    async def fold_one(self, value: bytes = b"x", key: bytes = b"k") -> Event:
        """Fold a record; it is written later, by the writer."""
        event = Event(self.offset, self.app.consumer_generation_id)
        await self.member._fold(record(value, self.offset, key), event)
        self.offset += 1
        return event

    async def fold_and_write(self, value: bytes = b"x", key: bytes = b"k") -> Event:
        """Fold a record and wait until it is written."""
        event = await self.fold_one(value, key)
        await self.written()
        return event

    async def written(self) -> None:
        """Until everything is written, and acknowledged where the changelog allows it. Raises what ended the member."""
        async with asyncio.timeout(30):
            while self.member.rows.unwritten and not self.member._failure.done():
                await asyncio.sleep(0)
        await turns()
        if self.member._failure.done():
            self.member._failure.result()

    def keys(self) -> list[str]:
        return [key for partition in range(6) for key in self.fold.keys(partition)]


async def turns(count: int = 20) -> None:
    """Let other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)
