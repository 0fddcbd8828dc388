"""Postgres: a pool bound to one schema, and that schema's numbered migrations."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

log = structlog.get_logger(__name__)

# What a server that is starting, restarting or not there yet answers with
UNREACHABLE = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)
# What a statement can meet when the server goes away under it. InternalClientError: asyncpg ends a transaction on a
# connection that broke in the middle of a statement ("cannot switch to state 15"); the pool throws such a one away.
DISCONNECTED = (
    *UNREACHABLE,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]*")


class MigrationError(Exception):
    """A migration file is misnamed, doubled, or not the one that was applied."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the text, to notice a file that was edited after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def connect(dsn: str, schema: str, *, size: int = 5, settings: Mapping[str, str] | None = None) -> asyncpg.Pool:
    """Open a pool whose connections see `schema` first; waits for ever for a server that is not reachable yet.

    `settings` are session settings of Postgres that every connection begins with.

    Raises what asyncpg raises for a wrong password or database: those do not get better by waiting.
    """
    delay = 0.1
    while True:
        try:
            return await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=size,
                command_timeout=60,
                timeout=10,
                reset=_nothing_to_forget,
                server_settings={"search_path": _checked(schema), "application_name": schema} | dict(settings or {}),
            )
        except UNREACHABLE as error:
            log.warning("database not reachable", schema=schema, error=type(error).__name__, retry_s=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)


async def _nothing_to_forget(_: object) -> None:
    """After each use of a connection, instead of asyncpg's query: half of all round trips for nothing.

    Nobody leaves anything behind in a session: settings and roles are `SET LOCAL`; who listens, or takes an advisory
    lock of the session, undoes it or ends the session. asyncpg still ends an open transaction before it calls this.
    """


async def migrate(dsn: str, schema: str, directory: Path, *, settings: Mapping[str, str] | None = None) -> list[str]:
    """Bring `schema` up to the newest file of `directory`; returns the names of the files applied now.

    Each file runs in a transaction of its own; replicas wait for each other under an advisory lock. A schema that is
    newer than the code is left as it is, so that an old replica can start beside a new one. `settings` as in `connect`.

    Raises MigrationError when a file that was applied has been edited since.
    """
    files = read_migrations(directory)
    pool = await connect(dsn, schema, size=1, settings=settings)
    try:
        async with pool.acquire() as conn:
            await conn.execute("SELECT pg_advisory_lock(hashtext($1))", f"migrations:{schema}", timeout=600)
            return await _apply(conn, schema, files)
    finally:
        await pool.close()


def read_migrations(directory: Path) -> list[Migration]:
    """The `NNNN_name.sql` files of a directory in order. Raises MigrationError on a bad or doubled number."""
    found: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: expected NNNN_name.sql")
        number = int(match.group(1))
        if number in found:
            raise MigrationError(f"{path.name}: number {number} is taken by {found[number].name}")
        found[number] = Migration(number, path.name, path.read_text())
    return [found[number] for number in sorted(found)]


def pending(files: list[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """Files not in `applied` (number to sha256). Raises MigrationError where an applied file has changed."""
    for file in files:
        if applied.get(file.number, file.sha256) != file.sha256:
            raise MigrationError(f"{file.name} was changed after it was applied: write a new migration instead")
    return [file for file in files if file.number not in applied]


async def _apply(conn: asyncpg.pool.PoolConnectionProxy, schema: str, files: list[Migration]) -> list[str]:
    await conn.execute(f'CREATE SCHEMA IF NOT EXISTS "{_checked(schema)}"')
    await conn.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await conn.fetch("SELECT number, sha256 FROM migrations")
    todo = pending(files, {row["number"]: row["sha256"] for row in rows})
    for file in todo:
        async with conn.transaction():
            await conn.execute(file.sql, timeout=600)
            await conn.execute(
                "INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)", file.number, file.name, file.sha256
            )
    return [file.name for file in todo]


def _checked(schema: str) -> str:
    if not _SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"not a schema name: {schema!r}")
    return schema
