"""The event stream of a site."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.events.stream import Filter, Options, Stream, Topic
from api.http.parts import Has, Reader, caller
from api.problems import Problem
from api.store import sites
from chassis.connection import ABORT

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
Topics = Annotated[list[Topic] | None, Query(max_length=10, description="Only events of these; their ends with them")]


class EventStream(Response):
    """Sends a stream straight to the server.

    StreamingResponse would put a task group and an iterator between: a third of what an event costs us.
    """

    media_type = "text/event-stream"

    def __init__(self, stream: Stream, last_event_id: str | None) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._stream, self._last_event_id = stream, last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request."""

        async def write(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        hanging_up = asyncio.create_task(self._hung_up(receive))
        try:
            await self._stream.run(self._last_event_id, write)
        finally:
            hanging_up.cancel()
        if self._stream.dropped:
            await _drop(scope)
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _hung_up(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stream.end()


async def _drop(scope: Scope) -> None:
    """End the connection, where the server can; else it waits until the client takes what is buffered for it."""
    found = scope.get("extensions", {}).get(ABORT)
    if found is not None:
        found["call"]()
        await asyncio.sleep(0)  # the server hears of it, and does not miss the end of the answer


@router.get(
    "",
    response_class=Response,
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
    topic: Topics = None,
    last_event_id: Annotated[str | None, Query(max_length=100)] = None,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)] = None,
) -> Any:
    """A snapshot of the site, then everything that changes, without gap or repetition.

    An event's id is `epoch-seq`; give it as Last-Event-ID (or last_event_id) to go on after it. What cannot be resumed
    from starts with a fresh snapshot whose `reason` is reset. A client that falls too far behind is sent `resume` and
    hung up; it comes back with its last id. One that takes nothing at all is hung up without a word.
    """
    async with has.inside(who.site_list) as conn:
        site = await sites.choose(conn, who.site_list, site_id)

    async def still_allowed() -> bool:
        try:
            return (await caller(request, has)).sees(site)
        except Problem:
            return False

    options = Options(
        heartbeat_s=has.settings.api_heartbeat_s,
        longest_s=has.settings.api_stream_max_s,
        stall_s=has.settings.api_stream_stall_s,
        still_allowed=still_allowed,
    )
    wanted = Filter(run_id=run_id, camera_id=camera_id, table_id=table_id, topics=frozenset(topic or ()))
    stream = Stream(has.hub, has.wall, has.clock, site, wanted, options)
    return EventStream(stream, last_event_id_header or last_event_id)
