"""Invalid records until the fuse blows, on real Kafka: readiness, metrics and `check` report it; the rest waits."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from stack.ports import free_ports

from tablewatch_cli.__main__ import main
from tablewatch_cli.errors import Exit

TIMEOUT_S = 120
PROGRAM = """
import os
from chassis.consume import ConsumeOptions, Consumer, FuseOptions, Invalid, KafkaBroker
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from chassis.settings import ServiceSettings

async def handle(record):
    if record.value == b"poison":
        raise Invalid("rotten", "it smells")

async def build(service, settings):
    producer = KafkaProducer(settings.kafka_bootstrap, "toy", settings.partitions, service.metrics)
    await producer.start()
    service.on_close(producer.stop)
    options = ConsumeOptions(group="toy", topics=(os.environ["TOY_TOPIC"],), fuse=FuseOptions(consecutive=3))
    consumer = Consumer(
        KafkaBroker(settings.kafka_bootstrap, "toy"), options, handle, producer,
        clock=service.clock, metrics=service.metrics, health=service.health, log=service.log,
    )
    service.task("consume", consumer.run)

if __name__ == "__main__":
    main("toy", ServiceSettings, build)
"""


@dataclass(frozen=True)
class Toy:
    """A service with one consumer: its topic, and the address of its operations port."""

    topic: str
    ops: str

    @property
    def dlq(self) -> str:
        return f"{self.topic}.toy.dlq"


@pytest.fixture
def toy(kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    topic, (port,) = f"fuse.{secrets.token_hex(4)}", free_ports(1)
    made = Toy(topic, f"http://127.0.0.1:{port}")
    asyncio.run(_topics(kafka_bootstrap, made, create=True))
    (tmp_path / "toy.py").write_text(PROGRAM)
    run_json = {
        "api_url": "http://127.0.0.1:9",
        "key": "twk_x",
        "kafka_bootstrap": kafka_bootstrap,
        "ops_urls": {"toy": made.ops},
    }
    (tmp_path / "run.json").write_text(json.dumps(run_json))
    for name in ("TABLEWATCH_URL", "TABLEWATCH_KEY", "KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    environment = os.environ | {"OPS_PORT": str(port), "KAFKA_BOOTSTRAP": kafka_bootstrap, "TOY_TOPIC": topic}
    with (tmp_path / "toy.log").open("wb") as log:
        child = subprocess.Popen([sys.executable, str(tmp_path / "toy.py")], env=environment, stdout=log, stderr=log)
        try:
            yield made
        finally:
            child.kill()
            child.wait()
            asyncio.run(_topics(kafka_bootstrap, made, create=False))


async def _topics(at: str, toy: Toy, *, create: bool) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=at)
    await admin.start()
    if create:
        await admin.create_topics([NewTopic(toy.topic, 6, 1), NewTopic(toy.dlq, 1, 1)])
    else:
        await admin.delete_topics([toy.topic, toy.dlq])
    await admin.close()


async def send(at: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=at) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, b"k", partition=0)


def page(toy: Toy, path: str) -> str:
    """What the service answers there; empty while it does not listen yet."""
    try:
        return httpx.get(toy.ops + path, timeout=5).text
    except httpx.TransportError:
        return ""


def wait_for(toy: Toy, path: str, wanted: str) -> str:
    deadline = time.monotonic() + TIMEOUT_S
    while wanted not in (found := page(toy, path)):
        assert time.monotonic() < deadline, f"{path} never had {wanted}: {found}"
        time.sleep(0.1)
    return found


def checked(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The findings of `check` by part, once the service and Kafka both answered within its timeout."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(["check", "--json"])
        assert left.value.code == Exit.UNHEALTHY  # there is no api here at all
        parts = {part["part"]: part for part in json.loads(capsys.readouterr().out)}
        if parts["toy"]["reachable"] and parts["kafka"]["reachable"]:
            return parts
        assert time.monotonic() < deadline, parts


def test_a_blown_fuse_is_reported(toy: Toy, kafka_bootstrap: str, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(send(kafka_bootstrap, toy.topic, [b"good", b"poison", b"good"]))
    wait_for(toy, "/metrics", 'dead_letters_total{code="rotten",group="toy"')
    wait_for(toy, "/readyz", '"ok":true')
    assert 'tablewatch_fuse_blown{group="toy"} 0.0' in page(toy, "/metrics")
    assert checked(capsys)["toy"]["ok"]

    asyncio.run(send(kafka_bootstrap, toy.topic, [b"poison"] * 10))
    wait_for(toy, "/metrics", 'tablewatch_fuse_blown{group="toy"} 1.0')
    ready = wait_for(toy, "/readyz", "dead-letter fuse")
    assert json.loads(ready)["ok"] is False
    assert httpx.get(f"{toy.ops}/livez", timeout=5).is_success  # a restart is somebody's decision
    parts = checked(capsys)
    assert (parts["toy"]["reachable"], parts["toy"]["healthy"]) == (True, False)
    assert "the dead-letter fuse of toy is blown" in parts["toy"]["detail"]
    assert "a restart of toy tries again at once" in parts["toy"]["detail"]
    assert f"{toy.dlq}: 4 (tablewatch dlq show {toy.dlq})" in parts["dead letters"]["detail"]
    wait_for(toy, "/metrics", 'tablewatch_consumer_lag{group="toy",lane="live"} 7.0')  # the backlog is reported
