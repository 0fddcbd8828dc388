"""Apache Kafka 4 from its jars: one node, KRaft, loopback only."""

import asyncio
import base64
import contextlib
import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from stack.home import replace_file
from stack.part import Part
from stack.process import Command, log_tail
from stack.settings import StackError

# Defaults that hurt one node: replication 3 of the internal topics (consumers hang), 50 partitions of them (slow first
# use), 128 MiB of heap for the cleaner, 3 s wait before the first rebalance. The broker session is short because after
# kill -9 the broker waits for its own old registration to time out.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=2
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
FORMAT_TIMEOUT_S = 120
RECOVERY_S = 900  # a broker that was killed reads its log anew, which a full or slow disk makes long
PROBE_TOPIC = "stack.probe"
PROBE_CONFIGS = {"retention.ms": "3600000", "segment.bytes": "1048576"}
LOG4J = Path(__file__).with_name("log4j2.xml")


def cluster_id(random: uuid.UUID) -> str:
    """Kafka's form of a UUID. One with a leading minus (one of 64) would be taken for an option by its tool."""
    text = base64.urlsafe_b64encode(random.bytes).decode().rstrip("=")
    return f"A{text[1:]}" if text.startswith("-") else text


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """Where a broker keeps its things and listens."""

    home: Path
    jars: Path
    port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.parent / "logs" / "kafka.log"

    def java(self) -> list[str]:
        """The java command with our class path; the JVM expands the star itself."""
        home = os.environ.get("JAVA_HOME")
        java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
        if not java:
            raise StackError("Java 17 is needed for Kafka and `java` was not found")
        return [java, "-cp", f"{self.jars}/*", f"-Dlog4j2.configurationFile=file:{LOG4J}"]

    def prepare(self) -> None:
        """Write the configuration, and format the storage the first time (about 1.3 s)."""
        data = self.home / "data"
        self.home.mkdir(parents=True, exist_ok=True)
        text = PROPERTIES.format(port=self.port, controller=self.controller_port, data=data)
        if not self.properties.exists() or self.properties.read_text() != text:
            replace_file(self.properties, text)
        if not (data / "meta.properties").exists():
            self._format()

    @property
    def properties(self) -> Path:
        return self.home / "server.properties"

    def _format(self) -> None:
        cluster = cluster_id(uuid.uuid4())
        # With "=": one id in sixty-four begins with a dash, and would be taken for an option.
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self.properties)]
        tool += ["--ignore-formatted"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            done = subprocess.run(  # a tool that hangs would keep the broker from being started again
                [*self.java(), *tool], stdout=log, stderr=log, check=False, timeout=FORMAT_TIMEOUT_S
            )
        if done.returncode:
            raise StackError(f"Kafka's storage could not be formatted:\n{log_tail(self.log)}")

    def command(self) -> Command:
        """The broker as a child process. `prepare` first."""
        heap = ["-Xms96m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        java, *rest = self.java()
        argv = [java, *heap, *rest, "kafka.Kafka", str(self.properties)]
        return Command(name="kafka", argv=argv, log=self.log, cwd=self.home, grace_s=15.0)

    def part(self) -> Part:
        """For the supervisor; ready after a record was produced and consumed."""
        return Part(
            name="kafka",
            prepare=self.prepare,
            command=self.command,
            probe=lambda: kafka_round_trip(self.bootstrap),
            timeout_s=RECOVERY_S,
            alive=lambda: kafka_answers(self.bootstrap),
        )


async def kafka_answers(bootstrap: str) -> None:
    """One request for metadata; raises what aiokafka raises, or OSError."""
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    await _port_open(host, int(port))
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
    finally:
        await admin.close()


async def kafka_round_trip(bootstrap: str) -> None:
    """Produce one record, acknowledged by all, and read that record back."""
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    await _port_open(host, int(port))
    await _probe_topic(bootstrap)
    token = uuid.uuid4().bytes
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait(PROBE_TOPIC, token, partition=0)
    where = TopicPartition(PROBE_TOPIC, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign([where])
        consumer.seek(where, sent.offset)
        async with asyncio.timeout(10):
            record = await consumer.getone(where)
    if record.value != token:
        raise ConnectionError("Kafka gave back another record than was sent")


async def _port_open(host: str, port: int) -> None:
    """Cheap first question before the real one; raises OSError."""
    _, writer = await asyncio.open_connection(host, port)
    writer.close()


async def _probe_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topic = NewTopic(PROBE_TOPIC, num_partitions=1, replication_factor=1, topic_configs=PROBE_CONFIGS)
        with contextlib.suppress(TopicAlreadyExistsError):
            await admin.create_topics([topic])
    finally:
        await admin.close()
