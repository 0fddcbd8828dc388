"""Evolution as a consuming team lives it: its installed package of v1 reads what a later release writes, on Kafka."""

import asyncio
import secrets
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.integration.chassis.test_kafka_broker import create_topics
from tests.integration.schemas.tomorrow import command, copied, grown, with_package

from tablewatch_schemas import TableState

WRITE = """
import asyncio, sys
from datetime import UTC, datetime
from aiokafka import AIOKafkaProducer
from tablewatch_schemas import TableState, TableStateEvidence, TableStateParty, encode
NOW = datetime(2026, 11, 23, 9, 0, 0, 250000, tzinfo=UTC)
evidence = TableStateEvidence(evidence_ids=("e1",), frame_ids=("f1",), people=2, model=None, layout_version=3, cups=4)
def event(version, **more):
    return TableState(
        table_id="tbl_1", site_id="site_1", run_id=None, camera_ids=("cam_1",), version=version,
        previous_state="free", confidence=0.5, as_of=NOW, since=NOW, expires_at=NOW, reason="evidence",
        evidence=evidence, last=False, **more,
    )
party = TableStateParty(guests=3, seated_at=NOW)
EVENTS = [
    event(1, state="occupied"),
    event(2, state="cleaning", mood="calm", party=party),
    event(3, state="free"),
]
async def main():
    async with AIOKafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        for each in EVENTS:
            made = encode(each, source="tablewatch/tomorrow", time=NOW)
            await producer.send_and_wait(sys.argv[2], made.value, made.key, partition=0, headers=list(made.headers))
asyncio.run(main())
"""

READ = """
import asyncio, json, sys
from aiokafka import AIOKafkaConsumer, TopicPartition
import tablewatch_schemas
from tablewatch_schemas import decode
async def main():
    consumer = AIOKafkaConsumer(bootstrap_servers=sys.argv[1], enable_auto_commit=False)
    await consumer.start()
    partition = TopicPartition(sys.argv[2], 0)
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    for _ in range(int(sys.argv[3])):
        record = await asyncio.wait_for(consumer.getone(partition), 120)
        read = decode("table.state", record.key, record.value, record.headers)
        known = {name: str(getattr(read.event, name)) for name in type(read.event).__struct_fields__}
        print(json.dumps({"package": tablewatch_schemas.__file__, "raw": json.loads(record.value), "known": known,
                          "version": read.version, "id": read.id}))
    await consumer.stop()
asyncio.run(main())
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The wheel of today, as pip unpacks it."""
    build = "import hatchling.build; print(hatchling.build.build_wheel('dist'))"
    source = copied(tmp_path / "today") / "schemas"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    shutil.rmtree(source)
    return tmp_path / "installed"


def test_a_consumer_of_v1_reads_a_later_release(installed: Path, kafka_bootstrap: str, tmp_path: Path) -> None:
    tomorrow = grown(copied(tmp_path / "tomorrow"))
    allowed = command(tomorrow, "schemas/compat.py")
    assert (allowed.returncode, allowed.stdout) == (0, "no breaking change since the release\n")
    topic = f"evolution-{secrets.token_hex(4)}"
    asyncio.run(create_topics(kafka_bootstrap, {topic: 1}))
    with_package(tomorrow / "schemas/src", WRITE, kafka_bootstrap, topic)

    read = with_package(installed, READ, kafka_bootstrap, topic, "3")
    assert all(each["package"].startswith(str(installed)) for each in read)
    assert [each["version"] for each in read] == [1, 2, 3]
    assert [each["known"]["state"] for each in read] == ["occupied", "cleaning", "free"]
    grew = read[1]
    assert grew["raw"]["party"] == {"guests": 3, "seated_at": "2026-11-23T09:00:00.250Z"}
    assert (grew["raw"]["mood"], grew["raw"]["evidence"]["cups"]) == ("calm", 4)
    assert "party" not in read[0]["raw"], "an optional object is left out, and not null"
    for each in read:
        assert set(each["known"]) == set(TableState.__struct_fields__)
        assert (each["known"]["confidence"], each["known"]["table_id"]) == ("0.5", "tbl_1")
        assert each["known"]["as_of"] == "2026-11-23 09:00:00.250000+00:00"
    assert len({each["id"] for each in read}) == 3


def test_a_breaking_release_is_refused_by_the_command_of_ci(tmp_path: Path) -> None:
    broken = copied(tmp_path)
    assert command(broken, "schemas/compat.py").returncode == 0
    path = broken / "schemas/table.state/v1.schema.json"
    path.write_text(path.read_text().replace('"confidence"', '"sure"'))
    refused = command(broken, "schemas/compat.py")
    assert refused.returncode == 1
    assert "table.state: confidence: removed or renamed" in refused.stdout.splitlines()
    assert "$(V)/python schemas/compat.py" in (Path(__file__).parents[3] / "Makefile").read_text()
