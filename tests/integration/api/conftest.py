"""The api in this process, on real Postgres (a schema of its own for each module) and real Kafka."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from tests.support.doubles import MemoryBroker, MemoryProducer

from api.events.hub import Hub
from api.events.judged import Judged
from api.events.views import Views
from api.http.app import create_app, warm_up
from api.http.dependencies import HttpDependencies
from api.model.access import SCOPES, NewKey, mint
from api.project.projector import Dependencies, Projector
from api.settings import MIGRATIONS, ApiSettings
from api.store import keys as key_store
from api.store import row_security
from api.store.row_security import RowSecurity
from chassis.clock import SystemClock
from chassis.database import connect
from chassis.deadletters import FuseOptions
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.migrations import migrate
from chassis.produce import KafkaProducer, Producer
from objects.links import LinkSigner
from objects.local import LocalObjects
from objects.space import StoreSpace
from tablewatch_schemas import encode
from tablewatch_schemas.ids import new_id
from webserver.serve import serve_asgi

LOG: Any = structlog.get_logger("test")


class LetterBox:
    """Takes dead letters: the dead-letter topics of a test's own group do not exist."""

    def __init__(self, letters: list[Any]) -> None:
        self._letters = letters

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def send(self, message: Any) -> tuple[int, int]:
        """Keep it."""
        self._letters.append(message)
        return 0, len(self._letters)

    async def send_all(self, messages: Sequence[Any]) -> None:
        """Keep them."""
        self._letters.extend(messages)


@dataclass(kw_only=True)
class Stage:
    """One api: its database, its store, and clients to it."""

    dsn: str
    schema: str
    pool: asyncpg.Pool
    deps: HttpDependencies
    kafka: str = ""
    producer: Producer | None = None
    group: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    letters: list[Any] = field(default_factory=list)
    memory: MemoryBroker | None = None
    app: FastAPI | None = None
    served: FastAPI | None = None

    async def key(self, *scopes: str, sites: list[str] | None = None, **more: Any) -> str:
        """A new key."""
        made: NewKey = mint()
        now = datetime.now(UTC)
        async with self.pool.acquire() as conn:
            await key_store.add(
                conn, new_id("key"), made, name="test", scopes=list(scopes or SCOPES), sites=sites,
                expires_at=more.get("expires_at"), now=now,
            )  # fmt: skip
        return made.text

    async def client(self, *scopes: str, sites: list[str] | None = None) -> httpx.AsyncClient:
        """A client with a new key, in process."""
        return self.client_of(await self.key(*scopes, sites=sites))

    def client_of(self, key: str | None) -> httpx.AsyncClient:
        """A client with this key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.app = self.app or create_app(self.deps)
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers)

    async def send(self, *events: Any) -> None:
        """Put events on their topics."""
        now = datetime.now(UTC)
        await self.put(*[encode(event, source="tablewatch/test", time=now) for event in events])

    async def put(self, *messages: Any) -> None:
        """Put records on their topics: of the memory broker where there is one, else of Kafka."""
        assert self.producer is not None
        await self.producer.send_all(messages)

    def projector(self, **more: Any) -> Dependencies:
        """What a projector works with. Other tests leave poison on the real topics: dead letters blow no fuse here."""
        made = Dependencies(
            broker=self.memory or KafkaBroker(self.kafka, self.group), pool=self.pool,
            dead_letters=LetterBox(self.letters), clock=SystemClock(), metrics=self.deps.metrics, health=Health(),
            log=LOG, group=self.group, fuse=FuseOptions(consecutive=10_000, ratio=1.0),
        )  # fmt: skip
        return replace(made, **more)

    @asynccontextmanager
    async def projecting(self, **more: Any) -> AsyncIterator[None]:
        """A projector that runs inside the context, and is stopped as SIGTERM does."""
        stop = asyncio.Event()
        task = asyncio.create_task(Projector(self.projector(**more)).run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    @asynccontextmanager
    async def serving(self, *, warm: bool = False, **settings: Any) -> AsyncIterator[str]:
        """A real HTTP server with its tail of the event log; its address. `warm`: as a process begins to serve."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        hub = Hub(self.pool, SystemClock(), self.deps.metrics, LOG)
        changed = self.deps.settings.model_copy(update=settings)
        broker = self.memory or (KafkaBroker(self.kafka, self.group) if self.kafka else None)
        views = None if broker is None else Views(broker, self.deps.judged, 3600, Health(), SystemClock(), LOG)
        app = create_app(replace(self.deps, hub=hub, settings=changed, views=views))
        self.served = app
        if warm:
            await warm_up(app)
        stop = asyncio.Event()
        serve = serve_asgi(app, "127.0.0.1", port)
        running = asyncio.gather(hub.run(stop), serve(stop), *([] if views is None else [views.run(stop)]))
        try:
            await until(lambda: _listens(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            stop.set()
            await asyncio.wait_for(running, 20)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


async def until(true: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until it is true, or an awaitable of it is."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = true()
        result = await result if asyncio.iscoroutine(result) else result
        if result:
            return result
        assert asyncio.get_running_loop().time() < deadline, "it did not come true"
        await asyncio.sleep(0.05)


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """An api on a fresh schema."""
    schema = f"api_{secrets.token_hex(4)}"
    await migrate(database_url, schema, MIGRATIONS)
    pool = await connect(database_url, schema, size=8, settings=row_security.OWNER)
    database = await row_security.enable(pool)
    made = Stage(dsn=database_url, schema=schema, pool=pool, deps=_dependencies(database, tmp_path))
    try:
        yield made
    finally:
        await pool.execute(f'DROP SCHEMA "{schema}" CASCADE')
        await pool.close()


@pytest.fixture
async def on_kafka(stage: Stage, kafka_bootstrap: str) -> AsyncIterator[Stage]:
    """The same with a producer on the real broker."""
    producer = KafkaProducer(kafka_bootstrap, "test-api", 6, Metrics())
    await producer.start()
    stage.kafka, stage.producer = kafka_bootstrap, producer
    try:
        yield stage
    finally:
        await producer.stop()


@pytest.fixture
async def lane(stage: Stage) -> Stage:
    """The same with a broker in memory, for what would poison the topics of others."""
    stage.memory = MemoryBroker()
    stage.producer = MemoryProducer(stage.memory)
    return stage


def _dependencies(database: RowSecurity, folder: Path) -> HttpDependencies:
    settings = ApiSettings(  # type: ignore[call-arg]
        link_secret=SecretStr("l" * 32), upload_token_secret=SecretStr("u" * 32), public_url="http://api.test",
        api_web_dist=folder / "dist", tablewatch_home=folder,
    )  # fmt: skip
    signer = LinkSigner(settings.link_secret, settings.public_url)
    metrics = Metrics()
    objects = LocalObjects(folder / "objects", signer)
    return HttpDependencies(
        settings=settings, row_security=database, objects=objects, signer=signer, judged=Judged(None, objects),
        space=StoreSpace(folder / "objects", settings.store_min_free_bytes, SystemClock()),
        hub=Hub(database.pool, SystemClock(), metrics, LOG), clock=SystemClock(), metrics=metrics,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()
