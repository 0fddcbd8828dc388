"""Transitions of jobs. Whether a caller may see them is decided by the video."""

from collections.abc import Sequence

import asyncpg
import orjson

from api.model.job_transitions import JobState, JobTransition
from api.model.types import Json
from api.store import Connection
from tablewatch_schemas.times import write_time

LIMIT = 1000
"""The newest so many are read: of a job with endless retries the first ones are left out."""


async def append(conn: Connection, run_id: str, transitions: Sequence[JobTransition]) -> None:
    """Add to a job whose row is locked, so that no number is given twice."""
    if not transitions:
        return
    newest: int = await conn.fetchval("SELECT coalesce(max(number), 0) FROM job_history WHERE run_id = $1", run_id)
    await conn.executemany(
        "INSERT INTO job_history (run_id, number, at, status, stage, step, attempt, error)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(run_id, number, each.at, *_columns(each.state)) for number, each in enumerate(transitions, newest + 1)],
    )


async def of_run(conn: Connection, run_id: str) -> list[Json]:
    """The newest transitions, in order."""
    rows = await conn.fetch("SELECT * FROM job_history WHERE run_id = $1 ORDER BY number DESC LIMIT $2", run_id, LIMIT)
    return [_document(row) for row in reversed(rows)]


def _columns(state: JobState) -> tuple[str, str, str | None, int, str | None]:
    error = None if state.error is None else orjson.dumps(state.error).decode()
    return state.status, state.stage, state.step, state.attempt, error


def _document(row: asyncpg.Record) -> Json:
    error = None if row["error"] is None else orjson.loads(row["error"])
    names = ("status", "stage", "step", "attempt")
    return {"at": write_time(row["at"])} | {name: row[name] for name in names} | {"error": error}
