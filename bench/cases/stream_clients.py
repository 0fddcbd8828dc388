"""Clients of an event stream: all connect, then events are written to the log in bursts, until every one has all.

usage: python -m bench.cases.stream_clients PORT PATH DATABASE SITE CLIENTS EVENTS

Prints `ready` when all clients have their first event, waits for a line on standard input, and prints `done`.
"""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import orjson

from api.model.site_events import NewSiteEvent
from api.store import site_events

BURST, PAUSE_S = 10, 0.1
MARK = b"\nevent: "
WITHIN_S = 300.0


async def connected(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream that has begun: its snapshot is here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    await reader.readuntil(b"event: snapshot")
    return reader, writer


async def receive(reader: asyncio.StreamReader, events: int) -> None:
    """Returns when so many events came. Raises EOFError when the stream ends before."""
    rest, count = b"", 0
    while count < events:
        chunk = await reader.read(1 << 20)
        if not chunk:
            raise EOFError(f"{count} of {events} events")
        data = rest + chunk.replace(b"\r\n", b"\n")
        count += data.count(MARK)
        rest = data[-len(MARK) + 1 :]


async def write(conn: asyncpg.Connection, site: str, events: int) -> None:
    """Events of 1 KB, a hundred a second, ten in a transaction."""
    event = NewSiteEvent(site_id=site, type="table.state", document=orjson.dumps({"text": "x" * 1000}))
    for _ in range(events // BURST):
        async with conn.transaction():
            await site_events.append(conn, [event] * BURST)
        await asyncio.sleep(PAUSE_S)


async def main() -> None:
    port, path, database, site, clients, events = sys.argv[1:7]
    conn = await asyncpg.connect(database, server_settings={"search_path": "api"})
    streams = []
    for _ in range(int(clients)):
        streams.append(await connected(int(port), path))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    async with asyncio.timeout(WITHIN_S):
        reading = asyncio.gather(*(receive(reader, int(events)) for reader, _ in streams))
        await write(conn, site, int(events))
        await reading
    print("done", flush=True)
    for _, writer in streams:
        writer.close()
    await conn.close()


if __name__ == "__main__":
    asyncio.run(main())
