"""What "ready" means for each part: not an open port, but one real exchange."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

Probe = Callable[[], Awaitable[None]]
PROBE_TOPIC = "stack.probe"
PROBE_CONFIGS = {"retention.ms": "3600000", "segment.bytes": "1048576"}


async def until(probe: Probe, *, every_s: float = 0.2) -> None:
    """Try until it passes. The caller bounds the time."""
    while True:
        # any error means "not yet": the clients of Kafka, Postgres and HTTP share no base class
        with contextlib.suppress(Exception):
            await asyncio.wait_for(probe(), 20)
            return
        await asyncio.sleep(every_s)


async def port_open(host: str, port: int) -> None:
    """Cheap first question before the real one; raises OSError."""
    _, writer = await asyncio.open_connection(host, port)
    writer.close()


async def http_ok(url: str) -> None:
    """GET answers 200, or raises."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        (await client.get(url)).raise_for_status()


async def kafka_round_trip(bootstrap: str) -> None:
    """Produce one record, acknowledged by all, and read that record back."""
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    await port_open(host, int(port))
    await _probe_topic(bootstrap)
    token = uuid.uuid4().bytes
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait(PROBE_TOPIC, token, partition=0)
    where = TopicPartition(PROBE_TOPIC, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign([where])
        consumer.seek(where, sent.offset)
        record = await asyncio.wait_for(consumer.getone(where), 10)
    if record.value != token:
        raise ConnectionError("Kafka gave back another record than was sent")


async def _probe_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topic = NewTopic(PROBE_TOPIC, num_partitions=1, replication_factor=1, topic_configs=PROBE_CONFIGS)
        with contextlib.suppress(TopicAlreadyExistsError):
            await admin.create_topics([topic])
    finally:
        await admin.close()
