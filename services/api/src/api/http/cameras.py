"""Cameras."""

from typing import Any

from fastapi import APIRouter, Response

from api import announce
from api.http import documents, paging
from api.http.bodies import CameraChange, NewCamera, checked_source
from api.http.idempotent import Idempotent
from api.http.parts import Has, Reader, Writer
from api.http.versions import IfMatch, camera_tag, check
from api.store import Connection, Json, cameras, site_events, sites
from api.store.site_events import Told
from api.store.sites import Lock
from chassis import outbox
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/cameras", tags=["cameras"], route_class=Idempotent)


@router.post("", status_code=201, response_model=documents.Camera)
async def create_camera(body: NewCamera, who: Writer, has: Has, response: Response) -> Any:
    """Add a camera. One with source type none takes uploaded videos only."""
    now, source = has.now(), checked_source(body.source)
    async with has.inside(who.site_list) as conn:
        site_id = await sites.choose(conn, who.site_list, body.site_id, Lock.HOLD)
        asked = body.model_dump() | {"camera_id": new_id("cam"), "site_id": site_id, "source": source}
        camera = await cameras.add(conn, asked, now)
        await outbox.add(conn, announce.camera_config(camera, now))
        await tell(conn, "camera.config", camera)
    response.headers["Location"] = f"/v1/cameras/{camera['camera_id']}"
    response.headers["ETag"] = camera_tag(camera["version"])
    return camera


@router.get("", response_model=documents.Page[documents.Camera])
async def list_cameras(
    who: Reader, has: Has, site_id: str | None = None, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Cameras, of one site or of all that the key opens."""
    async with has.inside(who.site_list) as conn:
        found = await cameras.page(conn, who.site_list, site_id, paging.read(cursor), limit)
    return paging.page(found, limit, found[-1]["camera_id"] if found else None)


@router.get("/{camera_id}", response_model=documents.CameraWithStatus)
async def get_camera(camera_id: str, who: Reader, has: Has, response: Response) -> Any:
    """One camera, with its health. The ETag is that of its configuration."""
    async with has.inside(who.site_list) as conn:
        camera = await cameras.get(conn, who.site_list, camera_id)
        response.headers["ETag"] = camera_tag(camera["version"])
        return camera | {"status": await cameras.status(conn, camera_id)}


@router.patch("/{camera_id}", response_model=documents.Camera)
async def change_camera(
    camera_id: str, body: CameraChange, who: Writer, has: Has, response: Response, if_match: IfMatch = None
) -> Any:
    """Change what is given."""
    now = has.now()
    change: Json = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    if body.source is not None:
        change["source"] = checked_source(body.source)
    async with has.inside(who.site_list) as conn:
        camera = await cameras.get(conn, who.site_list, camera_id, lock=True)
        check(camera_tag(camera["version"]), if_match)
        camera = await cameras.save(conn, camera | change, now)
        await outbox.add(conn, announce.camera_config(camera, now))
        await tell(conn, "camera.config", camera)
    response.headers["ETag"] = camera_tag(camera["version"])
    return camera


@router.delete("/{camera_id}", status_code=204)
async def delete_camera(camera_id: str, who: Writer, has: Has, if_match: IfMatch = None) -> None:
    """Take a camera out. Videos that were uploaded for it stay."""
    now = has.now()
    async with has.inside(who.site_list) as conn:
        camera = await cameras.get(conn, who.site_list, camera_id, lock=True)
        check(camera_tag(camera["version"]), if_match)
        await cameras.keep_tables(conn, camera, (), now)
        camera = await cameras.save(conn, camera, now, deleted=True)
        await outbox.add(conn, announce.camera_gone(camera, now))
        await tell(conn, "camera.deleted", {"camera_id": camera_id, "site_id": camera["site_id"]})


async def tell(conn: Connection, kind: str, document: Json) -> None:
    """Put a change of a camera on its site's event stream."""
    told = Told(site_id=document["site_id"], type=kind, document=document, camera_id=document["camera_id"])
    await site_events.append(conn, [told])
