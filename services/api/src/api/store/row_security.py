"""Row security: Postgres itself lets a request see and write rows of its caller's sites only.

Every table with a site has a policy that compares it with the setting `tablewatch.sites`. A transaction of a request
sets that and continues as the role ROLE, which owns nothing, so that a query without its WHERE finds no foreign row.
Projector, sweeper and the look-up of keys remain the owner, whom policies do not bind.

Where the role can neither be created nor assumed, row security is FORCEd on the owner too: the setting alone decides
then, and the api's own connections set it to `*`. Only for an owner who bypasses row security and may not create roles
there is none; that is logged at every start.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import asyncpg
import structlog

from api.model.types import Sites
from api.store import Connection

log = structlog.get_logger("api.row_security")

ROLE = "tablewatch_site"
EVERYTHING = "*"
OWNER = {"tablewatch.sites": EVERYTHING}
"""Settings of the owner's connections, for the case that row security is forced on it."""

# Tables without a site, and what a request's transaction may do to them; it has no right on any other
OTHER_GRANTS = {"outbox": "INSERT", "event_epoch": "SELECT"}
_LOCK = "api.wall"  # also taken by older versions, which may start at the same time
_BIND = "SELECT set_config('role', $1, true), set_config('tablewatch.sites', $2, true)"
_SECURED = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    " AND relrowsecurity ORDER BY relname"
)


@dataclass(frozen=True, slots=True)
class RowSecurity:
    """The pool of the owner, and how its transactions are bound to sites. `role` None: by the setting alone."""

    pool: asyncpg.Pool
    role: str | None

    @asynccontextmanager
    async def transaction(
        self,
        sites: Sites,
        *,
        isolation: Literal["repeatable_read"] | None = None,
        readonly: bool = False,
    ) -> AsyncIterator[Connection]:
        """A transaction that sees and writes rows of these sites only; None: of all of them."""
        async with self.pool.acquire() as conn, conn.transaction(isolation=isolation, readonly=readonly):
            await conn.execute(_BIND, self.role or "none", setting(sites))
            yield conn


def setting(sites: Sites) -> str:
    """The value of `tablewatch.sites`. Raises ValueError for what would be read as more than one site."""
    if sites is None:
        return EVERYTHING
    if any("," in site or site == EVERYTHING for site in sites):
        raise ValueError("a site's id has neither comma nor star")
    return ",".join(sites)


async def enable(pool: asyncpg.Pool) -> RowSecurity:
    """Create the role and its grants, or force row security on the owner, as far as it was not done before."""
    async with pool.acquire() as conn:
        await conn.execute("SELECT pg_advisory_lock(hashtext($1))", _LOCK)
        try:
            role = ROLE if await _can_assume_role(conn) or await _create_role(conn) else None
            secured = [row["relname"] for row in await conn.fetch(_SECURED)]
            if role is None:
                await _force(conn, secured)
            else:
                await _grant(conn, secured)
        finally:
            await conn.execute("SELECT pg_advisory_unlock(hashtext($1))", _LOCK)
    return RowSecurity(pool, role)


async def _can_assume_role(conn: Connection) -> bool:
    """Whether the role exists and this user may continue as it. Raises ValueError when it bypasses row security."""
    bypasses = await conn.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1", ROLE)
    if bypasses:
        raise ValueError(f"the role {ROLE} bypasses row security; take that from it")
    if bypasses is None:
        return False
    try:
        async with conn.transaction():
            await conn.execute(f"SET LOCAL ROLE {ROLE}")
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def _create_role(conn: Connection) -> bool:
    try:
        async with conn.transaction():
            await conn.execute(f"CREATE ROLE {ROLE} NOLOGIN")
            await conn.execute(f"GRANT {ROLE} TO CURRENT_USER")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass  # roles belong to the whole server: an api on another database was first
    except asyncpg.InsufficientPrivilegeError:
        return False
    return await _can_assume_role(conn)


async def _grant(conn: Connection, secured: Sequence[str]) -> None:
    """Grant what is missing. A GRANT writes to the catalogue that all sessions share, so none is repeated."""
    schema = await conn.fetchval("SELECT quote_ident(current_schema())")
    wanted = dict.fromkeys(secured, "SELECT, INSERT, UPDATE, DELETE") | OTHER_GRANTS
    async with conn.transaction():
        if not await conn.fetchval("SELECT has_schema_privilege($1, current_schema(), 'USAGE')", ROLE):
            await conn.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
        for table, rights in wanted.items():
            # has_table_privilege of a list asks for any of them; the last one was granted with the others
            last = rights.rpartition(", ")[2]
            if not await conn.fetchval("SELECT has_table_privilege($1, $2, $3)", ROLE, f"{schema}.{table}", last):
                await conn.execute(f"GRANT {rights} ON {schema}.{table} TO {ROLE}")


async def _force(conn: Connection, secured: Sequence[str]) -> None:
    """Bind the owner itself, where there is no role."""
    if await conn.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"):
        log.warning("no_second_wall", reason=f"this user bypasses row security and cannot become {ROLE}")
        return
    log.info("second_wall_by_setting", reason=f"the role {ROLE} can neither be made nor taken on")
    for table in secured:
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass($1)"
        if not await conn.fetchval(forced, table):
            await conn.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
