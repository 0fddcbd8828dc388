"""Counts of requests in the table `request_counts`, which every service that uses this library has in its schema.

The table is UNLOGGED: a lease costs no write-ahead log, and a crash of Postgres forgets the counts. Windows are of
the server's clock, so that replicas with other clocks agree.
"""

from typing import TYPE_CHECKING

from ratelimit.limit import Counts, RateLimit

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

_BEFORE = """CASE WHEN c.period >= excluded.period THEN c.before
                  WHEN c.period = excluded.period - 1 THEN c.used ELSE 0 END"""
_USED = "CASE WHEN c.period >= excluded.period THEN c.used ELSE 0 END"
_GRANTED = f"greatest(0, least($2::bigint, floor($3::bigint - {_USED} - ({_BEFORE}) * (1 - excluded.share))::bigint))"
_LEASE = f"""
INSERT INTO request_counts AS c (subject, period, share, used, before, granted, expires_at)
SELECT $1, floor(at / $4), at / $4 - floor(at / $4), least($2::bigint, $3::bigint), 0, least($2::bigint, $3::bigint),
    clock_timestamp() + 2 * $4 * interval '1 second'
FROM (SELECT extract(epoch FROM clock_timestamp())::float8 AS at) now
ON CONFLICT (subject) DO UPDATE SET period = greatest(c.period, excluded.period), share = excluded.share,
    used = {_USED} + {_GRANTED}, before = {_BEFORE}, granted = {_GRANTED}, expires_at = excluded.expires_at
RETURNING granted, used, before, share
"""  # noqa: S608 (expressions of our own)
_FORGET = "DELETE FROM request_counts WHERE expires_at < clock_timestamp()"


async def lease(conn: "asyncpg.Connection | PoolConnectionProxy", subject: str, limit: RateLimit) -> Counts:
    """Take up to a batch of the requests that a subject has left; one statement, atomic for all replicas."""
    (row,) = await conn.fetch(_LEASE, subject, limit.batch, limit.amount, float(limit.window_s))
    return Counts(row["granted"], row["used"], row["before"], row["share"])


async def forget(conn: "asyncpg.Connection | PoolConnectionProxy") -> None:
    """Delete the counts that no window contains any more."""
    await conn.execute(_FORGET)
