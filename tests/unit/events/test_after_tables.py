"""Tables first, then the consumer."""

import asyncio
from contextlib import suppress

import pytest
import structlog
from tests.support.doubles import ManualClock, MemoryBroker, MemoryProducer

from chassis.consume import ConsumeOptions, Consumer
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.records import Message
from events.consume import after_tables
from events.table import TableReader


class Stage:
    """A consumer of `frames` that needs the tables `commands` and `cameras`; `log` is what came in which order."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.producer = MemoryProducer(self.broker)
        self.log: list[str] = []
        self.stop = asyncio.Event()
        self.readers = [TableReader(self.broker, name, self._apply) for name in ("commands", "cameras")]
        clock = ManualClock()
        self.consumer = Consumer(
            self.broker, ConsumeOptions(group="g", topics=("frames",)), self._handle, self.producer,
            clock=clock, metrics=Metrics(), health=Health(clock), log=structlog.get_logger(),
        )  # fmt: skip

    def _apply(self, record) -> None:
        self.log.append(record.topic)

    async def _handle(self, record) -> None:
        self.log.append(record.topic)
        self.stop.set()

    async def send(self, *topics: str) -> None:
        for topic in topics:
            await self.producer.send(Message(topic=topic, key=b"k", value=b"v"))


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_every_table_is_read_before_the_first_record_is_handled(stage):
    await stage.send("frames", "commands", "cameras", "commands")
    consuming = asyncio.create_task(after_tables(stage.readers, stage.consumer)(stage.stop))
    reading = [asyncio.create_task(stage.readers[0].run(stage.stop))]
    await asyncio.sleep(0.3)
    assert stage.log == ["commands", "commands"], "one table is not enough"
    reading.append(asyncio.create_task(stage.readers[1].run(stage.stop)))
    async with asyncio.timeout(10):
        await asyncio.gather(consuming, *reading)
    assert stage.log == ["commands", "commands", "cameras", "frames"]


async def test_stop_ends_the_wait_for_tables(stage):
    consuming = asyncio.create_task(after_tables(stage.readers, stage.consumer)(stage.stop))
    await asyncio.sleep(0)
    stage.stop.set()
    async with asyncio.timeout(5):
        await consuming
    assert stage.log == []


async def test_a_cancelled_wait_leaves_nothing_running(stage):
    before = asyncio.all_tasks()
    consuming = asyncio.create_task(after_tables(stage.readers, stage.consumer)(stage.stop))
    await asyncio.sleep(0)
    consuming.cancel()
    with suppress(asyncio.CancelledError):
        await consuming
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
