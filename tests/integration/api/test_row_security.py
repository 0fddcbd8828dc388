"""Row security: what Postgres lets a request see when its query has no WHERE."""

# ruff: noqa: S608 (names of our own tables)

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tests.integration.api.access import begin_dry_run
from tests.integration.api.conftest import Stage
from tests.integration.api.place import Place, RunOf, answer, decoded_record, make_place, make_run

from api.model.projections import READ_MODELS
from api.project.apply import apply
from api.settings import MIGRATIONS
from api.store import row_security
from chassis.database import connect
from chassis.migrations import migrate
from tablewatch_schemas import replace

# Tables that hold nothing of a site, or that no request's transaction can reach
NO_SITE = {"event_epoch", "idempotent_answers", "migrations", "outbox", "projector_offsets", "request_counts"}
_OFFSETS = itertools.count()
EMPTY = {"deletions", *(model.table for model in READ_MODELS.values())} - {"states", "hazards"}


async def _filled(stage: Stage, name: str) -> tuple[Place, RunOf]:
    """A site with a row in nearly every table."""
    client = await stage.client()
    place = await make_place(client, name)
    answer(await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "Terrace"}), 201)
    key = {"name": "k", "scopes": ["read"], "site_ids": [place.site_id]}
    text = answer(await client.post("/v1/keys", json=key), 201)["key"]
    answer(await client.post("/v1/session", json={"key": text}), 200)
    source = {"url": "https://cropper.example/"}
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout-source", json=source), 200)
    await stage.pool.execute(
        "INSERT INTO layout_decisions (proposal_id, camera_id, site_id, decision, decided_at, by_key_id, by_name,"
        " layout_version, proposal) VALUES ('prop_' || $1, $1, $2, 'dismissed', now(), 'key_1', 'k', 1, '{}')",
        *(place.camera_id, place.site_id),
    )
    await stage.pool.execute(
        "INSERT INTO camera_sweeps (camera_id, site_id, due_at) VALUES ($1, $2, now())", place.camera_id, place.site_id
    )
    await stage.pool.execute(
        "INSERT INTO camera_scores (camera_id, site_id, day, made_at, document) VALUES ($1, $2, now(), now(), '{}')",
        *(place.camera_id, place.site_id),
    )
    await begin_dry_run(stage, place)
    plan = "INSERT INTO site_plans (site_id, version, places) VALUES ($1, 1, '[]')"
    await stage.pool.execute(plan, place.site_id)
    run = await make_run(client, place)
    beside = replace(run.evidence(0), label="unknown", reason="person_outside_zone", layout_version=1)
    await apply(stage.pool, [decoded_record(event, next(_OFFSETS)) for event in [*run.whole(2), beside]])
    return place, run


async def _tables(conn: asyncpg.pool.PoolConnectionProxy, schema: str) -> dict[str, bool]:
    """Every table, and whether a policy guards it."""
    rows = await conn.fetch(
        "SELECT c.relname, c.relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS secured"
        " FROM pg_class c WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')",
        schema,
    )
    return {row["relname"]: row["secured"] for row in rows}


async def test_every_table_has_a_policy_or_is_known_to_hold_no_site(stage: Stage) -> None:
    async with stage.pool.acquire() as conn:
        tables = await _tables(conn, stage.schema)
        with_site = {
            row["table_name"]
            for row in await conn.fetch(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = $1"
                " AND column_name IN ('site_id', 'site_ids', 'run_id')",
                stage.schema,
            )
        }
    assert {name for name, secured in tables.items() if not secured} == NO_SITE
    assert not with_site & NO_SITE


async def test_a_query_without_a_filter_gets_the_rows_of_its_own_site(stage: Stage) -> None:
    mine, my_run = await _filled(stage, "Mine")
    other, other_run = await _filled(stage, "Other")
    async with stage.pool.acquire() as conn:
        secured = sorted(name for name, guarded in (await _tables(conn, stage.schema)).items() if guarded)
        everything = {name: await conn.fetch(f"SELECT * FROM {name}") for name in secured}
    async with stage.deps.transaction([mine.site_id]) as conn:
        assert await conn.fetchval("SELECT current_user") == row_security.ROLE
        seen = {name: await conn.fetch(f"SELECT * FROM {name}") for name in secured}
    for name in secured:
        text = str(seen[name])
        assert other.site_id not in text, name
        assert other_run.run_id not in text, name
        if name not in EMPTY:
            assert 0 < len(seen[name]) < len(everything[name]), name
    assert my_run.run_id in str(seen["videos"])


async def test_another_sites_rows_can_be_neither_written_nor_deleted(stage: Stage) -> None:
    mine, _ = await _filled(stage, "Mine")
    other, other_run = await _filled(stage, "Other")
    async with stage.deps.transaction([mine.site_id]) as conn:
        assert (
            await conn.execute("UPDATE videos SET created_by = 'x' WHERE run_id = $1", other_run.run_id) == "UPDATE 0"
        )
        assert await conn.execute("DELETE FROM frames WHERE run_id = $1", other_run.run_id) == "DELETE 0"
    section = "INSERT INTO sections VALUES ('sec_x', $1, 'x', now())"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with stage.deps.transaction([mine.site_id]) as conn:
            await conn.execute(section, other.site_id)
    for hidden in sorted(NO_SITE - set(row_security.OTHER_GRANTS)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with stage.deps.transaction(None) as conn:
                await conn.execute(f"SELECT * FROM {hidden}")


async def test_the_binding_ends_with_its_transaction_and_no_site_is_none(stage: Stage) -> None:
    await _filled(stage, "Mine")
    async with stage.deps.transaction([]) as conn:
        assert await conn.fetch("SELECT * FROM videos") == []
    async with stage.deps.transaction(None) as conn:
        assert len(await conn.fetch("SELECT * FROM videos")) == 1
    async with stage.pool.acquire() as conn:
        assert await conn.fetchval("SELECT current_user") != row_security.ROLE
        assert len(await conn.fetch("SELECT * FROM videos")) == 1


@asynccontextmanager
async def _foreign(stage: Stage) -> AsyncIterator[tuple[str, str]]:
    """(dsn, schema) of a user who may make schemas and no roles, as a hosted database may give."""
    user, password = f"foreign_{secrets.token_hex(4)}", secrets.token_hex(16)
    async with stage.pool.acquire() as conn:
        database = await conn.fetchval("SELECT current_database()")
        await conn.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        await conn.execute(f'GRANT CREATE ON DATABASE "{database}" TO {user}')
    there = urlsplit(stage.dsn)
    address = f"{user}:{password}@{there.hostname}:{there.port}"
    try:
        yield urlunsplit((there.scheme, address, there.path, there.query, "")), f"api_{secrets.token_hex(4)}"
    finally:
        async with stage.pool.acquire() as conn:
            await conn.execute(f"DROP OWNED BY {user} CASCADE")
            await conn.execute(f"DROP ROLE {user}")


async def test_where_no_role_can_be_made_the_owner_itself_is_secured(stage: Stage) -> None:
    async with _foreign(stage) as (dsn, schema):
        await migrate(dsn, schema, MIGRATIONS, settings=row_security.OWNER)
        pool = await connect(dsn, schema, size=2, settings=row_security.OWNER)
        try:
            for _ in range(2):  # a second start finds it done
                secured = await row_security.enable(pool)
            assert secured.role is None
            async with secured.transaction(None) as conn:
                await conn.execute(
                    "INSERT INTO sites VALUES ('site_a', 'A', 'UTC', now()), ('site_b', 'B', 'UTC', now())"
                )
            async with secured.transaction(["site_a"]) as conn:
                assert [row["site_id"] for row in await conn.fetch("SELECT * FROM sites")] == ["site_a"]
            async with pool.acquire() as conn:
                assert len(await conn.fetch("SELECT * FROM sites")) == 2
        finally:
            await pool.close()


def test_a_site_that_would_be_read_as_several_is_refused() -> None:
    assert row_security.setting(["site_a", "site_b"]) == "site_a,site_b"
    for site in ("site_a,site_b", "*"):
        with pytest.raises(ValueError, match="comma"):
            row_security.setting([site])
