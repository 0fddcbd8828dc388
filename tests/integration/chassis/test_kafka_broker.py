"""Real Kafka passes the suite that the broker in memory passes."""

import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.contract.chassis.broker_suite import PARTITIONS, Bench, BrokerSuite

from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer, Refused
from chassis.records import Message


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
