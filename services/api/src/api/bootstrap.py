"""`python -m api.bootstrap`: the first admin key.

Prints {"key": ..., "created": ...}. With API_BOOTSTRAP_KEY that key is added, unless it exists. Without it a key is
generated when no key can administer everything; otherwise "key" is null, because only hashes are stored.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import cast

import asyncpg
import orjson

from api.model.access import SCOPES, NewKey, adopt, mint
from api.settings import ApiSettings
from api.store import Connection, keys, row_security
from chassis.clock import Clock, SystemClock
from chassis.database import connect
from chassis.migrations import migrate
from tablewatch_schemas.ids import new_id

SCHEMA = "api"


async def open_database(settings: ApiSettings, *, size: int, clock: Clock) -> asyncpg.Pool:
    """Migrate, and open a pool of the owner."""
    dsn = settings.database_url.get_secret_value()
    owner = row_security.OWNER
    await migrate(dsn, SCHEMA, settings.api_migrations, settings=owner, parts=settings.migrate, clock=clock)
    return await connect(dsn, SCHEMA, size=size, settings=owner, clock=clock)


async def ensure_admin_key(pool: asyncpg.Pool, given: str | None, clock: Clock) -> tuple[str | None, bool]:
    """(the key's text or None, whether it was created now). Raises ValueError when `given` is no key."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('api.bootstrap'))")
        if given is not None:
            return given, await _add(conn, adopt(given), clock)
        if await keys.has_admin(conn, clock.now()):
            return None, False
        made = mint()
        return made.text, await _add(conn, made, clock)


async def _add(conn: Connection, key: NewKey, clock: Clock) -> bool:
    added = await keys.add(
        conn, new_id("key"), key, name="first admin", scopes=list(SCOPES), sites=None, expires_at=None, now=clock.now()
    )
    return added is not None


async def run(settings: ApiSettings) -> bytes:
    """The JSON to print."""
    clock = SystemClock()
    pool = await open_database(settings, size=1, clock=clock)
    try:
        given = settings.api_bootstrap_key
        key, created = await ensure_admin_key(pool, given.get_secret_value() if given else None, clock)
    finally:
        await pool.close()
    return orjson.dumps({"key": key, "created": created})


def main() -> None:
    """Print the JSON document."""
    try:
        settings = cast("Callable[[], ApiSettings]", ApiSettings)()  # its fields come from the environment
        print(asyncio.run(run(settings)).decode())
    except ValueError as error:
        sys.exit(f"api.bootstrap: {error}")


if __name__ == "__main__":
    main()
