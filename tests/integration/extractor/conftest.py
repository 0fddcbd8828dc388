"""An extractor's database of its own in the shared Postgres, real Kafka, objects on disk."""

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import structlog
from pydantic import SecretStr
from tests.integration.extractor.house import House
from tests.integration.extractor.pipeline import Pipeline

from chassis.clock import SystemClock
from chassis.database import connect
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.migrations import migrate
from chassis.produce import KafkaProducer
from extractor.files.decoder import DecoderLimits
from extractor.files.originals import Originals
from extractor.files.worker import Worker, WorkerOptions
from objects.links import LinkSigner
from objects.local import LocalObjects
from objects.space import StoreSpace
from sandbox.kernel import can_isolate_network

MIGRATIONS = Path(__file__).resolve().parents[3] / "services/extractor/migrations"


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
async def own_database(database_url: str) -> AsyncIterator[str]:
    """A fresh database, dropped at the end."""
    name = f"extractor_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(database_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    yield urlsplit(database_url)._replace(path=f"/{name}").geturl()
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def pool(own_database: str) -> AsyncIterator[asyncpg.Pool]:
    await migrate(own_database, "extractor", MIGRATIONS)
    made = await connect(own_database, "extractor", size=10)
    yield made
    await made.close()


@pytest.fixture
def objects_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "objects"
    folder.mkdir()
    return folder


@pytest.fixture
def store(objects_dir: Path) -> LocalObjects:
    return LocalObjects(objects_dir, LinkSigner(SecretStr("s" * 32), "http://127.0.0.1"))


@pytest.fixture
async def producer(kafka_bootstrap: str) -> AsyncIterator[KafkaProducer]:
    made = KafkaProducer(kafka_bootstrap, "extractor-test", 6, Metrics())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def pipeline(pool: asyncpg.Pool, store: LocalObjects, producer: KafkaProducer, kafka_bootstrap: str) -> Pipeline:
    """Everything of the role `files` but the processes around it."""
    return Pipeline(pool, store, producer, kafka_bootstrap)


@pytest.fixture
async def worker(pool: asyncpg.Pool, store: LocalObjects) -> AsyncIterator[Worker]:
    limits = DecoderLimits(3 << 30, 60.0, await can_isolate_network())
    options = WorkerOptions(lease_s=5.0, attempts=3, quality=85, limits=limits, site_picture_bytes=1 << 40)
    log, originals = structlog.get_logger(), Originals(store, 0, SystemClock())
    made = Worker(
        f"test-{os.getpid()}",
        pool,
        store,
        StoreSpace(store.root, 0, SystemClock()),
        originals,
        options,
        clock=SystemClock(),
        metrics=Metrics(),
        health=Health(),
        log=log,
    )
    yield made
    await made.close()
    await originals.close()


@pytest.fixture
async def house(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kafka_bootstrap: str,
    own_database: str,
    objects_dir: Path,
    producer: KafkaProducer,
) -> AsyncIterator[House]:
    """For tests that are marked to run one after the other."""
    assert request.node.get_closest_marker("xdist_group"), "processes of cameras would meet those of other tests"
    made = House(tmp_path, kafka_bootstrap, own_database, objects_dir, producer)
    yield made
    for camera_id in list(made.configured):  # or processes of the next test would share them among themselves too
        await made.delete(camera_id)
