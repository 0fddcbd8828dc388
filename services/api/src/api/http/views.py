"""The newest judged frame of a camera, live or in a run."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Response

from api.events.camera_source import Newest
from api.events.views import Watched
from api.http.authentication import Reader
from api.http.dependencies import Deps, HttpDependencies
from api.http.documents.common import Id
from api.http.documents.views import View
from api.http.problems import unavailable
from api.http.routes import Route
from api.model.errors import VideoNotFound, ViewNotFound
from api.model.pictures import live_time
from api.model.types import Json, Sites
from api.store import Connection, cameras, states, views
from api.store.views import RunJudged
from dependencies.errors import BrokerUnreachable, DependencyError
from tablewatch_schemas import keys
from tablewatch_schemas.judgement import FrameJudgement

log = structlog.get_logger("api.http")
router = APIRouter(prefix="/v1/cameras", tags=["cameras"], route_class=Route)


@router.get("/{camera_id}/view", response_model=View)
async def get_view(
    camera_id: str,
    caller: Reader,
    deps: Deps,
    response: Response,
    run_id: Annotated[Id | None, Query(description="The same of a run of this camera")] = None,
) -> Any:
    """The newest frame of the camera that was judged: the picture, boxes, a verdict and the state of each table.

    The ETag is that of the frame and the states, so that polling costs a 304 while nothing happened; after half of a
    link's lifetime it is another one. To be told of each frame, ask the event stream for it: `view=`.
    """
    async with deps.transaction(caller.site_list) as conn:
        if run_id is None:
            run, site_id = None, (await cameras.get(conn, caller.site_list, camera_id))["site_id"]
        else:
            run = await _run(conn, caller.site_list, run_id, camera_id)
    newest = await _of_camera(deps, site_id, camera_id) if run is None else await _at(deps, run.newest)
    if newest is None:
        raise ViewNotFound("Nothing of it has been judged, or its objects are past their retention.")
    async with deps.transaction(caller.site_list) as conn:
        now = deps.now()
        found = await states.page(
            conn, caller.site_list, camera_id=camera_id, run_id=run_id, live=True if run_id is None else None, now=now
        )
    by_table = {state["table_id"]: state for _, state in found}
    document = await deps.judged.document(newest, deps.settings.api_link_ttl_s)
    window = int(now.timestamp()) // max(1, deps.settings.api_link_ttl_s // 2)
    response.headers["ETag"] = _tag(newest, list(by_table.values()), window)
    return document | {"tables": [each | {"state": by_table.get(each["table_id"])} for each in document["tables"]]}


async def watched(deps: HttpDependencies, site_id: str, names: Sequence[str]) -> Watched | None:
    """The views that a stream of a site asks for. Raises CameraNotFound, VideoNotFound: also for another site's."""
    if not names:
        return None
    newest: dict[str, Newest] = {}
    async with deps.transaction([site_id]) as conn:
        for name in names:
            if name.startswith("run_"):
                await _run(conn, [site_id], name)
                newest[name] = partial(_of_run, deps, site_id, name)
            else:
                await cameras.get(conn, [site_id], name)
                newest[name] = partial(_named, deps, site_id, name)
    return Watched(deps.views, newest)


async def _run(conn: Connection, sites: Sites, run_id: str, camera_id: str | None = None) -> RunJudged:
    run = await views.run(conn, sites, run_id)
    if run is None or camera_id not in (None, run.camera_id):
        raise VideoNotFound(f"There is no run {run_id} of this {'site' if camera_id is None else 'camera'}.")
    return run


async def _of_run(deps: HttpDependencies, site_id: str, run_id: str) -> FrameJudgement | None:
    """The newest judgement that the evidence of a run names, as far as the projector has read."""
    async with deps.transaction([site_id]) as conn:
        run = await views.run(conn, [site_id], run_id)
    return None if run is None else await _at(deps, run.newest)


async def _at(deps: HttpDependencies, key: str | None) -> FrameJudgement | None:
    return None if key is None else await deps.judged.at(key)


async def _of_camera(deps: HttpDependencies, site_id: str, camera_id: str) -> FrameJudgement | None:
    """From the end of crop.ready, else by the states; not older than what was answered before. Raises Unavailable
    where only the topic could tell, and it cannot be read."""
    unread: ConnectionError | None = None
    newest = None
    try:
        newest = await deps.judged.newest_live(camera_id, deps.now())
    except ConnectionError as error:
        log.warning("view_without_topic", camera_id=camera_id, error=repr(error))
        unread = error
    newest = await deps.judged.no_older(camera_id, newest or await _named(deps, site_id, camera_id))
    if newest is None and unread is not None:
        raise unavailable(unread if isinstance(unread, DependencyError) else BrokerUnreachable()) from unread
    return newest


async def _named(deps: HttpDependencies, site_id: str, camera_id: str) -> FrameJudgement | None:
    """What the states of a camera's tables were concluded from last."""
    async with deps.transaction([site_id]) as conn:
        named = await views.live_frames(conn, [site_id], camera_id)
    times = (live_time(each) for each in named)
    return await deps.judged.first(keys.live_judgement(site_id, camera_id, at) for at in times if at is not None)


def _tag(newest: FrameJudgement, shown: Sequence[Json], window: int) -> str:
    """Of a frame and states: the same while nothing happened and the link has not grown old."""
    facts = [newest.judgement_key, newest.to_json().hex(), str(window)]
    facts += [f"{each['table_id']} {each['version']} {each['expired']}" for each in shown]
    return f'"{hashlib.blake2b(" ".join(facts).encode(), digest_size=12).hexdigest()}"'
