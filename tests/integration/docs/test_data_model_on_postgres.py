"""What docs/data-model.md says is what Postgres has after the migrations."""

import secrets

import pytest
from docs.generate_data_model import ROOT, Table, models

from chassis.database import connect
from chassis.migrations import migrate

# How information_schema spells what migrations write
SPELLING = {
    "timestamptz": "timestamp with time zone",
    "text[]": "ARRAY",
    "bytea[]": "ARRAY",
    "bigint[]": "ARRAY",
}
COLUMNS = """SELECT table_name, column_name, data_type, is_nullable = 'YES' AS nullable FROM information_schema.columns
WHERE table_schema = $1 AND table_name <> 'migrations'"""


@pytest.mark.parametrize("service", sorted(models()))
async def test_the_page_says_what_postgres_has(database_url: str, service: str) -> None:
    schema = f"model_{secrets.token_hex(4)}"
    await migrate(database_url, schema, ROOT / "services" / service / "migrations")
    pool = await connect(database_url, schema, size=1)
    try:
        rows = await pool.fetch(COLUMNS, schema)
    finally:
        await pool.execute(f'DROP SCHEMA "{schema}" CASCADE')
        await pool.close()
    assert {tuple(row) for row in rows} == set(_said(models()[service]))


def _said(tables: dict[str, Table]) -> list[tuple[str, str, str, bool]]:
    return [
        (table.name, column.name, SPELLING.get(column.type, column.type), column.nullable)
        for table in tables.values()
        for column in table.columns.values()
    ]
