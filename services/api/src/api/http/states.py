"""States of tables."""

from typing import Any

from fastapi import APIRouter, Query

from api.http import paging
from api.http.authentication import Reader
from api.http.dependencies import Deps
from api.http.documents.common import Page
from api.http.documents.tables import State
from api.http.routes import Route
from api.store import states

router = APIRouter(prefix="/v1/states", tags=["states"], route_class=Route)


@router.get("", response_model=Page[State])
async def list_states(
    caller: Reader,
    deps: Deps,
    site_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    live: bool | None = Query(
        None, description="Left out: the live states, or with run_id those of the run; false: the states of all runs"
    ),
    cursor: paging.Cursor = None,
    limit: paging.Limit = 500,
) -> Any:
    """The state of each table now; with run_id, as the run of a video left it. A live one past expires_at is unknown.

    A table that no camera has reported on live has no entry, nor has one that is retired, but in runs.
    """
    if live is None and run_id is None:
        live = True
    async with deps.transaction(caller.site_list) as conn:
        found = await states.page(
            conn, caller.site_list, site_id=site_id, camera_id=camera_id, run_id=run_id, live=live,
            after=paging.decode_cursor(cursor), limit=limit, now=deps.now(),
        )  # fmt: skip
    position = found[-1][0] if found else None
    return await paging.respond(Page[State], lambda: [state for _, state in found], limit, position)
