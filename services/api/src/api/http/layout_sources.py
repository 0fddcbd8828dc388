"""What a camera's layout is pulled from. Who pulls is `layout_pulls.py`."""

from typing import Any

from fastapi import APIRouter, Response

from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.layout_sources import LayoutSource, NewLayoutSource
from api.http.routes import Route
from api.model import seal
from api.model.errors import LayoutSourceNotFound
from api.model.layout_sources import origin_of, sealing_key
from api.store import Connection, cameras, layout_sources

RETRY_AFTER_S = 2

router = APIRouter(prefix="/v1/cameras", tags=["layouts"], route_class=Route)


@router.put("/{camera_id}/layout-source", response_model=LayoutSource)
async def put_layout_source(camera_id: str, body: NewLayoutSource, caller: Writer, deps: Deps) -> Any:
    """Have the camera's layout pulled from an external cropper, at once and then again and again.

    Its crop-layout JSON is taken as one that is sent to `layout/import`. Without `send_picture` it is asked by GET with
    the camera's id and the size of its picture alone (docs/layouts.md).
    """
    body.check_url()
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id, lock=True)
        source = {
            "camera_id": camera_id,
            "site_id": camera["site_id"],
            "url": body.url,
            "every_s": body.every_s,
            "send_picture": body.send_picture,
            "token": await _token(conn, deps, camera_id, body),
        }
        return await layout_sources.put(conn, source, deps.now())


@router.get("/{camera_id}/layout-source", response_model=LayoutSource)
async def get_layout_source(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """From where the camera's layout is pulled, and what came of it last."""
    async with deps.transaction(caller.site_list) as conn:
        await cameras.get(conn, caller.site_list, camera_id)
        return await layout_sources.get(conn, camera_id)


@router.delete("/{camera_id}/layout-source", status_code=204)
async def delete_layout_source(camera_id: str, caller: Writer, deps: Deps) -> None:
    """Pull the camera's layout no more. The layout stays as it is; the token is deleted."""
    async with deps.transaction(caller.site_list) as conn:
        await cameras.get(conn, caller.site_list, camera_id)
        if not await layout_sources.remove(conn, camera_id):
            raise LayoutSourceNotFound("It is not pulled.")


@router.post("/{camera_id}/layout-source/pull", status_code=202, response_model=LayoutSource)
async def pull_layout(camera_id: str, caller: Writer, deps: Deps, response: Response) -> Any:
    """Pull the camera's layout now: `pulls` of the layout source has risen when it is done."""
    async with deps.transaction(caller.site_list) as conn:
        await cameras.get(conn, caller.site_list, camera_id)
        source = await layout_sources.make_due(conn, camera_id, deps.now())
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return source


async def _token(conn: Connection, deps: Deps, camera_id: str, body: NewLayoutSource) -> bytes | None:
    """Sealed: the one that is given, or that is stored for the same origin."""
    if body.token is None:
        url, token = await layout_sources.stored_token(conn, camera_id) or ("", None)
        return token if origin_of(url) == origin_of(body.url) else None
    given = body.token.get_secret_value().encode()
    key = sealing_key(deps.settings.link_secret.get_secret_value(), camera_id, body.url)
    return seal.seal(key, given) if given else None
