"""Numbered migrations of one schema, in a before and an after part, so that old and new code run side by side.

`NNNN_name.sql` is a before part: it only adds, so that the release before still works. `NNNN_name_after.sql` is an
after part: it removes what only that release needed (as in procrastinate's "pre" and "post" migrations). Each file has
a number of its own. A rolling deploy applies the before parts (`MIGRATE=before`), and all when no old replica is left.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from chassis.clock import SYSTEM_CLOCK, Clock
from chassis.database import checked_schema, connect

Parts = Literal["all", "before"]
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_TIMEOUT_S = 600


class MigrationError(Exception):
    """A migration file is misnamed, has a number twice, or was edited after it was applied."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    number: int
    name: str
    sql: str

    @property
    def after(self) -> bool:
        """Whether it may only be applied when no replica of the release before is left."""
        return self.name.endswith("_after.sql")

    @property
    def sha256(self) -> str:
        """Hex digest of the text, to notice an edit."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(
    dsn: str,
    schema: str,
    directory: Path,
    *,
    parts: Parts = "all",
    settings: Mapping[str, str] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> list[str]:
    """Apply the files of `directory` that `schema` does not have yet; returns the names of those applied now.

    Each file runs in a transaction of its own; replicas wait for each other under an advisory lock. A schema that is
    newer than the code stays as it is, so that an old replica can start beside a new one. `settings` as in `connect`.

    Raises MigrationError when a file was edited after it was applied.
    """
    files = read_migrations(directory)
    pool = await connect(dsn, schema, size=1, settings=settings, clock=clock)
    try:
        async with pool.acquire() as conn:
            await conn.execute("SELECT pg_advisory_lock(hashtext($1))", f"migrations:{schema}", timeout=_TIMEOUT_S)
            return await _apply(conn, schema, files, parts)
    finally:
        await pool.close()


def read_migrations(directory: Path) -> list[Migration]:
    """The migrations of a directory in order. Raises MigrationError on a bad name or a number that is there twice."""
    found: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: expected NNNN_name.sql or NNNN_name_after.sql")
        number = int(match.group(1))
        if number in found:
            raise MigrationError(f"{path.name}: number {number} is taken by {found[number].name}")
        found[number] = Migration(number, path.name, path.read_text())
    return [found[number] for number in sorted(found)]


def pending(files: Sequence[Migration], applied: Mapping[int, str], parts: Parts = "all") -> list[Migration]:
    """Files of `parts` not in `applied` (number to sha256). Raises MigrationError where an applied file was edited."""
    for file in files:
        if applied.get(file.number, file.sha256) != file.sha256:
            raise MigrationError(f"{file.name} was changed after it was applied: write a new migration instead")
    return [file for file in files if file.number not in applied and (parts == "all" or not file.after)]


async def _apply(
    conn: asyncpg.pool.PoolConnectionProxy, schema: str, files: Sequence[Migration], parts: Parts
) -> list[str]:
    await conn.execute(f'CREATE SCHEMA IF NOT EXISTS "{checked_schema(schema)}"')
    await conn.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await conn.fetch("SELECT number, sha256 FROM migrations")
    files = pending(files, {row["number"]: row["sha256"] for row in rows}, parts)
    for file in files:
        async with conn.transaction():
            await conn.execute(file.sql, timeout=_TIMEOUT_S)
            await conn.execute(
                "INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)", file.number, file.name, file.sha256
            )
    return [file.name for file in files]
