"""Hazard alerts, and actions of people."""

from typing import Any

from fastapi import APIRouter, Query

from api.compute import sliced
from api.http import paging
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.common import Page
from api.http.documents.hazards import Command, Decision, Hazard, HazardAction
from api.http.errors import InvalidCursor
from api.http.routes import Route
from api.model import events
from api.model.cursors import hazard_cursor, read_hazard_cursor
from api.model.hazard_actions import check_action
from api.model.types import Json
from api.store import hazards, videos
from chassis import outbox
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/hazards", tags=["hazards"], route_class=Route)


@router.get("", response_model=Page[Hazard])
async def list_hazards(
    caller: Reader,
    deps: Deps,
    site_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    status: str | None = None,
    live: bool | None = Query(
        None, description="Left out: the live alerts, or with run_id those of the run; false: the alerts of all runs"
    ),
    cursor: paging.Cursor = None,
    limit: paging.Limit = 100,
) -> Any:
    """Alerts of live cameras, newest first; with run_id, those of the run of a video."""
    if live is None and run_id is None:
        live = True
    before = _before(cursor)
    async with deps.transaction(caller.site_list) as conn:
        found = await hazards.page(
            conn, caller.site_list, site_id=site_id, camera_id=camera_id, run_id=run_id, status=status, live=live,
            before=before, limit=limit,
        )  # fmt: skip
    items = [await _with_picture(deps, each) async for each in sliced(found)]
    return await paging.respond(Page[Hazard], lambda: items, limit, hazard_cursor(found[-1]) if found else None)


@router.get("/{hazard_id}", response_model=Hazard)
async def get_hazard(hazard_id: str, caller: Reader, deps: Deps) -> Any:
    """One alert."""
    async with deps.transaction(caller.site_list) as conn:
        return await _with_picture(deps, await hazards.get(conn, caller.site_list, hazard_id))


@router.post("/{hazard_id}/{action}", status_code=202, response_model=Command)
async def act_on_hazard(
    hazard_id: str, action: Decision, caller: Writer, deps: Deps, body: HazardAction | None = None
) -> Any:
    """Publish what a person decided. The alert changes with the event that follows.

    409 where it cannot: the alert is closed, its status does not allow the action, or its run has ended.
    """
    command_id, now = new_id("cmd"), deps.now()
    async with deps.transaction(caller.site_list) as conn:
        hazard = await hazards.get(conn, caller.site_list, hazard_id)
        run_id = hazard["run_id"]
        check_action(hazard, action, None if run_id is None else await videos.of_run(conn, caller.site_list, run_id))
        note = body.note if body else None
        await outbox.enqueue(conn, events.hazard_command_event(command_id, hazard, action, caller.key_id, note, now))
    return {"command_id": command_id, "hazard_id": hazard_id, "action": action}


async def _with_picture(deps: Deps, hazard: Json) -> Json:
    return hazard | {"picture_url": await deps.link(hazard["evidence"].get("frame_key"))}


def _before(cursor: str | None) -> Any:
    position = paging.decode_cursor(cursor)
    if not position:
        return None
    try:
        return read_hazard_cursor(position)
    except ValueError as error:
        raise InvalidCursor from error
