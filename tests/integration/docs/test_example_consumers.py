"""The consumers of examples/consumers, run as another team runs them, with every example record and a few bad ones."""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from tests.integration.conftest import shared_parts

from tablewatch_schemas import Encoded, TableState, contracts, decode, encode, replace, tombstone
from tablewatch_schemas.times import write_time

REPO = Path(__file__).parents[3]
FOLDER = REPO / "examples" / "consumers"
PROGRAMS = re.findall(r"```python\n(.*?)```", (REPO / "docs" / "consumers.md").read_text(), re.DOTALL)
FUTURE = datetime.now(UTC) + timedelta(hours=1)
SOURCE = "tablewatch/test"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of this module's own: it gets poison, which other tests of the same topic would stumble over."""
    with shared_parts(tmp_path_factory.mktemp("kafka"), os.environ) as addresses:
        yield addresses["kafka_bootstrap"]


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """kafkajs, installed by its lock when it is not there."""
    folder = FOLDER / "node"
    if not (folder / "node_modules" / "kafkajs").is_dir():
        npm = shutil.which("npm")
        assert npm, "the README asks for Node"
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
    return folder


@pytest.fixture(params=["python", "node"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """The words that start a consumer; bootstrap and group follow."""
    if request.param == "python":
        return [sys.executable, str(FOLDER / "python" / "waitlist.py"), "{bootstrap}", "--group", "{group}"]
    folder = request.getfixturevalue("node_modules")
    return [shutil.which("node") or "node", str(folder / "waitlist.mjs"), "{bootstrap}", "{group}"]


class Consumer:
    """A running example and what it printed."""

    def __init__(self, command: list[str], bootstrap: str, group: str, output: Path) -> None:
        words = [word.format(bootstrap=bootstrap, group=group) for word in command]
        self.output, self.bootstrap, self.group = output, bootstrap, group
        with output.open("wb") as file:
            self.process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, env=dict(os.environ))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text().splitlines() if line.startswith("{")]

    def committed(self, partition: TopicPartition, offset: int, timeout_s: float = 120) -> None:
        """Wait until the group has done everything before an offset."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            assert self.process.poll() is None, self.output.read_text()
            if asyncio.run(_committed(self.bootstrap, self.group)).get(partition, -1) >= offset:
                return
            time.sleep(0.5)
        pytest.fail(f"{partition} was not committed to {offset}:\n{self.output.read_text()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


async def _committed(bootstrap: str, group: str) -> dict[TopicPartition, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {at: said.offset for at, said in (await admin.list_consumer_group_offsets(group)).items()}
    except GroupCoordinatorNotAvailableError:  # a broker that has never had a group
        return {}
    finally:
        await admin.close()


@pytest.fixture
def started(command: list[str], kafka: str, tmp_path: Path) -> Iterator[list[Consumer]]:
    """Consumers that a test started; the first one is there."""
    group = f"example-{secrets.token_hex(4)}"
    running = [Consumer(command, kafka, group, tmp_path / "first.out")]
    yield running
    for consumer in running:
        if consumer.process.poll() is None:
            consumer.process.kill()
            consumer.process.wait()


def state(table: str, version: int, said: str, expires_at: datetime = FUTURE, run_id: str | None = None) -> Encoded:
    """A state of a table, made of the contract's example."""
    example = json.loads((contracts.ROOT / "table.state" / "examples" / "v1" / "live.json").read_text())
    headers = [(name, text.encode()) for name, text in example["headers"].items()]
    value = example["value"] | {
        "table_id": table, "version": version, "state": said, "run_id": run_id,
        "expires_at": write_time(expires_at),
    }  # fmt: skip
    event = decode("table.state", table.encode(), json.dumps(value).encode(), headers).event
    assert isinstance(event, TableState)
    return encode(event, source=SOURCE, time=datetime.now(UTC))


async def send(bootstrap: str, *records: Encoded) -> int:
    """All to one partition; the offset after the last."""
    sent = None
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for each in records:
            sent = await producer.send_and_wait(
                each.topic, each.value, each.key, partition=0, headers=list(each.headers)
            )
    assert sent is not None
    return int(sent.offset) + 1


def _examples() -> list[Encoded]:
    found = []
    for path in sorted((contracts.ROOT / "table.state" / "examples" / "v1").glob("*.json")):
        said = json.loads(path.read_text())
        headers = tuple((name, text.encode()) for name, text in said["headers"].items())
        value = None if said["value"] is None else json.dumps(said["value"]).encode()
        found.append(Encoded(topic="table.state", key=said["key"].encode(), value=value, headers=headers, lane="live"))
    return found


def test_it_follows_tables_and_passes_over_what_it_cannot_use(started: list[Consumer], kafka: str) -> None:
    table, other = f"tbl_a{secrets.token_hex(8)}", f"tbl_b{secrets.token_hex(8)}"
    good = state(table, 1, "free")
    grown = json.loads(good.value or b"") | {"a_field_of_tomorrow": 1, "version": 4, "state": "a_state_of_tomorrow"}
    later = state(table, 4, "free")
    past = datetime.now(UTC) - timedelta(minutes=1)
    records = [
        *_examples(),
        good, good,  # delivered twice
        replace(good, value=b"\xff"), replace(good, headers=()),  # poison
        state(other, 1, "free", past),  # too old to believe
        state(table, 2, "occupied"), state(table, 3, "free"), state(table, 2, "dirty"),  # the last one is late
        state(table, 9, "dirty", run_id="run_x"),  # a video's
        replace(later, value=json.dumps(grown).encode()),
        tombstone(TableState, other, source=SOURCE, time=datetime.now(UTC), lane="live", version=2),
    ]  # fmt: skip
    (consumer,) = started
    consumer.committed(TopicPartition("table.state", 0), asyncio.run(send(kafka, *records)))
    lines = consumer.lines()
    printed = [(line["table"], table in line["free"]) for line in lines if line.get("table") in (table, other)]
    assert printed == [
        (table, True), (other, True), (table, False), (table, True), (table, False), (other, False),
    ], consumer.output.read_text()  # fmt: skip
    assert not any(other in line.get("free", ()) for line in lines)
    assert len([line for line in lines if "skipped" in line]) >= 2
    assert {line["code"] for line in lines if "skipped" in line} <= {
        "not_json", "wrong_schema", "unknown_version", "missing_header",
    }  # fmt: skip
    assert consumer.stop() == 0


def test_it_goes_on_where_it_stood(started: list[Consumer], command: list[str], kafka: str, tmp_path: Path) -> None:
    first, partition = started[0], TopicPartition("table.state", 0)
    table = f"tbl_c{secrets.token_hex(8)}"
    first.committed(partition, asyncio.run(send(kafka, state(table, 1, "free"))))
    assert first.stop() == 0
    end = asyncio.run(send(kafka, state(table, 2, "occupied")))
    second = Consumer(command, kafka, first.group, tmp_path / "second.out")
    started.append(second)
    second.committed(partition, end)
    assert [line["free"] for line in second.lines() if line.get("table") == table] == [[]]
    assert len(second.lines()) == 1, "what was committed is not read again"


def test_the_shortest_one_of_the_page(kafka: str, tmp_path: Path) -> None:
    """The consumer of docs/consumers.md, copied from it: each change once, and what is deleted stays deleted."""
    program = tmp_path / "shown.py"
    program.write_text(PROGRAMS[0].replace("127.0.0.1:8720", kafka))
    table = f"tbl_d{secrets.token_hex(8)}"
    gone = tombstone(TableState, table, source=SOURCE, time=datetime.now(UTC), lane="live", version=3)
    one, two = state(table, 1, "free"), state(table, 2, "occupied")
    end = asyncio.run(send(kafka, one, one, replace(two, value=b"\xff"), two, one, gone, two))
    consumer = Consumer([sys.executable, "-u", str(program)], kafka, "waitlist", tmp_path / "shown.out")
    try:
        consumer.committed(TopicPartition("table.state", 0), end)
    finally:
        consumer.process.kill()
        consumer.process.wait()
    printed = [line.split()[1:3] for line in consumer.output.read_text().splitlines() if line.startswith(table)]
    assert printed == [["free", "0.93"], ["occupied", "0.93"], ["is", "deleted"]], consumer.output.read_text()


def test_confluents_client_reads_plain_json(kafka: str, tmp_path: Path) -> None:
    """The second consumer of the page, on a topic without the poison of this module: it stops at what is no JSON."""
    (program,) = [each for each in PROGRAMS if "confluent_kafka" in each]
    topic, table = "table.group", f"tbl_p{secrets.token_hex(8)}"
    path = tmp_path / "plain.py"
    path.write_text(program.replace("127.0.0.1:8720", kafka).replace('["table.state"]', f'["{topic}"]'))
    gone = tombstone(TableState, table, source=SOURCE, time=datetime.now(UTC), lane="live", version=3)
    records = [replace(each, topic=topic) for each in (state(table, 1, "free"), state(table, 2, "occupied"), gone)]
    end = asyncio.run(send(kafka, *records))
    consumer = Consumer([sys.executable, "-u", str(path)], kafka, "waitlist-plain", tmp_path / "plain.out")
    try:
        consumer.committed(TopicPartition(topic, 0), end)
    finally:
        consumer.process.kill()
        consumer.process.wait()
    printed = [line.split()[1:2] for line in consumer.output.read_text().splitlines() if line.startswith(table)]
    assert printed == [["free"], ["occupied"], ["is"]], consumer.output.read_text()


def test_the_page_shows_the_record_that_ends_a_run_as_it_is() -> None:
    """And its rule of what is an alert holds for every example of the contract."""
    page = (REPO / "docs" / "consumers.md").read_text()
    (shown,) = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    alerts, ends = 0, []
    for path in sorted((contracts.ROOT / "hazard.alert" / "examples" / "v1").glob("*.json")):
        value = json.loads(path.read_text())["value"]
        if value is not None and value["status"] == "ended":
            ends.append(value)
        elif value is not None:
            alerts += 1
            assert not value["hazard_id"].startswith("end-") and value["kind"] != "none"
    assert alerts
    assert ends
    assert any(all(end[name] == value for name, value in shown.items()) for end in ends)
