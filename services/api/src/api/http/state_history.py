"""Transitions of tables: of a site, a table, a run, a period."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator
from starlette.responses import Response

from api.http import paging
from api.http.authentication import Reader
from api.http.dependencies import Deps
from api.http.documents.common import Page, Time
from api.http.documents.tables import StateTransition
from api.http.errors import InvalidCursor
from api.http.routes import Route
from api.model.cursors import TransitionPosition, read_transition_cursor, transition_cursor
from api.model.types import Json, Sites
from api.store import state_history, tables

router = APIRouter(prefix="/v1", tags=["states"], route_class=Route)


def _rfc3339(value: object) -> object:
    """Only times as text: pydantic would take a number for seconds."""
    if isinstance(value, str) and not value[:5].endswith("-"):
        raise ValueError("not a time as RFC 3339 writes it")
    return value


TimeParam = Annotated[Time, BeforeValidator(_rfc3339)]
From = Annotated[TimeParam | None, Query(alias="from", description="Only what began then or later")]
To = Annotated[TimeParam | None, Query(description="Only what began before")]


def _filters(
    since: From = None,
    to: To = None,
    run_id: str | None = None,
    live: Annotated[bool | None, Query(description="true: live states only; false: states of runs only")] = None,
    state: Annotated[str | None, Query(description="Only transitions to this state", max_length=50)] = None,
) -> Json:
    return {"since": since, "before": to, "run_id": run_id, "live": live, "state": state}


Filters = Annotated[Json, Depends(_filters)]


@router.get("/states/history", response_model=Page[StateTransition])
async def list_transitions(
    caller: Reader, deps: Deps, filters: Filters, site_id: str | None = None, camera_id: str | None = None,
    table_id: str | None = None, cursor: paging.Cursor = None, limit: paging.Limit = 100,
) -> Any:  # fmt: skip
    """Transitions of tables, newest first. Those of a run are stored as long as its video, live ones for some time."""
    return await _page(
        deps,
        caller.site_list,
        cursor,
        limit,
        filters | {"site_id": site_id, "camera_id": camera_id, "table_id": table_id},
    )


@router.get("/tables/{table_id}/states", response_model=Page[StateTransition], tags=["tables"])
async def list_transitions_of_table(
    table_id: str, caller: Reader, deps: Deps, filters: Filters, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Transitions of one table, live and in runs, newest first."""
    async with deps.transaction(caller.site_list) as conn:
        await tables.get(conn, caller.site_list, table_id)
    return await _page(deps, caller.site_list, cursor, limit, filters | {"table_id": table_id})


async def _page(deps: Deps, sites: Sites, cursor: str | None, limit: int, filters: Json) -> Response:
    after = _after(cursor)
    async with deps.transaction(sites) as conn:
        found = await state_history.page(conn, sites, after=after, limit=limit, **filters)
    position = transition_cursor(found[-1][0]) if found else None
    return await paging.respond(Page[StateTransition], lambda: [each for _, each in found], limit, position)


def _after(cursor: str | None) -> TransitionPosition | None:
    text = paging.decode_cursor(cursor)
    try:
        return read_transition_cursor(text) if text else None
    except ValueError as error:
        raise InvalidCursor from error
