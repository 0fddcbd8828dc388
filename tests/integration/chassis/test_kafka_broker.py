"""Real Kafka passes the suite that the broker in memory passes."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from tests.contract.chassis.broker_suite import PARTITIONS, Bench, BrokerSuite, running

from chassis.clock import SystemClock
from chassis.consume import ConsumeOptions, Consumer
from chassis.health import Health
from chassis.kafka import KafkaBroker, KafkaSubscription
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer, Refused
from chassis.records import Message, Record
from dependencies.broker import BrokerProbe
from dependencies.errors import BrokerUnreachable
from events.table import TableReader


async def create_topics(bootstrap: str, counts: dict[str, int]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, count, 1) for name, count in counts.items()])
    finally:
        await admin.close()


@pytest.fixture
async def bench(kafka_bootstrap: str) -> AsyncIterator[Bench]:
    name = uuid.uuid4().hex
    topic, group, metrics = f"t.{name}", f"g-{name}", Metrics()
    await create_topics(kafka_bootstrap, {topic: PARTITIONS, f"{topic}.{group}.dlq": 1})
    producer = KafkaProducer(kafka_bootstrap, "test", PARTITIONS, metrics)
    await producer.start()
    yield Bench(KafkaBroker(kafka_bootstrap, "test"), producer, topic, group, metrics)
    await producer.stop()


class TestKafkaBroker(BrokerSuite):
    pass


async def test_a_message_that_is_too_large_is_refused_and_others_go_on(bench: Bench) -> None:
    with pytest.raises(Refused):
        await bench.producer.send(Message(topic=bench.topic, key=b"k", value=b"x" * 3_000_000))
    _partition, offset = await bench.producer.send(Message(topic=bench.topic, key=b"k", value=b"x"))
    assert offset == 0


async def test_a_wrong_number_of_partitions_is_refused(bench: Bench, kafka_bootstrap: str) -> None:
    producer = KafkaProducer(kafka_bootstrap, "test", PARTITIONS + 1, Metrics())
    try:
        with pytest.raises(Refused, match="PARTITIONS says 7"):
            await producer.send(Message(topic=bench.topic, key=b"k", value=b"x"))
    finally:
        await producer.stop()


class Reader:
    """A consumer of one topic on real Kafka that remembers what it was given."""

    def __init__(self, bench: Bench, bootstrap: str) -> None:
        self.bench, self.bootstrap, self.seen = bench, bootstrap, list[bytes]()
        self.metrics, self.health = Metrics(), Health()

    def consumer(self) -> Consumer:
        options = ConsumeOptions(group=self.bench.group, topics=(self.bench.topic,))
        return Consumer(
            KafkaBroker(self.bootstrap, "test", metrics=self.metrics), options, self._handle, self.bench.producer,
            clock=SystemClock(), metrics=self.metrics, health=self.health, log=structlog.get_logger(),
        )  # fmt: skip

    async def _handle(self, record: Record) -> None:
        self.seen.append(record.value or b"")

    async def until(self, *values: bytes) -> None:
        async with asyncio.timeout(60):
            while not set(values) <= set(self.seen):
                await asyncio.sleep(0.05)

    async def until_complaint(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in str(self.health.unready()):
                await asyncio.sleep(0.05)

    def changed(self, what: str) -> float:
        return self.metrics.value("topics_changed_total", topic=self.bench.topic, what=what)


async def send(bootstrap: str, topic: str, name: str, count: int, partition: int = 0) -> list[bytes]:
    """From a producer of its own, as that of a topic that was deleted has to learn of the new one."""
    values = [f"{name}{number}".encode() for number in range(count)]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, b"k", partition=partition)
    return values


@asynccontextmanager
async def admin_of(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@pytest.mark.parametrize("count", [20, 80], ids=["fewer than before", "more than before"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_topic_made_anew_is_read_from_its_beginning(
    bench: Bench, kafka_bootstrap: str, count: int, at_once: bool
) -> None:
    """Nothing of the new one is missed, also where it already has records at the position in the old one."""
    reader = Reader(bench, kafka_bootstrap)
    async with running(reader.consumer()), admin_of(kafka_bootstrap) as admin:
        await reader.until(*await send(kafka_bootstrap, bench.topic, "old", 50))
        await admin.delete_topics([bench.topic])
        if not at_once:
            await reader.until_complaint(f"topic {bench.topic} does not exist")
        await create_topics(kafka_bootstrap, {bench.topic: PARTITIONS})
        await reader.until(*await send(kafka_bootstrap, bench.topic, "new", count))
        async with asyncio.timeout(60):
            while reader.health.unready() or not reader.changed("made_anew"):
                await asyncio.sleep(0.05)
        await reader.until(*await send(kafka_bootstrap, bench.topic, "later", 1))


async def test_a_partition_that_is_added_is_read(bench: Bench, kafka_bootstrap: str) -> None:
    reader = Reader(bench, kafka_bootstrap)
    async with running(reader.consumer()), admin_of(kafka_bootstrap) as admin:
        await reader.until(*await send(kafka_bootstrap, bench.topic, "a", 1))
        await admin.create_partitions({bench.topic: NewPartitions(PARTITIONS + 2)})
        await reader.until(*await send(kafka_bootstrap, bench.topic, "b", 3, PARTITIONS + 1))
    assert reader.changed("resized") == 1


async def test_records_that_retention_took_first_are_counted(bench: Bench, kafka_bootstrap: str) -> None:
    reader = Reader(bench, kafka_bootstrap)
    async with running(reader.consumer()):
        await reader.until(*await send(kafka_bootstrap, bench.topic, "a", 50))
    values = await send(kafka_bootstrap, bench.topic, "b", 30)
    async with admin_of(kafka_bootstrap) as admin:
        await admin.delete_records({TopicPartition(bench.topic, 0): RecordsToDelete(70)})
    async with running(reader.consumer()):
        await reader.until(*values[20:])
    assert reader.metrics.value("records_lost_total", group=bench.group, topic=bench.topic) == 20
    assert not set(values[:20]) & set(reader.seen)


async def test_a_table_follows_a_topic_that_is_made_anew_or_gets_partitions(bench: Bench, kafka_bootstrap: str) -> None:
    seen, health, stop = list[bytes](), Health(), asyncio.Event()
    broker = KafkaBroker(kafka_bootstrap, "test")
    reader = TableReader(broker, bench.topic, lambda record: seen.append(record.value or b""), health=health)
    reading = asyncio.create_task(reader.run(stop))

    async def until(values: list[bytes]) -> None:
        async with asyncio.timeout(60):
            while not set(values) <= set(seen):
                await asyncio.sleep(0.05)

    async with admin_of(kafka_bootstrap) as admin:
        await until(await send(kafka_bootstrap, bench.topic, "old", 5))
        await admin.create_partitions({bench.topic: NewPartitions(PARTITIONS + 2)})
        await until(await send(kafka_bootstrap, bench.topic, "added", 1, PARTITIONS + 1))
        await admin.delete_topics([bench.topic])
        async with asyncio.timeout(60):
            while "does not exist" not in str(health.unready()):
                await asyncio.sleep(0.05)
        await create_topics(kafka_bootstrap, {bench.topic: PARTITIONS})
        await until(await send(kafka_bootstrap, bench.topic, "new", 9))
        async with asyncio.timeout(60):
            while health.unready():
                await asyncio.sleep(0.05)
    stop.set()
    await reading


async def test_the_lag_does_not_wait_for_a_fetch_that_finds_nothing(bench: Bench) -> None:
    async def nothing() -> None: ...

    subscription = await bench.broker.subscribe(bench.group, [bench.topic], nothing)
    assert isinstance(subscription, KafkaSubscription)
    fetcher = subscription._consumer._fetcher
    for _ in range(20):  # the fetch may end just then
        await subscription.poll(0.2, 10)
        under_way = {task for task in fetcher._pending_tasks if "_proc_fetch_request" in repr(task)}
        if under_way and await subscription.lag() and under_way & fetcher._pending_tasks:
            break
    else:
        pytest.fail("every answer came after the end of the fetch")
    await subscription.close()


async def test_the_readiness_check_asks_for_no_topic(bench: Bench, kafka_bootstrap: str) -> None:
    answers = list[list[str]]()

    class Admin(AIOKafkaAdminClient):  # type: ignore[misc]
        async def describe_topics(self, topics: list[str] | None = None) -> list[str]:
            answers.append(await super().describe_topics(topics))
            return answers[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dependencies.broker.AIOKafkaAdminClient", Admin)
        probe = BrokerProbe(kafka_bootstrap)
        await probe()
        await probe.close()
    assert answers == [[]]
    with pytest.raises(BrokerUnreachable):
        await BrokerProbe("127.0.0.1:1")()
