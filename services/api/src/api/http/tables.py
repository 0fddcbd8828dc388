"""Tables."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.http import paging
from api.http.authentication import Reader
from api.http.dependencies import Deps, HttpDependencies
from api.http.documents.common import Id, Page
from api.http.documents.tables import Table, TableWithState
from api.http.documents.views import Why
from api.http.routes import Route
from api.model.pictures import judgement_key
from api.model.types import Json
from api.model.why import frames_behind, look_document
from api.store import states, tables

router = APIRouter(prefix="/v1/tables", tags=["tables"], route_class=Route)


@router.get("", response_model=Page[Table])
async def list_tables(
    caller: Reader,
    deps: Deps,
    site_id: str | None = None,
    camera_id: str | None = None,
    section_id: str | None = None,
    retired: bool | None = Query(None, description="false: those of the newest layouts only"),
    cursor: paging.Cursor = None,
    limit: paging.Limit = 500,
) -> Any:
    """Tables, of one site or of all that the key opens; also those that the newest layout does not have."""
    async with deps.transaction(caller.site_list) as conn:
        found = await tables.page(
            conn, caller.site_list, site_id=site_id, camera_id=camera_id, section_id=section_id, retired=retired,
            after=paging.decode_cursor(cursor), limit=limit,
        )  # fmt: skip
    return paging.page(found, limit, found[-1]["table_id"] if found else None)


@router.get("/{table_id}", response_model=TableWithState)
async def get_table(table_id: str, caller: Reader, deps: Deps) -> Any:
    """One table, with its live state and how each layout version drew it."""
    async with deps.transaction(caller.site_list) as conn:
        table = await tables.get(conn, caller.site_list, table_id)
        live = await states.page(conn, [table["site_id"]], table_id=table_id, live=True, now=deps.now(), limit=1)
        drawn = await tables.versions(conn, table)
    return table | {"state": live[0][1] if live else None, "layouts": drawn}


@router.get("/{table_id}/why", response_model=Why)
async def get_why(
    table_id: str,
    caller: Reader,
    deps: Deps,
    run_id: Annotated[Id | None, Query(description="Of its state in a run, instead of the live one")] = None,
) -> Any:
    """Why the table is in its state: what was seen in the frames behind it, with boxes and a sentence.

    Of a table that several cameras see, also the newest look of each, whatever it said.
    """
    async with deps.transaction(caller.site_list) as conn:
        table = await tables.get(conn, caller.site_list, table_id)
        found = await states.page(
            conn, [table["site_id"]], table_id=table_id, run_id=run_id, live=True if run_id is None else None,
            now=deps.now(), limit=1,
        )  # fmt: skip
    state = found[0][1] if found else None
    return {"table_id": table_id, "state": state, "looks": [] if state is None else await _looks(deps, state)}


async def _looks(deps: HttpDependencies, state: Json) -> list[Json]:
    """What the frames behind a state showed of its table."""
    looks = []
    for frame_id in frames_behind(state):
        judgement = await deps.judged.at(judgement_key(state["site_id"], frame_id))
        if judgement is not None:
            view = await deps.judged.document(judgement, deps.settings.api_link_ttl_s)
            looks.append(look_document(view, state["table_id"]))
    return [each for each in looks if each is not None]
