"""Transitions of jobs. The wall is at the video."""

from collections.abc import Sequence

import asyncpg
import orjson

from api.project.history import Place, Transition
from api.store import Connection, Json
from tablewatch_schemas.times import write_time

MOST = 1000
"""Told at a time: a job that is tried again for ever has its first ones left out."""


async def append(conn: Connection, run_id: str, transitions: Sequence[Transition]) -> None:
    """Add to a job whose row is locked, so that numbers do not meet."""
    if not transitions:
        return
    newest: int = await conn.fetchval("SELECT coalesce(max(number), 0) FROM job_history WHERE run_id = $1", run_id)
    await conn.executemany(
        "INSERT INTO job_history (run_id, number, at, status, stage, step, attempt, error)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(run_id, newest + place, each.at, *_columns(each.place)) for place, each in enumerate(transitions, start=1)],
    )


async def of_run(conn: Connection, run_id: str) -> list[Json]:
    """The newest transitions, in order."""
    rows = await conn.fetch("SELECT * FROM job_history WHERE run_id = $1 ORDER BY number DESC LIMIT $2", run_id, MOST)
    return [_document(row) for row in reversed(rows)]


def _columns(place: Place) -> tuple[str, str, str | None, int, str | None]:
    error = None if place.error is None else orjson.dumps(place.error).decode()
    return place.status, place.stage, place.step, place.attempt, error


def _document(row: asyncpg.Record) -> Json:
    error = None if row["error"] is None else orjson.loads(row["error"])
    names = ("status", "stage", "step", "attempt")
    return {"at": write_time(row["at"])} | {name: row[name] for name in names} | {"error": error}
