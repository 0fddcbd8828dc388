"""Answers kept for requests that carried an Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.store import Connection

KEPT = timedelta(hours=24)
# A request takes seconds. What is in flight for longer was killed, and its key may be used again.
IN_FLIGHT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where one answer is kept: the API key, the path, and a hash of the Idempotency-Key."""

    key_id: str
    route: str
    name_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An earlier request: what it sent, and its sealed answer once there is one."""

    body_hash: bytes
    status: int | None
    answer: bytes | None


async def begin(conn: Connection, slot: Slot, body_hash: bytes, attempt: str, now: datetime) -> Known | None:
    """None: the slot is taken for this attempt. Otherwise the request that has it already."""
    row = await conn.fetchrow(
        "INSERT INTO idempotent_answers AS old (key_id, route, name_hash, body_hash, attempt, started_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id, route, name_hash) DO UPDATE SET"
        " body_hash = excluded.body_hash, attempt = excluded.attempt, started_at = excluded.started_at,"
        " status = NULL, answer = NULL"
        " WHERE old.started_at < $7 OR (old.status IS NULL AND old.started_at < $8) RETURNING attempt",
        slot.key_id, slot.route, slot.name_hash, body_hash, attempt, now, now - KEPT, now - IN_FLIGHT,
    )  # fmt: skip
    if row is not None:
        return None
    there = await conn.fetchrow(
        "SELECT body_hash, status, answer FROM idempotent_answers WHERE key_id = $1 AND route = $2 AND name_hash = $3",
        slot.key_id, slot.route, slot.name_hash,
    )  # fmt: skip
    if there is None:  # it failed just now and let go: the next try will get through
        return Known(body_hash=body_hash, status=None, answer=None)
    return Known(**dict(there))


async def keep(conn: Connection, slot: Slot, attempt: str, status: int, answer: bytes) -> None:
    """Keep the answer of an attempt that still has the slot."""
    await conn.execute(
        "UPDATE idempotent_answers SET status = $5, answer = $6"
        " WHERE key_id = $1 AND route = $2 AND name_hash = $3 AND attempt = $4",
        slot.key_id, slot.route, slot.name_hash, attempt, status, answer,
    )  # fmt: skip


async def let_go(conn: Connection, slot: Slot, attempt: str) -> None:
    """The attempt changed nothing: the same Idempotency-Key may be used again."""
    await conn.execute(
        "DELETE FROM idempotent_answers WHERE key_id = $1 AND route = $2 AND name_hash = $3 AND attempt = $4",
        slot.key_id, slot.route, slot.name_hash, attempt,
    )  # fmt: skip


async def prune(conn: Connection, now: datetime) -> None:
    """Delete what is kept no longer."""
    await conn.execute("DELETE FROM idempotent_answers WHERE started_at < $1", now - KEPT)
