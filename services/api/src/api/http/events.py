"""The event stream of a site."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from api.events.stream import Filter, Options, Stream
from api.http.parts import Has, Reader, caller
from api.problems import Problem
from api.store import sites

router = APIRouter(prefix="/v1/events", tags=["events"])

# Of one event, as OpenAPI 3.2 describes a stream; readers of 3.1 leave it aside
_EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "epoch-seq"},
        "event": {"type": "string", "description": "snapshot, table.state, video.job and so on"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get(
    "",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"itemSchema": _EVENT}}, "description": "Events"}},
)
async def events(
    request: Request,
    who: Reader,
    has: Has,
    site_id: str | None = None,
    run_id: str | None = None,
    camera_id: str | None = None,
    table_id: str | None = None,
    last_event_id: Annotated[str | None, Query(max_length=100)] = None,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)] = None,
) -> Any:
    """A snapshot of the site, then everything that changes, without gap or repetition.

    An event's id is `epoch-seq`; give it as Last-Event-ID (or last_event_id) to go on after it. What cannot be resumed
    from starts with a fresh snapshot whose `reason` is reset.
    """
    async with has.pool.acquire() as conn:
        site = await sites.choose(conn, who.site_list, site_id)

    async def still_allowed() -> bool:
        try:
            return (await caller(request, has)).sees(site)
        except Problem:
            return False

    options = Options(
        heartbeat_s=has.settings.api_heartbeat_s, longest_s=has.settings.api_stream_max_s, still_allowed=still_allowed
    )
    wanted = Filter(run_id=run_id, camera_id=camera_id, table_id=table_id)
    stream = Stream(has.hub, has.pool, has.clock, site, wanted, options)
    body = stream.run(last_event_id_header or last_event_id)
    return StreamingResponse(body, media_type="text/event-stream", headers=HEADERS)
