"""Probes: opening a camera once, before it is registered."""

from typing import Any

from fastapi import APIRouter, Response

from api.http.authentication import Reader, Writer
from api.http.camera_secrets import place_for, sealed
from api.http.dependencies import Deps
from api.http.documents.cameras import checked_source
from api.http.documents.probes import NewProbe, Probe
from api.http.errors import TooManyProbes
from api.http.idempotency import IdempotentRoute
from api.model import events
from api.model.probes import ANSWER_IN
from api.model.types import Json
from api.store import probes, sites
from api.store.sites import Lock
from chassis import outbox
from tablewatch_schemas.ids import new_id

RETRY_AFTER_S = 1
router = APIRouter(prefix="/v1/probes", tags=["cameras"], route_class=IdempotentRoute)


@router.post("", status_code=202, response_model=Probe)
async def create_probe(body: NewProbe, caller: Writer, deps: Deps, response: Response) -> Any:
    """Open a camera once and say what it sends, or why it cannot be read. Nothing is registered.

    The answer comes within 30 seconds: poll the Location of the response, or wait for `camera.probe` on the event
    stream, and read it after 35 seconds at the latest: where no extractor runs there is no event, and it has failed.
    """
    now, source = deps.now(), body.source.as_of_camera()
    asked: Json = {"probe_id": new_id("prb"), "action": "probe", "source": checked_source(source)}
    expires_at = now + ANSWER_IN
    async with place_for(deps, source), deps.transaction(caller.site_list) as conn:
        asked["site_id"] = await sites.choose(conn, caller.site_list, body.site_id, Lock.CHANGE)
        check_room(await probes.count_open(conn, asked["site_id"], now), deps.settings.api_site_probes)
        asked["source"]["secret_ref"] = await sealed(deps, asked["site_id"], asked["probe_id"], source)
        await probes.add(conn, asked, now, expires_at)
        await outbox.enqueue(conn, events.camera_command_event(asked, caller.key_id, now, expires_at))
        probe = await probes.get(conn, caller.site_list, asked["probe_id"], now)
    response.headers["Location"] = f"/v1/probes/{asked['probe_id']}"
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return await _shown(deps, probe)


@router.get("/{probe_id}", response_model=Probe)
async def get_probe(probe_id: str, caller: Reader, deps: Deps) -> Any:
    """A probe of the last hour."""
    async with deps.transaction(caller.site_list) as conn:
        probe = await probes.get(conn, caller.site_list, probe_id, deps.now())
    return await _shown(deps, probe)


async def _shown(deps: Deps, probe: Json) -> Json:
    return probe | {"snapshot_url": await deps.link(probe["snapshot_key"])}


def check_room(found: int, limit: int) -> None:
    """`found`: probes and discoveries of a site that wait. Raises TooManyProbes."""
    if found >= limit:
        detail = f"{found} probes of the site wait for their answers, and {limit} may; ask again in some seconds."
        raise TooManyProbes(detail, headers={"Retry-After": "5"})
