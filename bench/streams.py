"""Five hundred readers of one site: the api's Hub and Stream against sse-starlette. CPU of the server alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from api.settings import MIGRATIONS
from bench.harness import Failed, Measure, Usage
from bench.processes import free_port, listens, server
from bench.uploads import measured
from bench.workspace import Workspace
from chassis.migrations import migrate

SITE = "site_bench"


@dataclass(frozen=True, slots=True)
class Streams:
    """`path` is ours or baseline; every client has to get every event."""

    workspace: Workspace
    path: str
    clients: int
    events: int

    def run(self) -> Usage:
        port, found, database = free_port(), list[Usage](), self.workspace.infra.new_database()
        asyncio.run(_prepared(database))
        with TemporaryDirectory(dir=self.workspace.folder) as home:
            argv = [sys.executable, "-m", "bench.cases.stream_server", str(port), database, SITE]
            with server(argv, {}, Path(home) / "server.log") as running:
                running.wait_for(lambda: listens(port), "the server")
                clients = subprocess.Popen(
                    [sys.executable, "-m", "bench.cases.stream_clients", str(port), f"/{self.path}", database, SITE,
                     str(self.clients), str(self.events)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                )  # fmt: skip
                with clients:
                    _expect(clients, "ready")
                    with measured(running, found):
                        _go(clients)
                        _expect(clients, "done")
        return found[0]


async def _prepared(database: str) -> None:
    """The api's tables, with one site."""
    await migrate(database, "api", MIGRATIONS)
    conn = await asyncpg.connect(database, server_settings={"search_path": "api"})
    await conn.execute("INSERT INTO sites VALUES ($1, 'Bench', 'UTC', now())", SITE)
    await conn.execute("INSERT INTO site_sequences (site_id) VALUES ($1)", SITE)
    await conn.close()


def _go(clients: subprocess.Popen[bytes]) -> None:
    assert clients.stdin is not None
    clients.stdin.write(b"go\n")
    clients.stdin.flush()


def _expect(clients: subprocess.Popen[bytes], line: str) -> None:
    assert clients.stdout is not None
    if clients.stdout.readline().decode().strip() != line:
        raise Failed(f"the clients ended before they were {line}")


def sse(workspace: Workspace) -> Measure:
    """A hundred events of 1 KB a second, in bursts of ten.

    Quick is still enough for ours to cost several of the 10 ms that the kernel counts CPU in.
    """
    clients, events = (200, 100) if workspace.quick else (500, 300)
    ours, theirs = (Streams(workspace, path, clients, events) for path in ("ours", "baseline"))
    return Measure("sse-500", ours, theirs, "sse-starlette", 8.0)
