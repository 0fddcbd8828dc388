"""Discoveries: looking for cameras on the network, before any is registered."""

from contextlib import nullcontext
from typing import Any

from fastapi import APIRouter, Response

from api.http.authentication import Reader, Writer
from api.http.camera_secrets import stored
from api.http.dependencies import Deps
from api.http.documents.discoveries import Discovery, NewDiscovery
from api.http.idempotency import IdempotentRoute
from api.http.probes import RETRY_AFTER_S, check_room
from api.model import events
from api.model.probes import ANSWER_IN
from api.model.types import Json
from api.store import probes, sites
from api.store.sites import Lock
from chassis import outbox
from tablewatch_schemas.ids import new_id

router = APIRouter(prefix="/v1/discoveries", tags=["cameras"], route_class=IdempotentRoute)


@router.post("", status_code=202, response_model=Discovery)
async def create_discovery(body: NewDiscovery, caller: Writer, deps: Deps, response: Response) -> Any:
    """Look for cameras on the networks of the extractor (ONVIF). Nothing is registered.

    The answer comes within 30 seconds: poll the Location of the response, or wait for `camera.probe` with this id on
    the event stream, and read it after 35 seconds at the latest: where no extractor runs there is no event, and it has
    failed.
    """
    now, given = deps.now(), body.credentials()
    asked: Json = {"probe_id": new_id("dsc"), "action": "discover", "source": None}
    expires_at = now + ANSWER_IN
    place = nullcontext() if given is None else deps.store_writes.place()
    async with place, deps.transaction(caller.site_list) as conn:
        asked["site_id"] = await sites.choose(conn, caller.site_list, body.site_id, Lock.CHANGE)
        check_room(await probes.count_open(conn, asked["site_id"], now), deps.settings.api_site_probes)
        if given is not None:
            asked["secret_ref"] = await stored(deps, asked["site_id"], asked["probe_id"], "", given)
        await probes.add(conn, asked, now, expires_at)
        await outbox.enqueue(conn, events.camera_command_event(asked, caller.key_id, now, expires_at))
        discovery = await probes.get_discovery(conn, caller.site_list, asked["probe_id"], now)
    response.headers["Location"] = f"/v1/discoveries/{asked['probe_id']}"
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return discovery


@router.get("/{discovery_id}", response_model=Discovery)
async def get_discovery(discovery_id: str, caller: Reader, deps: Deps) -> Any:
    """A discovery of the last hour."""
    async with deps.transaction(caller.site_list) as conn:
        return await probes.get_discovery(conn, caller.site_list, discovery_id, deps.now())
