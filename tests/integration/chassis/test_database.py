"""Pools, migrations and the outbox on a real Postgres."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
import structlog

from chassis import outbox
from chassis.clock import SystemClock
from chassis.database import DISCONNECTED, connect
from chassis.metrics import Metrics
from chassis.migrations import MigrationError, migrate
from chassis.outbox import Relay, bucket_of
from chassis.produce import Refused
from chassis.records import Message, Sendable


@pytest.fixture
def schema() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "0001_start.sql").write_text(outbox.SQL)
    return tmp_path


@pytest.fixture
async def pool(database_url: str, schema: str, migrations: Path) -> AsyncIterator[asyncpg.Pool]:
    await migrate(database_url, schema, migrations)
    pool = await connect(database_url, schema, size=10)
    yield pool
    await pool.execute(f"DROP SCHEMA {schema} CASCADE")
    await pool.close()


class SlowProducer:
    """Records what was sent; waits while `down` is set."""

    def __init__(self) -> None:
        self.sent: list[Sendable] = []
        self.down = asyncio.Event()

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def send(self, message: Sendable) -> tuple[int, int]:
        raise NotImplementedError

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        while self.down.is_set():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.001)
        self.sent += messages


def relay_of(pool: asyncpg.Pool, producer: SlowProducer, metrics: Metrics | None = None) -> Relay:
    log = structlog.get_logger("test")
    return Relay(pool, producer, clock=SystemClock(), metrics=metrics or Metrics(), log=log)


def message(key: str, value: int) -> Message:
    return Message(
        topic="t", key=key.encode(), value=str(value).encode(), headers=(("ce_id", b"\x00\xff"),), lane="run"
    )


async def add(pool: asyncpg.Pool, *messages: Message) -> None:
    async with pool.acquire() as conn, conn.transaction():
        for each in messages:
            await outbox.enqueue(conn, each)


# --- migrations -------------------------------------------------------------------------------------------------


async def test_migrations_are_applied_once_and_in_order(
    database_url: str, schema: str, pool: asyncpg.Pool, migrations: Path
) -> None:
    assert await migrate(database_url, schema, migrations) == []
    (migrations / "0003_c.sql").write_text("ALTER TABLE b ADD COLUMN c int; INSERT INTO b (c) VALUES (1)")
    (migrations / "0002_b.sql").write_text("CREATE TABLE b (a int)")
    assert await migrate(database_url, schema, migrations) == ["0002_b.sql", "0003_c.sql"]
    assert await pool.fetchval("SELECT c FROM b") == 1


async def test_concurrent_migrations(database_url: str, schema: str, migrations: Path) -> None:
    done = await asyncio.gather(*(migrate(database_url, schema, migrations) for _ in range(4)))
    assert sorted(done) == [[], [], [], ["0001_start.sql"]]
    conn = await asyncpg.connect(database_url)
    await conn.execute(f"DROP SCHEMA {schema} CASCADE")
    await conn.close()


async def test_an_edited_migration_is_refused(
    database_url: str, schema: str, pool: asyncpg.Pool, migrations: Path
) -> None:
    (migrations / "0001_start.sql").write_text("-- edited")
    with pytest.raises(MigrationError, match="changed after"):
        await migrate(database_url, schema, migrations)


async def test_a_failing_migration_leaves_nothing(
    database_url: str, schema: str, pool: asyncpg.Pool, migrations: Path
) -> None:
    (migrations / "0002_bad.sql").write_text("CREATE TABLE half (a int); SELECT 1/0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database_url, schema, migrations)
    assert await pool.fetchval("SELECT to_regclass('half')") is None


async def test_old_and_new_code_run_side_by_side_until_the_after_parts(
    database_url: str, schema: str, pool: asyncpg.Pool, migrations: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (migrations / "0002_name.sql").write_text("CREATE TABLE a (name text)")
    assert await migrate(database_url, schema, migrations) == ["0002_name.sql"]
    newer = shutil.copytree(migrations, tmp_path_factory.mktemp("newer") / "migrations")
    (newer / "0003_label.sql").write_text("ALTER TABLE a ADD COLUMN label text")
    (newer / "0004_label_after.sql").write_text("UPDATE a SET label = name; ALTER TABLE a DROP COLUMN name")
    (newer / "0005_size.sql").write_text("ALTER TABLE a ADD COLUMN size int")

    assert await migrate(database_url, schema, newer, parts="before") == ["0003_label.sql", "0005_size.sql"]
    assert await migrate(database_url, schema, migrations) == []  # an old replica starts once more
    await pool.execute("INSERT INTO a (name) VALUES ('old')")
    assert await migrate(database_url, schema, newer, parts="before") == []

    assert await migrate(database_url, schema, newer) == ["0004_label_after.sql"]
    assert [dict(row) for row in await pool.fetch("SELECT * FROM a")] == [{"label": "old", "size": None}]


# --- outbox -----------------------------------------------------------------------------------------------------


async def test_what_is_added_is_published_whole_and_deleted(pool: asyncpg.Pool) -> None:
    producer, metrics = SlowProducer(), Metrics()
    tombstone = Message(topic="t", key=None, value=None, partition=3)
    await add(pool, message("k", 1), tombstone)
    assert await relay_of(pool, producer, metrics).drain() == 2
    first = next(sent for sent in producer.sent if sent.key)
    assert (first.topic, first.key, first.value, first.headers, first.lane, first.partition) == (
        *("t", b"k", b"1", (("ce_id", b"\x00\xff"),), "run", None),
    )
    bare = next(sent for sent in producer.sent if not sent.key)
    assert (bare.value, bare.headers, bare.lane, bare.partition) == (None, (), "live", 3)
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
    assert metrics.value("outbox_published_total", topic="t") == 2


async def test_what_is_rolled_back_is_never_told(pool: asyncpg.Pool) -> None:
    with suppress(ZeroDivisionError):
        async with pool.acquire() as conn, conn.transaction():
            await outbox.enqueue(conn, message("k", 1))
            raise ZeroDivisionError
    assert await relay_of(pool, SlowProducer()).drain() == 0


async def test_a_lower_id_that_commits_late_is_not_lost(pool: asyncpg.Pool) -> None:
    producer = SlowProducer()
    async with pool.acquire() as late, late.transaction():
        await outbox.enqueue(late, message("a", 1))
        await add(pool, message("a", 2))
        await relay_of(pool, producer).drain()
    await relay_of(pool, producer).drain()
    assert sorted(sent.value or b"" for sent in producer.sent) == [b"1", b"2"]


async def test_a_notification_wakes_the_relay_before_its_poll(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_S", 30)
    producer, stop = SlowProducer(), asyncio.Event()
    running = asyncio.create_task(relay_of(pool, producer).run(stop))
    await asyncio.sleep(0.2)
    await add(pool, message("k", 1))
    await asyncio.sleep(0.5)
    assert len(producer.sent) == 1
    stop.set()
    await asyncio.wait_for(running, 2)


async def test_several_relays_keep_the_order_of_each_key_and_send_once(pool: asyncpg.Pool) -> None:
    producer, stop = SlowProducer(), asyncio.Event()
    relays = [asyncio.create_task(relay_of(pool, producer).run(stop)) for _ in range(3)]
    for number in range(40):
        await add(pool, *(message(f"key-{key}", number) for key in range(12)))
    async with asyncio.timeout(20):
        while await pool.fetchval("SELECT count(*) FROM outbox"):
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*relays)
    for key in range(12):
        values = [int(sent.value or b"") for sent in producer.sent if sent.key == f"key-{key}".encode()]
        assert values == list(range(40))


class StuckProducer(SlowProducer):
    """A broker that is away: a send waits for ever."""

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        await asyncio.Event().wait()


async def test_age_and_size_are_measured_while_the_broker_is_away(pool: asyncpg.Pool) -> None:
    producer, metrics, stop = StuckProducer(), Metrics(), asyncio.Event()
    await add(pool, message("k", 1))
    await add(pool, message("l", 1))
    relay = relay_of(pool, producer, metrics)
    running = asyncio.create_task(relay.run(stop))
    async with asyncio.timeout(60):
        while metrics.value("outbox_rows") < 2:
            await asyncio.sleep(0.05)
    first = metrics.value("outbox_oldest_seconds")
    assert first > 0
    await relay.measure()
    assert metrics.value("outbox_oldest_seconds") > first
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_relay_lives_through_a_lost_connection(pool: asyncpg.Pool) -> None:
    producer, stop = SlowProducer(), asyncio.Event()
    running = asyncio.create_task(relay_of(pool, producer).run(stop))
    await asyncio.sleep(0.2)
    schema = await pool.fetchval("SELECT current_schema()")
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()"
    )
    await pool.fetch(kill, schema)
    await asyncio.sleep(0.1)
    await add(pool, message("k", 1))
    async with asyncio.timeout(10):
        while not producer.sent:
            await asyncio.sleep(0.05)
    stop.set()
    await running


async def test_a_pass_that_is_cancelled_anywhere_leaves_no_lock_behind(pool: asyncpg.Pool) -> None:
    """The session goes back to the pool without a reset: a lock in it would keep a bucket from everybody for ever."""
    relay = relay_of(pool, SlowProducer())
    for number in range(60):
        await add(pool, message(f"key-{number}", number))
        draining = asyncio.ensure_future(relay.drain())
        await asyncio.sleep(number * 0.0002)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
    held = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND datname = $1"
    )
    async with asyncio.timeout(10):  # the server ends a session a moment after its client did
        while await pool.fetchval(held, await pool.fetchval("SELECT current_database()")):
            await asyncio.sleep(0.05)
    await relay.drain()
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_message_that_no_broker_takes_holds_up_its_bucket_and_nothing_else(pool: asyncpg.Pool) -> None:
    class Choosy(SlowProducer):
        async def send_all(self, messages: Sequence[Sendable]) -> None:
            if any(message.value == b"-1" for message in messages):
                raise Refused("too large")
            await super().send_all(messages)

    producer = Choosy()
    other = next(f"key-{n}" for n in range(99) if bucket_of(f"key-{n}".encode()) != bucket_of(b"k"))
    await add(pool, message("k", 1), message("k", 2), message("k", -1), message("k", 3), message(other, 4))
    relay = relay_of(pool, producer)
    for _ in range(3):
        await relay.drain()
    assert sorted(sent.value or b"" for sent in producer.sent) == [b"1", b"2", b"4"]
    await pool.execute("DELETE FROM outbox WHERE value = $1", b"-1")  # what an operator does
    await relay.drain()
    assert producer.sent[-1].value == b"3"


async def test_a_statement_from_before_a_migration_fails_once_as_something_to_retry(
    database_url: str, schema: str, pool: asyncpg.Pool, migrations: Path
) -> None:
    async with pool.acquire() as conn:

        async def read() -> None:
            async with conn.transaction():
                await conn.fetch("SELECT * FROM outbox")

        await read()
        (migrations / "0002_more.sql").write_text("ALTER TABLE outbox ADD COLUMN more text")
        await migrate(database_url, schema, migrations)
        with pytest.raises(DISCONNECTED):
            await read()
        await read()
