"""Cameras."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.http import paging
from api.http.authentication import Reader, Writer
from api.http.authors import author_of
from api.http.camera_secrets import place_for, sealed
from api.http.dependencies import Deps
from api.http.detectors import check_detector
from api.http.documents.cameras import (
    Camera,
    CameraChange,
    CameraTransition,
    CameraWithStatus,
    NewCamera,
    checked_source,
)
from api.http.documents.common import Page, changes
from api.http.idempotency import IdempotentRoute
from api.http.preconditions import IfMatch, camera_tag, check_preconditions, of_configuration
from api.model import events
from api.model.camera_states import Transition
from api.model.opening_hours import check_week
from api.model.types import Json
from api.store import (
    Connection,
    camera_scores,
    camera_states,
    cameras,
    dry_runs,
    layout_decisions,
    layout_sources,
    sections,
    site_events,
    sites,
)
from api.store.sites import Lock
from chassis import outbox
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/cameras", tags=["cameras"], route_class=IdempotentRoute)
InState = Annotated[str | None, Query(description="Only those in this state", max_length=50)]


@router.post("", status_code=201, response_model=Camera)
async def create_camera(body: NewCamera, caller: Writer, deps: Deps, response: Response) -> Any:
    """Add a camera. One with source type none takes uploaded videos only.

    `capture` says whether anything reads the source: all types but none are `captured`.
    """
    now, source = deps.now(), checked_source(body.source)
    await check_detector(deps, body.detector)
    fields = body.model_dump()
    check_week(fields["opening_hours"])
    key = await author_of(deps, caller)
    async with place_for(deps, body.source), deps.transaction(caller.site_list) as conn:
        site_id = await sites.choose(conn, caller.site_list, body.site_id, Lock.CHANGE)
        await cameras.check_room(conn, site_id, deps.settings.api_site_cameras)
        await sections.check(conn, site_id, body.section_id)
        fields["number"] = body.number or await cameras.next_number(conn, site_id)
        asked = fields | {"camera_id": new_id("cam"), "site_id": site_id, "source": source}
        source["secret_ref"] = await sealed(deps, site_id, asked["camera_id"], body.source)
        camera = await cameras.add(conn, asked, now)
        moved = await camera_states.add(conn, camera, now, key)
        camera |= {"state": moved.state, "source_version": camera["version"]}
        await _publish(conn, camera, [moved], now)
    response.headers["Location"] = f"/v1/cameras/{camera['camera_id']}"
    response.headers["ETag"] = camera_tag(camera["version"])
    return camera


@router.get("", response_model=Page[Camera])
async def list_cameras(
    caller: Reader, deps: Deps, site_id: str | None = None, state: InState = None, cursor: paging.Cursor = None,
    limit: paging.Limit = 100,
) -> Any:  # fmt: skip
    """Cameras, of one site or of all that the key opens."""
    async with deps.transaction(caller.site_list) as conn:
        found = await cameras.page(conn, caller.site_list, site_id, state, paging.decode_cursor(cursor), limit)
    return paging.page(found, limit, found[-1]["camera_id"] if found else None)


@router.get("/{camera_id}", response_model=CameraWithStatus)
async def get_camera(camera_id: str, caller: Reader, deps: Deps, response: Response) -> Any:
    """One camera, with its health. As If-Match the ETag means its configuration only."""
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        status = await cameras.status(conn, camera_id)
    response.headers["ETag"] = camera_tag(camera["version"], status)
    return camera | {"status": status}


@router.get("/{camera_id}/state/history", response_model=Page[CameraTransition])
async def list_camera_transitions(
    camera_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """How the camera came to its state: transitions with who and why, newest first."""
    before = paging.decode_number(cursor)
    async with deps.transaction(caller.site_list) as conn:
        await cameras.get(conn, caller.site_list, camera_id)
        found = await camera_states.page(conn, camera_id, before, limit)
    return paging.page(found, limit, str(found[-1]["seq"]) if found else None)


@router.patch("/{camera_id}", response_model=Camera)
async def change_camera(
    camera_id: str, body: CameraChange, caller: Writer, deps: Deps, response: Response, if_match: IfMatch = None
) -> Any:
    """Change what is given. A `detector` looks at what is judged from now on, runs that are under way among it."""
    change = changes(body)
    await check_detector(deps, body.detector)
    check_week(change.get("opening_hours"))
    if body.source is not None:
        change["source"] = checked_source(body.source)
    key = await author_of(deps, caller)
    async with place_for(deps, body.source), deps.transaction(caller.site_list) as conn:
        if "opening_hours" in change:  # by the clock of the site, which nobody changes meanwhile
            site_id = (await cameras.get(conn, caller.site_list, camera_id))["site_id"]
            await sites.get(conn, caller.site_list, site_id, Lock.CHANGE)
        camera = await cameras.get(conn, caller.site_list, camera_id, lock=True)
        now = deps.now()  # not before: who waited for somebody else's change comes after it
        check_preconditions(camera_tag(camera["version"]), of_configuration(if_match))
        await sections.check(conn, camera["site_id"], change.get("section_id"))
        if body.source is not None:
            change["source"]["secret_ref"] = await sealed(deps, camera["site_id"], camera_id, body.source)
        moved = await camera_states.change(conn, camera, camera | change, now, key)
        camera = await cameras.save(conn, camera | change, now)
        await _publish(conn, camera, moved, now)
    response.headers["ETag"] = camera_tag(camera["version"])
    return camera


@router.delete("/{camera_id}", status_code=204)
async def delete_camera(camera_id: str, caller: Writer, deps: Deps, if_match: IfMatch = None) -> None:
    """Take a camera out. Videos that were uploaded for it stay."""
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id, lock=True)
        now = deps.now()
        check_preconditions(camera_tag(camera["version"]), of_configuration(if_match))
        await cameras.set_tables(conn, camera, (), now)
        await layout_sources.remove(conn, camera_id)
        await layout_decisions.forget_camera(conn, camera, now)
        await camera_scores.forget_camera(conn, camera_id)
        await dry_runs.forget_camera(conn, camera_id)
        camera = await cameras.save(conn, camera, now, deleted=True)
        await outbox.enqueue(conn, events.camera_deleted_event(camera, now))
        await site_events.append(conn, [events.camera_deleted_site_event(camera)])


async def _publish(conn: Connection, camera: Json, moved: Sequence[Transition], now: datetime) -> None:
    await outbox.enqueue(conn, events.camera_config_event(camera, now))
    happened = [events.camera_state_event(each, camera["name"]) for each in moved]
    await site_events.append(conn, [events.camera_config_site_event(camera), *happened])
