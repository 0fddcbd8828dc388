"""Streams of a site's events behind uvicorn: the api's own, and sse-starlette's on the same tail of the same log.

usage: python -m bench.cases.stream_server PORT DATABASE SITE

/ours is the api's Stream; /baseline yields a dict for each event to EventSourceResponse. Both follow the api's Hub, so
that what differs is how an event reaches the clients.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import structlog
import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from api.events.filter import Filter
from api.events.hub import Hub
from api.events.stream import Stream, StreamOptions
from api.http.events import EventStream
from api.store.row_security import RowSecurity, enable
from chassis.clock import SystemClock
from chassis.database import connect
from chassis.metrics import Metrics


async def _yes() -> bool:
    return True


OPTIONS = StreamOptions(heartbeat_s=15.0, longest_s=3600.0, stall_s=60.0, still_allowed=_yes)


class Wakeup(asyncio.Event):
    """What the hub wakes."""

    def wake(self) -> None:
        self.set()


def app(hub: Hub, row_security: RowSecurity, site: str) -> Starlette:
    """Both ways to stream."""

    async def ours(_: Request) -> EventStream:
        return EventStream(Stream(hub, row_security, SystemClock(), site, Filter(), OPTIONS), None, nullcontext())

    async def events() -> AsyncIterator[dict[str, Any]]:
        position = 0
        wakeup = Wakeup()
        channel = hub.watch(site, position, wakeup)
        yield {"event": "snapshot", "data": "{}"}
        try:
            while True:
                wakeup.clear()
                for each in channel.after(position):
                    position = each.event.seq
                    yield {"id": f"{hub.epoch}-{position}", "event": each.event.type, "data": each.event.document}
                if channel.newest == position:
                    await wakeup.wait()
        finally:
            hub.leave(site, wakeup)

    async def baseline(_: Request) -> EventSourceResponse:
        return EventSourceResponse(events(), ping=15)

    return Starlette(routes=[Route("/ours", ours), Route("/baseline", baseline)])


async def main() -> None:
    clock = SystemClock()
    pool = await connect(sys.argv[2], "api", size=8)
    hub = Hub(pool, clock, Metrics(), structlog.get_logger())
    config = uvicorn.Config(
        app(hub, await enable(pool), sys.argv[3]), port=int(sys.argv[1]), http="httptools", log_level="warning"
    )
    tailing = asyncio.create_task(hub.run(asyncio.Event()))
    await uvicorn.Server(config).serve()
    tailing.cancel()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
