"""What tables went through: of a site, a table, a run, a stretch of time."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BeforeValidator

from api.http import documents, paging
from api.http.parts import Has, Parts, Reader
from api.problems import Problem
from api.store import Json, Sites, state_history, tables

router = APIRouter(prefix="/v1", tags=["states"])


def _written(value: object) -> object:
    """A time as it is written, with its zone: pydantic would take a number for seconds."""
    if isinstance(value, str) and not value[:5].endswith("-"):
        raise ValueError("not a time as RFC 3339 writes it")
    return value


When = Annotated[AwareDatetime, BeforeValidator(_written)]
From = Annotated[When | None, Query(alias="from", description="Only what began then or later")]
To = Annotated[When | None, Query(description="Only what began before")]


def _asked(
    since: From = None,
    to: To = None,
    run_id: str | None = None,
    live: Annotated[bool | None, Query(description="true: live states only; false: states of runs only")] = None,
    state: Annotated[str | None, Query(description="Only what turned to this state", max_length=50)] = None,
) -> Json:
    return {"since": _utc(since), "before": _utc(to), "run_id": run_id, "live": live, "state": state}


Asked = Annotated[Json, Depends(_asked)]


@router.get("/states/history", response_model=documents.Page[documents.Turn])
async def list_turns(
    who: Reader, has: Has, asked: Asked, site_id: str | None = None, camera_id: str | None = None,
    table_id: str | None = None, cursor: paging.Cursor = None, limit: paging.Limit = 100,
) -> Any:  # fmt: skip
    """Transitions of tables, the newest first. A run's are kept with its video, live ones for a while."""
    return await _page(
        has, who.site_list, cursor, limit, asked | {"site_id": site_id, "camera_id": camera_id, "table_id": table_id}
    )


@router.get("/tables/{table_id}/states", response_model=documents.Page[documents.Turn], tags=["tables"])
async def list_turns_of_table(
    table_id: str, who: Reader, has: Has, asked: Asked, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """What one table went through, live and in runs, the newest first."""
    async with has.inside(who.site_list) as conn:
        await tables.get(conn, who.site_list, table_id)
    return await _page(has, who.site_list, cursor, limit, asked | {"table_id": table_id})


async def _page(has: Parts, wall: Sites, cursor: str | None, limit: int, asked: Json) -> Json:
    after = _after(cursor)
    async with has.inside(wall) as conn:
        found = await state_history.page(conn, wall, after=after, limit=limit, **asked)
    position = state_history.cursor(found[-1][0]) if found else None
    return paging.page([each for _, each in found], limit, position)


def _after(cursor: str | None) -> state_history.Position | None:
    text = paging.read(cursor)
    try:
        return state_history.read_cursor(text) if text else None
    except ValueError as error:
        raise Problem("invalid_cursor", "Use next_cursor as it came.") from error


def _utc(time: datetime | None) -> datetime | None:
    """As Postgres takes it: years that leave its range when they are moved to UTC are refused."""
    if time is not None and not 1 < time.year < 9999:
        raise Problem("invalid_request", "A time between the years 2 and 9998.")
    return time
