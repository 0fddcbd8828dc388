"""Producer and consumer through a broker that is not there yet, is killed with -9 in the middle, and comes back."""

import asyncio
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from stack.kafka import Kafka
from stack.ports import free_ports
from stack.settings import JARS
from tests.contract.chassis.broker_suite import PARTITIONS, running
from tests.integration.chassis.test_kafka_broker import create_topics

from chassis.clock import SystemClock
from chassis.consume import ConsumeOptions, Consumer
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from chassis.records import Message, Record

KEYS = [f"cam_{number}" for number in range(4)]
COUNT = 150


class Broker:
    """A broker of our own that can be killed."""

    def __init__(self, home: Path) -> None:
        ports = free_ports(2)
        self.kafka = Kafka(home=home / "kafka", jars=JARS, port=ports[0], controller_port=ports[1])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.kafka.prepare()
        command = self.kafka.command()
        self.kafka.log.parent.mkdir(exist_ok=True)
        with self.kafka.log.open("ab") as log:
            self.process = subprocess.Popen(command.argv, cwd=command.cwd, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    found = Broker(tmp_path)
    yield found
    found.kill()


async def test_everything_arrives_in_order_through_kill_and_restart(broker: Broker) -> None:
    seen: dict[bytes, list[int]] = {key.encode(): [] for key in KEYS}
    topic, bootstrap, metrics, health = f"t.{uuid.uuid4().hex}", broker.kafka.bootstrap, Metrics(), Health()

    async def handler(record: Record) -> None:
        seen[record.key or b""].append(int(record.value or b""))

    producer = KafkaProducer(bootstrap, "test", PARTITIONS, metrics)
    consumer = Consumer(
        KafkaBroker(bootstrap, "test"),
        ConsumeOptions(group="g", topics=(topic,)),
        handler,
        producer,
        clock=SystemClock(),
        metrics=metrics,
        health=health,
        log=structlog.get_logger(),
    )

    async def send(key: str) -> None:
        for number in range(COUNT):
            await producer.send(Message(topic=topic, key=key.encode(), value=str(number).encode()))
            await asyncio.sleep(0.01)

    async with asyncio.timeout(100), running(consumer):
        sending = [asyncio.create_task(send(key)) for key in KEYS]
        await asyncio.sleep(1)
        assert health.unready()
        broker.start()
        await create_when_up(bootstrap, topic)
        while min(map(len, seen.values())) < COUNT // 3:
            await asyncio.sleep(0.05)
        broker.kill()
        await asyncio.sleep(2)
        assert not health.dead()
        broker.start()
        await asyncio.gather(*sending)
        while any(numbers[-1] != COUNT - 1 for numbers in seen.values()):
            await asyncio.sleep(0.05)
        assert not health.unready()
    for numbers in seen.values():
        assert list(dict.fromkeys(numbers)) == list(range(COUNT)), "first sightings are complete and in order"
    await producer.stop()


async def create_when_up(bootstrap: str, topic: str) -> None:
    while True:
        try:
            return await create_topics(bootstrap, {topic: PARTITIONS})
        except Exception:  # noqa: BLE001 (the broker is still starting, in whatever way that shows)
            await asyncio.sleep(0.3)
