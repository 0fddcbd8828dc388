"""Serving an ASGI app as a task of a process."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn

from webserver.connection import ABORT, Connection
from webserver.connections import ConnectionTable, Observer, Unobserved
from webserver.limits import DEFAULTS, HttpLimits

__all__ = ["ABORT", "Connection", "Task", "serve_asgi"]

Task = Callable[[asyncio.Event], Awaitable[None]]
SWEEP_S = 1.0


def serve_asgi(
    app: Any,
    host: str,
    port: int,
    connection: type[Connection] = Connection,
    limits: HttpLimits = DEFAULTS,
    observer: Observer | None = None,
) -> Task:
    """Serve an ASGI app until `stop`, and then until its open requests end, at most two seconds."""

    async def run(stop: asyncio.Event) -> None:
        table = ConnectionTable(limits, observer or Unobserved())
        http: Any = partial(connection, table)  # uvicorn takes whatever makes a protocol
        config = uvicorn.Config(
            *(app, host, port),
            http=http,
            ws="none",
            proxy_headers=False,  # Connection does that, before it counts
            log_config=None,
            access_log=False,
            timeout_keep_alive=math.ceil(limits.idle_s),  # to the second; the sweep is exact
            timeout_graceful_shutdown=2,
        )
        server = _QuietServer(config)
        serving = asyncio.create_task(server.serve())
        sweeping = asyncio.create_task(_sweep(table))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        await serving
        sweeping.cancel()

    return run


async def _sweep(table: ConnectionTable) -> None:
    """End overdue connections, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_S)
        table.sweep(loop.time())


class _QuietServer(uvicorn.Server):
    """A server that leaves the process's signals to Service."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no handlers."""
        yield
