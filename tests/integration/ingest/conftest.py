"""A running ingest on real Kafka and Postgres, and what it publishes."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from tests.integration.ingest.process import Ingest
from tests.integration.ingest.stage import Stage, open_stage

from tablewatch_schemas import Received, decode


@pytest.fixture(scope="package")
def ingest(kafka_bootstrap: str, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """One process for tests that do not harm it."""
    running = Ingest(tmp_path_factory.mktemp("ingest"), environment(kafka_bootstrap, database_url)).start()
    yield running
    running.stop()


@pytest.fixture
def own_ingest(kafka_bootstrap: str, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Ingest]]:
    """Makes processes of this test, which may be killed; arguments are settings."""
    made: list[Ingest] = []
    own = environment(kafka_bootstrap, database_url)

    def make(**settings: str) -> Ingest:
        made.append(Ingest(tmp_path / "home", own | settings).start())
        return made[-1]

    yield make
    for process in made:
        process.end()


@pytest.fixture
async def published(kafka_bootstrap: str) -> AsyncIterator["Published"]:
    consumer = AIOKafkaConsumer(
        *("video.uploaded", "video.rejected", "upload.refused"),
        bootstrap_servers=kafka_bootstrap,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    yield Published(consumer)
    await consumer.stop()


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """ingest's stage on a database of this test."""
    dsn = (await asyncio.to_thread(environment, "", database_url))["DATABASE_URL"]
    async with open_stage(dsn, tmp_path / "uploads") as opened:
        yield opened


class Published:
    """Events of a video, as they come on the topics."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._seen: list[Received[Any]] = []

    async def of(self, video_id: str, within_s: float = 20, topic: str = "video") -> Received[Any]:
        """The first event of the video whose topic begins so, waited for."""
        for _ in range(int(within_s * 5)):
            found = [event for event in self._seen if event.key == video_id and event.topic.startswith(topic)]
            if found:
                return found[0]
            await self._poll(200)
        raise AssertionError(f"nothing was published of {video_id}")

    async def all_of(self, video_id: str, wait_ms: int = 1500) -> list[Received[Any]]:
        """All events of the video that come within the time."""
        await self._poll(wait_ms)
        return [event for event in self._seen if event.key == video_id]

    async def _poll(self, timeout_ms: int) -> None:
        for records in (await self._consumer.getmany(timeout_ms=timeout_ms)).values():
            self._seen += [decode(record.topic, record.key, record.value, record.headers) for record in records]


def environment(kafka_bootstrap: str, database_url: str) -> dict[str, str]:
    """Settings of one process that shares nothing with those of other tests: its own database and group."""
    name = f"ingest_{uuid.uuid4().hex[:12]}"
    asyncio.run(_make_database(database_url, name))
    own = urlsplit(database_url)._replace(path=f"/{name}").geturl()
    return {"KAFKA_BOOTSTRAP": kafka_bootstrap, "DATABASE_URL": own, "INGEST_GROUP": name, "LOG_FORMAT": "console"}


async def _make_database(database_url: str, name: str) -> None:
    conn = await asyncpg.connect(database_url)
    await conn.execute(f"CREATE DATABASE {name}")
    await conn.close()
