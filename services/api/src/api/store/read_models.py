"""The tables that hold the newest record of each key. Which there are, and their columns: model/projections.py."""

# ruff: noqa: S608 (only names out of our own table of projections are put together; every value is a parameter)

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from api.model.keyed_records import Change, StoredRow
from api.model.projections import ReadModel
from api.store import Connection

_OF_RUN = "AND ($2::text IS NULL OR run_id = $2)"


async def lock(conn: Connection, model: ReadModel, keys: Collection[str]) -> dict[str, StoredRow]:
    """The rows of these keys that exist, locked in one order until the end of the transaction."""
    key = model.key_column
    rows = await conn.fetch(
        f"SELECT {key} AS key, version, site_id, gone FROM {model.table} WHERE {key} = ANY($1) ORDER BY {key}"
        " FOR UPDATE",
        list(keys),
    )
    return {row["key"]: StoredRow(row["version"], row["site_id"], row["gone"]) for row in rows}


async def write(conn: Connection, model: ReadModel, changes: Sequence[Change]) -> None:
    """Apply changes, one a key, to locked rows. A deleted row stays, so that its version keeps late records out."""
    await conn.executemany(
        f"UPDATE {model.table} SET gone = true, version = $2 WHERE {model.key_column} = $1",
        [(each.key, each.version) for each in changes if each.document is None],
    )
    await conn.executemany(_upsert(model), [_row(model, each) for each in changes if each.document is not None])


async def snapshot(
    conn: Connection, model: ReadModel, site_id: str, *, run_id: str | None, runs: Collection[str], limit: int
) -> list[str]:
    """Documents of a site that a snapshot shows, as JSON: of `run_id` if one is given, else live or of these runs."""
    of_runs = f"{_OF_RUN} AND (run_id IS NULL OR run_id = ANY($3))"
    rows = await conn.fetch(
        f"SELECT document FROM {model.table} WHERE site_id = $1 AND NOT gone {of_runs if model.of_runs else ''}"
        f" ORDER BY {model.order} LIMIT {limit:d}",
        site_id, *((run_id, list(runs)) if model.of_runs else ()),
    )  # fmt: skip
    return [row["document"] for row in rows]


async def count(conn: Connection, model: ReadModel, site_id: str, *, run_id: str | None) -> int:
    """How many documents the site has, or one of its runs."""
    found: int = await conn.fetchval(
        f"SELECT count(*) FROM {model.table} WHERE site_id = $1 AND NOT gone {_OF_RUN if model.of_runs else ''}",
        site_id, *((run_id,) if model.of_runs else ()),
    )  # fmt: skip
    return found


@cache
def _upsert(model: ReadModel) -> str:
    columns = (model.key_column, "site_id", "version", "document", *model.columns)
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    return (
        f"INSERT INTO {model.table} ({', '.join(columns)}, gone) VALUES ({values}, false)"
        f" ON CONFLICT ({model.key_column}) DO UPDATE SET gone = false, {changed}"
    )


def _row(model: ReadModel, change: Change) -> tuple[Any, ...]:
    document = (change.document or b"").decode()
    columns = (getattr(change.event, column) for column in model.columns)
    return (change.key, change.site_id, change.version, document, *columns)
