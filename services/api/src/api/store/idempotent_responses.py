"""Responses stored for requests with an Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.store import Connection

RETENTION = timedelta(hours=24)
# A request takes seconds. One that is in flight for longer was killed, and its key may be used again.
IN_FLIGHT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """What a stored response is found by: the API key, the path, and a hash of the Idempotency-Key."""

    key_id: str
    route: str
    name_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRequest:
    """An earlier request with the same key: a hash of its body, and its response, sealed, once there is one."""

    body_hash: bytes
    status: int | None
    answer: bytes | None


async def begin(
    conn: Connection, key: RequestKey, body_hash: bytes, attempt: str, now: datetime
) -> EarlierRequest | None:
    """Reserve the key for this attempt (None), or return the request that has it."""
    row = await conn.fetchrow(
        "INSERT INTO idempotent_answers AS old (key_id, route, name_hash, body_hash, attempt, started_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id, route, name_hash) DO UPDATE SET"
        " body_hash = excluded.body_hash, attempt = excluded.attempt, started_at = excluded.started_at,"
        " status = NULL, answer = NULL"
        " WHERE old.started_at < $7 OR (old.status IS NULL AND old.started_at < $8) RETURNING attempt",
        key.key_id, key.route, key.name_hash, body_hash, attempt, now, now - RETENTION, now - IN_FLIGHT,
    )  # fmt: skip
    if row is not None:
        return None
    earlier = await conn.fetchrow(
        "SELECT body_hash, status, answer FROM idempotent_answers WHERE key_id = $1 AND route = $2 AND name_hash = $3",
        key.key_id, key.route, key.name_hash,
    )  # fmt: skip
    if earlier is None:  # it failed just now and released the key: the next attempt gets it
        return EarlierRequest(body_hash=body_hash, status=None, answer=None)
    return EarlierRequest(**dict(earlier))


async def save(conn: Connection, key: RequestKey, attempt: str, status: int, answer: bytes) -> None:
    """Store the response of an attempt, if it still has the key."""
    await conn.execute(
        "UPDATE idempotent_answers SET status = $5, answer = $6"
        " WHERE key_id = $1 AND route = $2 AND name_hash = $3 AND attempt = $4",
        key.key_id, key.route, key.name_hash, attempt, status, answer,
    )  # fmt: skip


async def release(conn: Connection, key: RequestKey, attempt: str) -> None:
    """Free the key of an attempt that changed nothing."""
    await conn.execute(
        "DELETE FROM idempotent_answers WHERE key_id = $1 AND route = $2 AND name_hash = $3 AND attempt = $4",
        key.key_id, key.route, key.name_hash, attempt,
    )  # fmt: skip


async def prune(conn: Connection, now: datetime) -> None:
    """Delete responses past their retention."""
    await conn.execute("DELETE FROM idempotent_answers WHERE started_at < $1", now - RETENTION)
