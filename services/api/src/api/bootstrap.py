"""`python -m api.bootstrap`: the first admin key.

Prints {"key": ..., "created": ...}. With API_BOOTSTRAP_KEY that key is made sure of, however often this runs. Without,
a key is made up when no key can administer everything; otherwise "key" is null, because only hashes are kept.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import cast

import asyncpg
import orjson

from api.access import SCOPES, NewKey, adopt, mint
from api.settings import ApiSettings
from api.store import Connection, keys, wall
from chassis.clock import Clock, SystemClock
from chassis.database import connect, migrate
from tablewatch_schemas.ids import new_id

SCHEMA = "api"


async def bootstrap(conn: Connection, given: str | None, clock: Clock) -> tuple[str | None, bool]:
    """(the key's text or None, whether it was made now). Raises ValueError when `given` is no key."""
    async with conn.transaction():
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
    """Migrate, make sure of the key; the JSON to print."""
    dsn = settings.database_url.get_secret_value()
    await migrate(dsn, SCHEMA, settings.api_migrations, settings=wall.OWNER)
    pool: asyncpg.Pool = await connect(dsn, SCHEMA, size=1, settings=wall.OWNER)
    try:
        async with pool.acquire() as conn:
            given = settings.api_bootstrap_key
            key, created = await bootstrap(conn, given.get_secret_value() if given else None, SystemClock())
    finally:
        await pool.close()
    return orjson.dumps({"key": key, "created": created})


def main() -> None:
    """Print the JSON document."""
    try:
        read = cast("Callable[[], ApiSettings]", ApiSettings)  # its fields come from the environment
        print(asyncio.run(run(read())).decode())
    except ValueError as error:
        sys.exit(f"api.bootstrap: {error}")


if __name__ == "__main__":
    main()
