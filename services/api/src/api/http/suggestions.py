"""Tables that are suggested for a camera, out of stored pictures of the last minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.compute import compute
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.common import NumberText, TimeOfQuery
from api.http.documents.suggestions import NewSuggestions, SuggestedLayout
from api.http.errors import TooManySuggestions
from api.http.routes import Route
from api.http.stored_looks import SETTLED, frames_of, judged_of
from api.model import events
from api.model.errors import NoPictures
from api.model.stored_frames import captured_at
from api.model.suggestions import suggestions
from api.model.types import Json
from api.store import cameras
from chassis import outbox
from ratelimit.limit import RateLimit
from tablewatch_schemas.judgement import FrameJudgement
from tablewatch_schemas.times import write_time

EXPIRES = timedelta(minutes=5)
OFTEN = RateLimit.of("6/minute")
"""Each lets 40 looks be made, of which a processor makes some 13 a second."""
RETRY_AFTER_S = 1
router = APIRouter(prefix="/v1/cameras", tags=["layouts"], route_class=Route)
Minutes = Annotated[NumberText, Query(ge=1, le=60, description="How long before `until` the pictures begin")]
Until = Annotated[TimeOfQuery | None, Query(description="Of the newest picture that counts; now where it is not given")]


@router.post("/{camera_id}/layout/suggestions", status_code=202, response_model=SuggestedLayout)
async def ask_for_suggestions(
    camera_id: str, body: NewSuggestions, caller: Writer, deps: Deps, request: Request, response: Response
) -> Any:
    """Let stored pictures of the last minutes be looked at, 40 at most, and suggest tables out of what is seen.

    The answer has what is known at once. Poll the Location of the response until `looked` is `frames`; that takes
    some seconds. No layout is needed, and none is changed: what is accepted is drawn with PUT of the layout.
    """
    until = deps.now() - SETTLED
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
    frames = await frames_of(deps, camera, until, body.minutes)
    if not frames:
        raise NoPictures(f"No picture of the last {body.minutes} minutes is stored: see the status of the camera.")
    found = await judged_of(deps, camera, frames)
    left = [key for key in frames if captured_at(key) not in found]
    if left:
        await request.app.state.limiter.take_of_camera("suggestions", camera_id, OFTEN, TooManySuggestions)
    async with deps.transaction(caller.site_list) as conn:
        now = deps.now()
        for key in left:
            await outbox.enqueue(conn, events.frame_command_event(camera, key, caller.key_id, now, now + EXPIRES))
    path = f"/v1/cameras/{camera_id}/layout/suggestions"
    response.headers["Location"] = f"{path}?minutes={body.minutes}&until={write_time(until)}"
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return await _document(camera, until, body.minutes, frames, list(found.values()))


@router.get("/{camera_id}/layout/suggestions", response_model=SuggestedLayout)
async def get_suggestions(
    camera_id: str, caller: Reader, deps: Deps, minutes: Minutes = 10, until: Until = None
) -> Any:
    """Tables that are suggested out of the pictures of some minutes that were looked at.

    Of a camera with tables these are looked at anyway; else POST asks for it.
    """
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
    until = until or deps.now() - SETTLED
    frames = await frames_of(deps, camera, until, minutes)
    return await _document(camera, until, minutes, frames, list((await judged_of(deps, camera, frames)).values()))


async def _document(
    camera: Json, until: datetime, minutes: int, frames: Sequence[str], looks: Sequence[FrameJudgement]
) -> Json:
    tables = await compute(suggestions, looks)
    newest = max(looks, key=lambda look: look.captured_at, default=None)
    return {
        "site_id": camera["site_id"],
        "camera_id": camera["camera_id"],
        "since": write_time(until - timedelta(minutes=minutes)),
        "until": write_time(until),
        "frames": len(frames),
        "looked": len(looks),
        "reference": None if newest is None else {"width": newest.width, "height": newest.height},
        "tables": [each.document(str(number)) for number, each in enumerate(tables, 1)],
    }
