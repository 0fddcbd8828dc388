"""A pool of Postgres connections that is bound to one schema, and the errors of a server that is away."""

import re
from collections.abc import Mapping

import asyncpg
import structlog

from chassis.backoff import Backoff
from chassis.clock import SYSTEM_CLOCK, Clock

_log = structlog.get_logger(__name__)
_BACKOFF = Backoff(first_s=0.1, max_s=5.0)
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]*")

# What a server that is starting, restarting or not there yet answers with
UNREACHABLE = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)
# What a statement can raise when the server goes away meanwhile. InternalClientError: asyncpg ends a transaction on a
# connection that broke in the middle of a statement ("cannot switch to state 15"); the pool discards that connection.
# InvalidCachedStatementError: a migration changed a table under a prepared statement; the next try prepares it anew.
DISCONNECTED = (
    *UNREACHABLE,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # its disk is full, or it has no connection or memory left: that may pass
    asyncpg.ReadOnlySQLTransactionError,  # after a failover, until the address leads to the new primary
)


async def connect(
    dsn: str, schema: str, *, size: int = 5, settings: Mapping[str, str] | None = None, clock: Clock = SYSTEM_CLOCK
) -> asyncpg.Pool:
    """Open a pool whose connections see `schema` first; waits for ever for a server that is not reachable yet.

    `settings` are session settings of Postgres that every connection begins with.

    Raises what asyncpg raises for a wrong password or database: waiting does not help there.
    """
    session = {"search_path": checked_schema(schema), "application_name": schema} | dict(settings or {})
    attempt = 0
    while True:
        attempt += 1
        try:
            return await asyncpg.create_pool(
                dsn, min_size=1, max_size=size, command_timeout=60, timeout=10, reset=_no_reset, server_settings=session
            )
        except UNREACHABLE as error:
            delay = _BACKOFF.delay_s(attempt)
            _log.warning("database not reachable", schema=schema, error=type(error).__name__, retry_s=round(delay, 3))
            await clock.sleep(delay)


async def _no_reset(_: object) -> None:
    """After each use of a connection, instead of asyncpg's query, which is half of all round trips.

    Nothing is left behind in a session: settings and roles are `SET LOCAL`; who listens, or takes an advisory lock of
    the session, undoes it or ends the session. asyncpg still ends an open transaction before it calls this.
    """


def checked_schema(schema: str) -> str:
    """The name of a schema, safe to stand in SQL. Raises ValueError."""
    if not _SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"not a schema name: {schema!r}")
    return schema
