"""The event stream of a site."""

import asyncio
from collections import Counter
from contextlib import AbstractContextManager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.events.filter import Filter, Topic
from api.events.stream import Stream, StreamOptions
from api.http.authentication import Reader, identify
from api.http.dependencies import Deps
from api.http.errors import TooManyEventStreams
from api.http.routes import Route
from api.http.views import watched
from api.model.errors import ApiError
from api.model.views import WATCHED
from api.store import sites
from webserver.serve import ABORT

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=Route)

# Of one event; OpenAPI 3.1 describes a body as a whole, and 3.2 is the first with itemSchema
_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string", "description": "epoch-seq; resync and camera.view have none"},
        "event": {"type": "string", "description": "snapshot, table.state, video.job, camera.view and so on"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
_STREAM = {"x-item-schema": _EVENT}
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
Topics = Annotated[
    list[Topic] | None, Query(max_length=10, description="Only events of these, with those of their ends")
]


Views = Annotated[
    list[Annotated[str, StringConstraints(pattern=WATCHED)]] | None,
    Query(
        max_length=10,
        description="Cameras or runs of the site: their newest judged frame comes as `camera.view`, whatever the other"
        " filters are. It has no id and is in no log; who reads slowly is sent the newest, and none of those before",
    ),
]
RETRY_S = 30


class Place:
    """A stream among those of its key: one key may not take all that this process has."""

    def __init__(self, open_streams: Counter[str], key_id: str, most: int) -> None:
        self._open, self._key_id, self._most = open_streams, key_id, most
        self.check()

    def check(self) -> None:
        """Raises TooManyEventStreams."""
        if self._open[self._key_id] >= self._most:
            raise TooManyEventStreams(
                f"{self._most} may be open. Tabs of a browser can share one (docs/frontend.md).",
                headers={"Retry-After": str(RETRY_S)},
            )

    def __enter__(self) -> None:
        self._open[self._key_id] += 1

    def __exit__(self, *_: object) -> None:
        self._open[self._key_id] -= 1
        if not self._open[self._key_id]:
            del self._open[self._key_id]


class EventStream(Response):
    """Writes a stream directly to the ASGI server.

    The task group and iterator of StreamingResponse would be a third of the cost of an event.
    """

    media_type = "text/event-stream"

    def __init__(self, stream: Stream, last_event_id: str | None, place: AbstractContextManager[None]) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._stream, self._last_event_id, self._place = stream, last_event_id, place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request."""
        with self._place:
            await self._run(scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:

        async def write(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        disconnecting = asyncio.create_task(self._wait_for_disconnect(receive))
        try:
            await self._stream.run(self._last_event_id, write)
        finally:
            disconnecting.cancel()
        if self._stream.dropped:
            await _drop(scope)
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _wait_for_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stream.end()


async def _drop(scope: Scope) -> None:
    """Abort the connection, if the server can; else it is closed when the client has read what is buffered."""
    found = scope.get("extensions", {}).get(ABORT)
    if found is not None:
        found["call"]()
        await asyncio.sleep(0)  # lets the server handle it first, so that it does not log an incomplete response


@router.get(
    "",
    response_class=Response,
    responses={
        200: {
            "content": {"text/event-stream": _STREAM},
            "description": "Events",
        }
    },
)
async def stream_events(
    request: Request,
    caller: Reader,
    deps: Deps,
    site_id: str | None = None,
    run_id: str | None = None,
    camera_id: str | None = None,
    table_id: str | None = None,
    topic: Topics = None,
    view: Views = None,
    last_event_id: Annotated[str | None, Query(max_length=100)] = None,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)] = None,
) -> Any:
    """A snapshot of the site, then everything that changes, without gap or repetition.

    An event's id is `epoch-seq`; give it as Last-Event-ID (or last_event_id) to resume after it. A stream that
    cannot be resumed sends one `resync`, then a snapshot whose `reason` is reset. A snapshot counts the documents that
    it `holds`, and how many of each list are `left_out`. A client that is too far behind is sent `resume` and
    disconnected; it reconnects with its last id. One that reads nothing is disconnected without an event.

    With `view` the newest judged frame of a camera, or of a run, comes as `camera.view` as soon as it is judged: the
    document of `GET /v1/cameras/{camera_id}/view` without states. It has no id.
    """
    place = Place(request.app.state.open_streams, caller.key_id, deps.settings.api_streams_per_key)
    async with deps.transaction(caller.site_list) as conn:
        site = await sites.choose(conn, caller.site_list, site_id)
    watching = await watched(deps, site, list(dict.fromkeys(view or ())))

    async def still_allowed() -> bool:
        try:
            return (await identify(request, deps)).sees(site)
        except ApiError:
            return False

    options = StreamOptions(
        heartbeat_s=deps.settings.api_heartbeat_s,
        longest_s=deps.settings.api_stream_max_s,
        stall_s=deps.settings.api_stream_stall_s,
        still_allowed=still_allowed,
    )
    wanted = Filter(run_id=run_id, camera_id=camera_id, table_id=table_id, topics=frozenset(topic or ()))
    stream = Stream(deps.hub, deps.row_security, deps.clock, site, wanted, options, watching)
    place.check()  # others may have come meanwhile
    return EventStream(stream, last_event_id_header or last_event_id, place)
