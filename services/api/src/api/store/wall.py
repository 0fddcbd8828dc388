"""The second wall: Postgres itself lets a request see and write rows of its caller's sites only.

Every table with a site has a policy that compares it with the setting `tablewatch.sites`. A transaction of a request
sets that and goes on as the role ROLE, which owns nothing, so that a query that forgot its WHERE meets the wall.
The projector, the sweeper and the look-up of keys stay the owner, who passes.

Where the role can neither be made nor taken on, row security is FORCEd on the owner too: the setting alone decides
then, and our own connections say `*`. Only an owner who bypasses row security and may not make roles has no wall; that
is logged at every start.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import asyncpg
import structlog

from api.store import Connection, Sites

log = structlog.get_logger("api.wall")

ROLE = "tablewatch_site"
EVERYTHING = "*"
OWNER = {"tablewatch.sites": EVERYTHING}
"""Settings of the owner's own connections, for the case that row security is forced on it."""

# Tables without a site, and what a walled transaction may do to them; anything else there is it cannot reach
ALSO = {"outbox": "INSERT", "event_epoch": "SELECT"}
_ENTER = "SELECT set_config('role', $1, true), set_config('tablewatch.sites', $2, true)"
_WALLED = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    " AND relrowsecurity ORDER BY relname"
)


@dataclass(frozen=True, slots=True)
class Wall:
    """The pool of the owner, and how its transactions step behind the wall. `role` None: by the setting alone."""

    pool: asyncpg.Pool
    role: str | None

    @asynccontextmanager
    async def inside(
        self,
        sites: Sites,
        *,
        isolation: Literal["repeatable_read"] | None = None,
        readonly: bool = False,
    ) -> AsyncIterator[Connection]:
        """A transaction that sees and writes rows of these sites only; None: of all."""
        async with self.pool.acquire() as conn, conn.transaction(isolation=isolation, readonly=readonly):
            await conn.execute(_ENTER, self.role or "none", setting(sites))
            yield conn


def setting(sites: Sites) -> str:
    """The value of `tablewatch.sites`. Raises ValueError for what would be read as more than one site."""
    if sites is None:
        return EVERYTHING
    if any("," in site or site == EVERYTHING for site in sites):
        raise ValueError("a site's id has neither comma nor star")
    return ",".join(sites)


async def build(pool: asyncpg.Pool) -> Wall:
    """Make sure of the role and its grants, or force row security on the owner; safe to do at every start."""
    async with pool.acquire() as conn:
        await conn.execute("SELECT pg_advisory_lock(hashtext('api.wall'))")
        try:
            role = ROLE if await _takes_role(conn) or await _makes_role(conn) else None
            walled = [row["relname"] for row in await conn.fetch(_WALLED)]
            if role is None:
                await _force(conn, walled)
            else:
                await _grant(conn, walled)
        finally:
            await conn.execute("SELECT pg_advisory_unlock(hashtext('api.wall'))")
    return Wall(pool, role)


async def _takes_role(conn: Connection) -> bool:
    """Whether the role is there and we may go on as it. Raises ValueError when it would pass every wall."""
    passes = await conn.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1", ROLE)
    if passes:
        raise ValueError(f"the role {ROLE} bypasses row security; take that from it")
    if passes is None:
        return False
    try:
        async with conn.transaction():
            await conn.execute(f"SET LOCAL ROLE {ROLE}")
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def _makes_role(conn: Connection) -> bool:
    try:
        async with conn.transaction():
            await conn.execute(f"CREATE ROLE {ROLE} NOLOGIN")
            await conn.execute(f"GRANT {ROLE} TO CURRENT_USER")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass  # roles belong to the whole server: an api on another database was first
    except asyncpg.InsufficientPrivilegeError:
        return False
    return await _takes_role(conn)


async def _grant(conn: Connection, walled: Sequence[str]) -> None:
    """What is granted already is left alone: a GRANT writes to the catalogue that all sessions share."""
    schema = await conn.fetchval("SELECT quote_ident(current_schema())")
    wanted = dict.fromkeys(walled, "SELECT, INSERT, UPDATE, DELETE") | ALSO
    async with conn.transaction():
        if not await conn.fetchval("SELECT has_schema_privilege($1, current_schema(), 'USAGE')", ROLE):
            await conn.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
        for table, rights in wanted.items():
            # has_table_privilege of a list asks for any of them; the last one was granted with the others
            last = rights.rpartition(", ")[2]
            if not await conn.fetchval("SELECT has_table_privilege($1, $2, $3)", ROLE, f"{schema}.{table}", last):
                await conn.execute(f"GRANT {rights} ON {schema}.{table} TO {ROLE}")


async def _force(conn: Connection, walled: Sequence[str]) -> None:
    """No role to be had: bind the owner itself."""
    if await conn.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"):
        log.warning("no_second_wall", reason=f"this user bypasses row security and cannot become {ROLE}")
        return
    log.info("second_wall_by_setting", reason=f"the role {ROLE} can neither be made nor taken on")
    for table in walled:
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass($1)"
        if not await conn.fetchval(forced, table):
            await conn.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
