"""What row security costs a request: the same reads of the api with and without it.

usage: python -m bench.row_security [ROUNDS]

Prints microseconds of each read, measured alternately A B A B: `first` is the owner's connection as it comes from the
pool, `second` the transaction with the role and its policies. 100 tables with states, 1,000 frames of a run, on real
Postgres.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from api.settings import MIGRATIONS
from api.store import frames, row_security, states
from bench.infrastructure import Infrastructure
from chassis.database import connect
from chassis.migrations import migrate

SITE = "site_bench"
READS = 300
Enter = Callable[[], AbstractAsyncContextManager[Any]]


async def _filled(pool: asyncpg.Pool) -> None:
    await pool.execute(
        "INSERT INTO sites SELECT 'site_' || n, 'x', 'UTC', now() FROM generate_series(1, 50) n"
        " UNION ALL SELECT $1, 'Bench', 'UTC', now()",
        SITE,
    )
    state = '{"run_id": null, "state": "free", "expires_at": "2099-01-01T00:00:00.000Z", "pad": "%s"}' % ("x" * 600)
    await pool.execute(
        "INSERT INTO states SELECT site_id || '-' || n, 'tbl_' || n, site_id, NULL, '{cam}', 1, false, now(), now(), $1"
        " FROM sites, generate_series(1, 100) n",
        state,
    )
    await pool.execute(
        "INSERT INTO frames SELECT 'run_' || site_id, n, site_id || n, site_id, 'k', now(), n, 1, 1, 1, true, 1, 1"
        " FROM sites, generate_series(1, 1000) n"
    )
    await pool.execute("ANALYZE")


async def _states(conn: Any) -> None:
    found = await states.page(conn, [SITE], site_id=SITE, now=datetime.now(UTC), limit=500)
    assert len(found) == 100


async def _frames(conn: Any) -> None:
    assert len(await frames.page(conn, f"run_{SITE}", -1, 200)) == 200


async def _nothing(conn: Any) -> None:
    await conn.fetchval("SELECT 1")


async def _timed(enter: Enter, read: Callable[[Any], Awaitable[None]]) -> float:
    started = time.perf_counter()
    for _ in range(READS):
        async with enter() as conn:
            await read(conn)
    return (time.perf_counter() - started) / READS * 1e6


async def measure(database: str, rounds: int) -> None:
    """Print a line for each read."""
    await migrate(database, "api", MIGRATIONS, settings=row_security.OWNER)
    pool = await connect(database, "api", size=2, settings=row_security.OWNER)
    await _filled(pool)
    second = await row_security.enable(pool)
    for read in (_nothing, _states, _frames):
        first_us, second_us = [], []
        for _ in range(rounds + 1):
            first_us.append(await _timed(pool.acquire, read))
            second_us.append(await _timed(lambda: second.transaction([SITE]), read))
        one, two = statistics.median(first_us[1:]), statistics.median(second_us[1:])
        print(f"read={read.__name__[1:]} first_us={one:.0f} second_us={two:.0f} more_us={two - one:.0f} n={rounds}")
    await pool.close()


def main() -> None:
    """Start Postgres, measure, end it."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    infra = Infrastructure.start(
        Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench" / "infrastructure"
    )
    try:
        asyncio.run(measure(infra.new_database(), rounds))
    finally:
        infra.stop()


if __name__ == "__main__":
    main()
