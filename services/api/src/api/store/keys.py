"""API keys and browser sessions."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from datetime import datetime, timedelta

import asyncpg

from api.model.access import NewKey, hash_secret
from api.model.errors import KeyNotFound
from api.model.types import Json, Sites
from api.store import Connection
from tablewatch_schemas.times import write_time

_COLUMNS = "key_id, prefix, name, scopes, site_ids, created_at, expires_at, revoked_at, last_used_at"
# A key for some sites sees the keys that open no other ones
_SEEN = "($1::text[] IS NULL OR (site_ids IS NOT NULL AND site_ids <@ $1))"
USED_EVERY = timedelta(minutes=1)


async def add(
    conn: Connection,
    key_id: str,
    key: NewKey,
    *,
    name: str,
    scopes: list[str],
    sites: Sites,
    expires_at: datetime | None,
    now: datetime,
) -> Json | None:
    """A new key; None when its prefix exists already."""
    row = await conn.fetchrow(
        "INSERT INTO keys (key_id, prefix, secret_hash, name, scopes, site_ids, created_at, expires_at)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (prefix) DO NOTHING RETURNING {_COLUMNS}",
        key_id, key.prefix, key.secret_hash, name, scopes, sites, now, expires_at,
    )  # fmt: skip
    return None if row is None else _document(row)


async def by_prefix(conn: Connection, prefix: str) -> asyncpg.Record | None:
    """The whole row with the hash of the secret, to check a key by."""
    return await conn.fetchrow("SELECT * FROM keys WHERE prefix = $1", prefix)


async def name(conn: Connection, key_id: str) -> str:
    """What a key is called; empty of one that is gone."""
    return str(await conn.fetchval("SELECT name FROM keys WHERE key_id = $1", key_id) or "")


async def page(conn: Connection, sites: Sites, after: str, limit: int) -> list[Json]:
    """Keys by id, without their secrets."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM keys WHERE {_SEEN} AND key_id > $2 ORDER BY key_id LIMIT $3", sites, after, limit
    )
    return [_document(row) for row in rows]


async def rotating(conn: Connection, sites: Sites, key_id: str, now: datetime) -> asyncpg.Record:
    """A valid key, its row locked. Raises KeyNotFound."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM keys WHERE {_SEEN} AND key_id = $2 AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $3) FOR UPDATE",
        sites, key_id, now,
    )  # fmt: skip
    if row is None:
        raise KeyNotFound(f"There is no key {key_id} that is still good.")
    return row


async def expire(conn: Connection, key_id: str, at: datetime) -> None:
    """Let a key and its sessions expire at `at`, unless they expire earlier."""
    await conn.execute("UPDATE keys SET expires_at = least(expires_at, $2) WHERE key_id = $1", key_id, at)


async def revoke(conn: Connection, sites: Sites, key_id: str, now: datetime) -> None:
    """Revoke a key and end its sessions. Raises KeyNotFound."""
    row = await conn.fetchrow(
        f"UPDATE keys SET revoked_at = coalesce(revoked_at, $3) WHERE {_SEEN} AND key_id = $2 RETURNING key_id",
        sites, key_id, now,
    )  # fmt: skip
    if row is None:
        raise KeyNotFound(f"There is no key {key_id}.")
    await conn.execute("DELETE FROM sessions WHERE key_id = $1", key_id)


async def used(conn: Connection, key_id: str, now: datetime) -> None:
    """Record that the key was used, at most once a minute."""
    await conn.execute(
        "UPDATE keys SET last_used_at = $2 WHERE key_id = $1 AND coalesce(last_used_at, '-infinity') < $3",
        key_id, now, now - USED_EVERY,
    )  # fmt: skip


async def has_admin(conn: Connection, now: datetime) -> bool:
    """Whether some key can still administer everything."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT 1 FROM keys WHERE 'admin' = ANY(scopes) AND site_ids IS NULL"
            " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1))",
            now,
        )
    )


async def good_hashes(conn: Connection, now: datetime) -> frozenset[bytes]:
    """Hashes of every key and every session that is good."""
    rows = await conn.fetch(
        "WITH good AS (SELECT key_id, secret_hash FROM keys"
        " WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1))"
        " SELECT secret_hash FROM good UNION ALL"
        " SELECT token_hash FROM sessions JOIN good USING (key_id) WHERE sessions.expires_at > $1",
        now,
    )
    return frozenset(row[0] for row in rows)


async def sign_in(conn: Connection, token: str, key_id: str, now: datetime, ttl_s: int) -> None:
    """A new browser session; expired ones are deleted."""
    await conn.execute("DELETE FROM sessions WHERE expires_at <= $1", now)
    until = now + timedelta(seconds=ttl_s)
    await conn.execute("INSERT INTO sessions VALUES ($1, $2, $3, $4)", hash_secret(token), key_id, now, until)


async def by_session(conn: Connection, token: str, now: datetime) -> asyncpg.Record | None:
    """The row of the key that a browser signed in with; None when the session has expired."""
    return await conn.fetchrow(
        "SELECT keys.* FROM sessions JOIN keys USING (key_id)"
        " WHERE token_hash = $1 AND sessions.expires_at > $2",
        hash_secret(token), now,
    )  # fmt: skip


async def sign_out(conn: Connection, token: str) -> None:
    """End a browser session."""
    await conn.execute("DELETE FROM sessions WHERE token_hash = $1", hash_secret(token))


def _document(row: asyncpg.Record) -> Json:
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    return dict(row) | {name: None if row[name] is None else write_time(row[name]) for name in times}
