"""Asking Postgres, on a connection of its own: the pool's may all be busy, which is no fault of the server."""

import time

import asyncpg

from dependencies.errors import (
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnreachable,
    DependencyError,
    exhausted,
)

CONNECT_S = 3.0
RECONNECT_S = 10.0
"""An open connection says nothing of a server that takes no new ones; a new one each time would cost a hundredth of a
core."""
_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)


class DatabaseProbe:
    """One query on a connection that stays open for RECONNECT_S. Raises DatabaseUnavailable."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._connected_at = 0.0

    async def __call__(self) -> None:
        try:
            if time.monotonic() - self._connected_at > RECONNECT_S:
                self._drop()
            if self._connection is None or self._connection.is_closed():
                self._connected_at = time.monotonic()
                self._connection = await asyncpg.connect(
                    self._dsn, timeout=CONNECT_S, server_settings={"application_name": "readiness"}
                )
            read_only = await self._connection.fetchval("SELECT current_setting('transaction_read_only')")
        except BaseException as error:
            self._drop()
            if not isinstance(error, Exception):
                raise
            raise database_error(error) from error
        if read_only == "on":
            self._drop()  # after a failover the same address may lead elsewhere
            raise DatabaseReadOnly

    async def close(self) -> None:
        """Close the connection."""
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()  # close() would wait for a server that does not answer


def database_error(error: Exception) -> DependencyError:
    """The error of a driver as one of ours."""
    if (none_left := exhausted(error)) is not None:
        return none_left
    if isinstance(error, _REFUSALS):
        return DatabaseRefused()
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return DatabaseFull()
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return DatabaseReadOnly()
    return DatabaseUnreachable()
