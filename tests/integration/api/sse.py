"""Reading an event stream as a browser does."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson


@dataclass(frozen=True)
class Heard:
    """One event."""

    id: str
    type: str
    data: Any

    @property
    def seq(self) -> int:
        return int(self.id.rpartition("-")[2])


class Ear:
    """Events of an open stream, one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Heard:
        """The next event that is no heartbeat."""
        while True:
            result = await self.block()
            if result.type != "heartbeat":
                return result

    async def block(self) -> Heard:
        """The next block, heartbeats too. Raises StopAsyncIteration at the end."""
        found = {"id": "", "event": "", "data": "null"}
        while line := await anext(self._lines):
            name, _, value = line.partition(": ")
            found[name] = value
        return Heard(found["id"], found["event"], orjson.loads(found["data"]))

    async def some(self, count: int) -> list[Heard]:
        """The next `count` events."""
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def listening(
    base_url: str, key: str, last: str | None = None, *, buffer_bytes: int | None = None, **query: str
) -> AsyncIterator[Ear]:
    """An open stream; `buffer_bytes`: what the kernel takes for a client that does not read."""
    headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": last} if last else {})
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)] if buffer_bytes else None
    transport = httpx.AsyncHTTPTransport(trust_env=False, socket_options=small)
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=20, trust_env=False, transport=transport) as client,
        client.stream("GET", "/v1/events", headers=headers, params=query) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield Ear(response)
