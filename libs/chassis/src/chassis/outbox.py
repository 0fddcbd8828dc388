"""Transactional outbox: a change and its event are committed together; the event is published afterwards.

A row is deleted once the broker has acknowledged it. Rows are never paged by `id > cursor`: sequences commit out of
order, and a row with a lower id that commits later would be lost. Order is kept per key: rows of one key share a
bucket, and only the holder of that bucket's advisory lock publishes it. After a crash between acknowledgement and
delete a row is published again with the same event id.
"""

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import asyncpg
import structlog

from chassis.clock import first_of
from chassis.database import DISCONNECTED
from chassis.metrics import OUTBOX_OLDEST_SECONDS, OUTBOX_PUBLISHED, OUTBOX_ROWS
from chassis.produce import Refused

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from chassis.clock import Clock
    from chassis.metrics import Metrics
    from chassis.produce import Producer
    from chassis.records import Sendable

    Connection = asyncpg.Connection | PoolConnectionProxy

BUCKETS = 8
BATCH = 500
POLL_S = 1.0
MEASURE_S = 5.0

SQL = resources.files("chassis").joinpath("sql/outbox.sql").read_text()
"""DDL of the table, to be copied into a service's first migration."""

_INSERT = """
WITH added AS (
    INSERT INTO outbox (bucket, topic, key, value, header_names, header_values, lane, partition)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)
SELECT pg_notify('outbox.' || current_schema(), '')
"""
_HEAD = "SELECT * FROM outbox WHERE bucket = $1 ORDER BY id LIMIT $2"
_SIZE = """
SELECT count(*) AS rows, extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS age_s FROM outbox
"""
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('outbox.' || current_schema()), $1)"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('outbox.' || current_schema()), $1)"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of the outbox, which a producer can send (a `Sendable`)."""

    id: int
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    lane: str
    partition: int | None


def bucket_of(key: bytes | None) -> int:
    """The bucket (of BUCKETS) of a key; rows without a key have no order to keep and share the first."""
    return 0 if key is None else zlib.crc32(key) % BUCKETS


async def enqueue(conn: "Connection", message: "Sendable") -> None:
    """Put a message into the outbox; call it in the transaction of the change that it is about.

    For the order of a key to be the order of its changes, hold the lock of the changed row before calling.
    """
    names = [name for name, _ in message.headers]
    values = [value for _, value in message.headers]
    bucket = bucket_of(message.key)
    await conn.execute(
        _INSERT, bucket, message.topic, message.key, message.value, names, values, message.lane, message.partition
    )


class Relay:
    """Publishes the rows of the outbox. Any number of replicas may run one."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        producer: "Producer",
        *,
        clock: "Clock",
        metrics: "Metrics",
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._pool, self._producer = pool, producer
        self._clock, self._metrics, self._log = clock, metrics, log
        self._wake = asyncio.Event()
        self._blocked: set[int] = set()  # buckets with a refused row: sent one by one

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop`; reconnects to a database that was away."""
        measuring = asyncio.create_task(self._keep_measuring())
        try:
            while not stop.is_set():
                try:
                    async with self._session() as conn:
                        await self._publish_on_notify(conn, stop)
                except DISCONNECTED as error:
                    self._log.warning("outbox lost its database", error=type(error).__name__)
                    await self._clock.sleep(POLL_S)
        finally:
            measuring.cancel()

    async def drain(self) -> int:
        """Publish what is there now and no other relay has locked; returns how many rows."""
        async with self._session() as conn:
            return await self._publish_all(conn)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator["PoolConnectionProxy"]:
        """A connection that is closed after an error: it may hold a bucket's lock, which its next user would keep."""
        async with self._pool.acquire() as conn:
            try:
                yield conn
            except BaseException:
                conn.terminate()
                raise

    async def _publish_on_notify(self, conn: "PoolConnectionProxy", stop: asyncio.Event) -> None:
        channel = "outbox." + await conn.fetchval("SELECT current_schema()")
        await conn.add_listener(channel, self._notified)
        try:
            while not stop.is_set():
                self._wake.clear()
                await self._publish_all(conn)
                await first_of(self._wake.wait(), stop.wait(), self._clock.sleep(POLL_S))
        finally:
            if not conn.is_closed():
                await conn.remove_listener(channel, self._notified)

    def _notified(self, *_: object) -> None:
        self._wake.set()

    async def _publish_all(self, conn: "PoolConnectionProxy") -> int:
        sent = 0
        for row in await conn.fetch("SELECT DISTINCT bucket FROM outbox"):
            if await conn.fetchval(_TRY_LOCK, row["bucket"]):
                sent += await self._publish_bucket(conn, row["bucket"])
                await conn.execute(_UNLOCK, row["bucket"])
        return sent

    async def _publish_bucket(self, conn: "PoolConnectionProxy", bucket: int) -> int:
        sent = 0
        while rows := await conn.fetch(_HEAD, bucket, BATCH if bucket not in self._blocked else 1):
            messages = [_message(row) for row in rows]
            try:
                await self._producer.send_all(messages)
            except Refused as error:
                # Not skipped: what follows on its key must not overtake it. An alert watches the age of the row.
                self._log.error("outbox message refused", topic=messages[0].topic, bucket=bucket, reason=str(error))
                if bucket in self._blocked:
                    break
                self._blocked.add(bucket)  # one by one from now on, so that those before it are sent once
                continue
            await conn.execute("DELETE FROM outbox WHERE id = ANY($1)", [row.id for row in messages])
            for topic, count in Counter(row.topic for row in messages).items():
                self._metrics.count(OUTBOX_PUBLISHED, count, topic=topic)
            sent += len(messages)
        else:
            self._blocked.discard(bucket)
        return sent

    async def _keep_measuring(self) -> None:
        """Apart from publishing, which waits for a broker that is away: the age must show just then."""
        while True:
            try:
                await self.measure()
            except Exception as error:  # noqa: BLE001 (nobody awaits this task: ended, it would freeze the gauges)
                self._log.warning("outbox_not_measured", error=repr(error))
            await self._clock.sleep(MEASURE_S)

    async def measure(self) -> None:
        """Set the gauges: age of the oldest row, and the number of rows."""
        async with self._pool.acquire() as conn:
            (row,) = await conn.fetch(_SIZE)
        self._metrics.set(OUTBOX_OLDEST_SECONDS, row["age_s"] or 0.0)
        self._metrics.set(OUTBOX_ROWS, row["rows"])


def _message(row: asyncpg.Record) -> OutboxRow:
    headers = tuple(zip(row["header_names"], row["header_values"], strict=True))
    return OutboxRow(row["id"], row["topic"], row["key"], row["value"], headers, row["lane"], row["partition"])
