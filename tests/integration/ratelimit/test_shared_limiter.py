"""A limit that several limiters share through a real Postgres; what they do while it is away."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from tests.support.doubles import ManualClock
from tests.support.windows import HOUR_S, stay_within

from chassis.clock import SystemClock
from chassis.database import connect
from chassis.metrics import Metrics
from chassis.migrations import migrate
from ratelimit import counts
from ratelimit.limit import Exceeded, RateLimit
from ratelimit.limiter import ALONE_S, SharedLimiter

MIGRATION = Path(__file__).parents[3] / "services/ingest/migrations/0008_request_counts.sql"


@pytest.fixture
async def pool(database_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Pool]:
    schema = f"limits_{uuid.uuid4().hex[:8]}"
    (tmp_path / "0001_counts.sql").write_text(MIGRATION.read_text())
    await migrate(database_url, schema, tmp_path)
    made = await connect(database_url, schema, size=4)
    yield made
    await made.execute(f'DROP SCHEMA "{schema}" CASCADE')
    await made.close()


def limit(text: str) -> RateLimit:
    found = RateLimit.parse(text)
    assert found is not None
    return found


def limiter(pool: Any, metrics: Metrics | None = None) -> SharedLimiter:
    return SharedLimiter(pool, clock=SystemClock(), metrics=metrics or Metrics(), log=structlog.get_logger())


async def allowed(shared: SharedLimiter, text: str, asked: int) -> int:
    passed = 0
    for _ in range(asked):
        try:
            await shared.take("key", "key_1", limit(text))
            passed += 1
        except Exceeded:
            pass
    return passed


async def test_replicas_let_through_what_one_would_and_ask_for_batches(pool: asyncpg.Pool) -> None:
    stay_within(HOUR_S, 30)
    metrics = Metrics()
    replicas = [limiter(pool, metrics) for _ in range(3)]
    passed = await asyncio.gather(*(allowed(each, "1000/hour", 600) for each in replicas))
    assert sum(passed) == 1000
    granted = metrics.value("rate_limit_leases_total", outcome="granted")
    assert granted == 100  # a batch is a hundredth: ten requests for each round trip
    assert metrics.value("rate_limit_leases_total", outcome="refused") <= 3  # repeated without asking


async def test_a_batch_that_nobody_uses_is_all_that_is_lost(pool: asyncpg.Pool) -> None:
    stay_within(HOUR_S, 30)
    idle, busy = limiter(pool), limiter(pool)
    assert await allowed(idle, "1000/hour", 1) == 1
    assert await allowed(busy, "1000/hour", 1200) == 990


async def test_requests_at_once_share_a_lease(pool: asyncpg.Pool) -> None:
    stay_within(HOUR_S, 30)
    shared, text = limiter(pool), "5/hour"
    answers = await asyncio.gather(
        *(shared.take("key", "key_1", limit(text)) for _ in range(9)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in answers) == ["Exceeded"] * 4 + ["RateStatus"] * 5
    left = sorted(each.left for each in answers if not isinstance(each, BaseException))
    assert left == [0, 1, 2, 3, 4]


async def test_the_window_slides_by_the_clock_of_the_database(pool: asyncpg.Pool) -> None:
    asked = limit("10/second")
    async with pool.acquire() as conn:
        for _ in range(10):
            assert (await counts.lease(conn, "key k", asked)).granted == 1
        first = await counts.lease(conn, "key k", asked)
        if first.granted == 0:  # else a new second began meanwhile
            assert 0 < first.retry_s(asked) <= 1.2
        await conn.execute("UPDATE request_counts SET period = period - 1, used = 10, before = 0")
        slid = await counts.lease(conn, "key k", asked)
        assert slid.before == 10
        assert slid.left(asked) + slid.granted <= 10 * slid.share + 1
        await conn.execute("UPDATE request_counts SET period = period - 2, used = 10, before = 10")
        assert (await counts.lease(conn, "key k", asked)).before == 0
        await conn.execute("UPDATE request_counts SET period = period + 5")  # the server's clock was set back
        assert (await counts.lease(conn, "key k", asked)).used >= 1
        await conn.execute("UPDATE request_counts SET expires_at = clock_timestamp() - interval '1 second'")
        await counts.forget(conn)
        assert await conn.fetchval("SELECT count(*) FROM request_counts") == 0


class Away:
    """A pool whose server is gone, then back."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool, self.gone, self.asked = pool, True, 0

    def acquire(self, **options: Any) -> Any:
        self.asked += 1
        if self.gone:
            raise ConnectionRefusedError
        return self.pool.acquire(**options)


async def test_while_the_database_is_away_each_counts_alone_and_shares_again_afterwards(pool: asyncpg.Pool) -> None:
    stay_within(HOUR_S, 30)
    away, clock, metrics = Away(pool), ManualClock(), Metrics()
    shared = SharedLimiter(away, clock=clock, metrics=metrics, log=structlog.get_logger())  # type: ignore[arg-type]
    assert await allowed(shared, "5/hour", 8) == 5  # not refused, and not without a limit
    assert away.asked == 1  # not once a request
    assert metrics.value("rate_limit_alone") == 1
    away.gone = False
    clock.advance(ALONE_S + 0.1)
    assert await allowed(shared, "5/hour", 8) == 5
    assert metrics.value("rate_limit_alone") == 0
