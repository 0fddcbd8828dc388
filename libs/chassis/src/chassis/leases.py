"""Leases with fencing in Postgres: one owner at a time, and a number by which a late one is recognised.

A lease says who may work until when; it cannot stop an owner that was paused past its end. Therefore every effect
carries `fence`, and whoever keeps the effect refuses a lower one than it has seen (Kleppmann, "How to do distributed
locking", 2016). Times are the database's, so clocks of machines need not agree.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection | PoolConnectionProxy

SQL = resources.files("chassis").joinpath("sql/leases.sql").read_text()
"""DDL of the table, to be copied into a service's first migration."""

_ACQUIRE = """
INSERT INTO leases AS held (name, owner, fence, until) VALUES ($1, $2, 1, clock_timestamp() + $3)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = held.fence + 1, until = excluded.until
WHERE held.until <= clock_timestamp()
RETURNING fence, until
"""
_RENEW = """
UPDATE leases SET until = clock_timestamp() + $3
WHERE name = $1 AND fence = $2 AND until > clock_timestamp() RETURNING true
"""


class Lost(Exception):
    """The lease ran out and may be another's: stop, and write nothing more under it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What `owner` holds. `fence` grows by one with every acquisition of `name`; `until` is as of the acquisition."""

    name: str
    owner: str
    fence: int
    until: datetime


async def acquire(conn: "Connection", name: str, owner: str, ttl_s: float) -> Lease | None:
    """Take the lease, or None while anyone (also this owner) holds it."""
    row = await conn.fetchrow(_ACQUIRE, name, owner, timedelta(seconds=ttl_s))
    return None if row is None else Lease(name, owner, row["fence"], row["until"])


async def renew(conn: "Connection", lease: Lease, ttl_s: float) -> bool:
    """Hold it for another `ttl_s` from now; False when it has run out, even if nobody took it since."""
    return await conn.fetchval(_RENEW, lease.name, lease.fence, timedelta(seconds=ttl_s)) is True


async def release(conn: "Connection", lease: Lease) -> None:
    """Give it back at once; nothing happens when it is not ours any more. The row stays, for its fence."""
    await conn.execute("UPDATE leases SET until = '-infinity' WHERE name = $1 AND fence = $2", lease.name, lease.fence)


async def check(conn: "Connection", lease: Lease) -> None:
    """Lock the lease's row for this transaction and raise Lost unless it is still ours: what follows is fenced."""
    fence = await conn.fetchval("SELECT fence FROM leases WHERE name = $1 FOR SHARE", lease.name)
    if fence != lease.fence:
        raise Lost(lease.name)
