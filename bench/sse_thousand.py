"""A thousand readers on one real api process: memory, CPU and latency.

usage: python -m bench --only sse-1000, or python -m bench.sse_thousand [CLIENTS] [EVENTS] [PER_SECOND]

`python -m api` (HTTP and projector) on real Kafka and Postgres; every reader has the event stream of one site, with a
key. Events of 1 KB are written to the site's log as the projector writes them, each with the time of its writing; a
reader takes the time when its last byte is there. So latency is commit, notification, tail, encoding, sending and
the readers' own process, which shares the machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx
import orjson

from api.model.site_events import NewSiteEvent
from api.store import site_events
from bench.harness import Constant, Failed, Measure, Usage
from bench.processes import Server, free_port, listens, server
from bench.workspace import Workspace

KEY = "twk_thousand0_" + "t" * 40
_TIMES = re.compile(rb'"at_ns":(\d+)')
WITHIN_S = 120.0
LIMIT_P99_S = 0.5
"""A person who looks at the floor plan sees a change at once."""
SHOWN = ("p50_ms", "p99_ms", "cpu_us_per_delivery", "kib_per_client", "delivered")


class Reader:
    """One stream, and the latencies of what came on it, milliseconds."""

    def __init__(self, port: int, site_id: str) -> None:
        self._port, self._site_id = port, site_id
        self.latencies: list[float] = []

    async def open(self) -> None:
        """Until the snapshot is here."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)
        asked = f"GET /v1/events?site_id={self._site_id} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {KEY}"
        self._writer.write(f"{asked}\r\n\r\n".encode())
        await self._reader.readuntil(b"event: snapshot")

    async def listen(self, events: int) -> None:
        """Until so many events came. Raises EOFError when the stream ends before."""
        rest = b""
        while len(self.latencies) < events:
            chunk = await self._reader.read(1 << 20)
            if not chunk:
                raise EOFError(f"{len(self.latencies)} of {events} events")
            now, rest = time.monotonic_ns(), rest + chunk
            whole = rest.rfind(b"\n\n") + 2
            self.latencies += [(now - int(at)) / 1e6 for at in _TIMES.findall(rest[:whole])]
            rest = rest[whole:]

    def close(self) -> None:
        self._writer.close()


async def write(database: str, site_id: str, events: int, per_second: float) -> None:
    """Events as the projector appends them, each in a transaction of its own."""
    conn = await asyncpg.connect(database, server_settings={"search_path": "api"})
    began = time.monotonic()
    for number in range(events):
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
        async with conn.transaction():
            document = {"at_ns": time.monotonic_ns(), "text": "x" * 1000}
            await site_events.append(
                conn, [NewSiteEvent(site_id=site_id, type="table.state", document=orjson.dumps(document))]
            )
    await conn.close()


async def figures(
    api: Server, port: int, database: str, clients: int, events: int, per_second: float
) -> dict[str, float]:
    """What it cost and how long it took, by the names of the line. Raises Failed."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False
    ) as client:
        site_id = (await client.post("/v1/sites", json={"name": "Bench"})).json()["site_id"]
    before = resident_mib(api.process.pid)
    readers = [Reader(port, site_id) for _ in range(clients)]
    opened = time.monotonic()
    for start in range(0, clients, 50):
        await asyncio.gather(*(reader.open() for reader in readers[start : start + 50]))
    opening_s, idle = time.monotonic() - opened, resident_mib(api.process.pid)
    cpu, began = api.cpu_s(), time.monotonic()
    try:
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(
                write(database, site_id, events, per_second), *(reader.listen(events) for reader in readers)
            )
    except (EOFError, TimeoutError) as reason:
        least = min(len(reader.latencies) for reader in readers)
        raise Failed(f"a reader had {least} of {events} events: {reason}") from reason
    took, used = time.monotonic() - began, api.cpu_s() - cpu
    for reader in readers:
        reader.close()
    every = sorted(each for reader in readers for each in reader.latencies)
    share = statistics.quantiles(every, n=1000)
    return {
        "delivered": len(every), "p50_ms": share[499], "p99_ms": share[989], "max_ms": every[-1], "cpu_s": used,
        "cpu_percent": 100 * used / took, "cpu_us_per_delivery": 1e6 * used / len(every),
        "rss_mib": resident_mib(api.process.pid), "rss_before_mib": before,
        "kib_per_client": 1024 * (idle - before) / clients, "opening_s": opening_s, "took_s": took,
    }  # fmt: skip


def resident_mib(pid: int) -> float:
    """Memory of a process now, MiB."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True, slots=True)
class Readers:
    """So many streams on one api process, and so many events a second. Every reader has to get every event."""

    workspace: Workspace
    clients: int = 1000
    events: int = 100
    per_second: float = 5

    def figures(self) -> dict[str, float]:
        """Start the api, measure, end it. Raises Failed."""
        infra = self.workspace.infra  # its start makes the folder
        with TemporaryDirectory(dir=self.workspace.folder) as folder:
            port, database = free_port(), infra.new_database()
            settings = {
                "KAFKA_BOOTSTRAP": infra.kafka_bootstrap, "DATABASE_URL": database,
                "TABLEWATCH_HOME": folder, "LINK_SECRET": "l" * 32, "UPLOAD_TOKEN_SECRET": "u" * 32,
                "API_PORT": str(port), "OPS_PORT": "0", "API_BOOTSTRAP_KEY": KEY,
            }  # fmt: skip
            with server([sys.executable, "-m", "api"], settings, Path(folder) / "api.log") as api:
                api.wait_for(lambda: listens(port), "the api")
                return asyncio.run(figures(api, port, database, self.clients, self.events, self.per_second))

    def run(self) -> Usage:
        """As one side of a measure: its wall is the latency that 99 of 100 deliveries stay below."""
        found = self.figures()
        return Usage(found["cpu_s"], found["p99_ms"] / 1000, found["rss_mib"], {name: found[name] for name in SHOWN})


def sse_thousand(workspace: Workspace) -> Measure:
    """A thousand readers and five events a second; the baseline is the limit of p99."""
    readers = Readers(workspace, 100, 50) if workspace.quick else Readers(workspace)
    return Measure("sse-1000", readers, Constant(Usage(0, LIMIT_P99_S)), f"limit-{LIMIT_P99_S:g}-s", 1.0, "wall")


def main() -> None:
    """Measure once, with the infra of its own, and print one line."""
    given = sys.argv[1:]
    clients, events, per_second = (int(given[n]) if len(given) > n else each for n, each in enumerate((1000, 100, 5)))
    workspace = Workspace(Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench", quick=False)
    try:
        found = Readers(workspace, clients, events, per_second).figures()
    finally:
        workspace.close()
    line = " ".join(f"{name}={value:.1f}" for name, value in found.items())
    print(f"clients={clients} events={events} per_second={per_second:g} {line}")


if __name__ == "__main__":
    main()
