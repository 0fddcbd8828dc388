"""One process: settings, signals, tasks, the operations port, and an ordered way out."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any, TypeVar

import structlog
import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis import logs
from chassis.clock import Clock, SystemClock
from chassis.connection import Connection
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)
Task = Callable[[asyncio.Event], Awaitable[None]]
Close = Callable[[], Awaitable[None]]


class Service:
    """What a process is made of. Tasks run until `stop`; one that ends early or raises ends the process."""

    def __init__(self, name: str, settings: ServiceSettings) -> None:
        self.name = name
        self.settings = settings
        self.clock: Clock = SystemClock()
        self.metrics = Metrics()
        self.health = Health(self.clock)
        self.log: Any = structlog.get_logger(name)
        self.stop = asyncio.Event()
        self._tasks: dict[str, Task] = {}
        self._closing: list[Close] = []
        self._started = False
        self.health.ready("start", lambda: None if self._started else "still starting")

    def task(self, name: str, run: Task) -> None:
        """Add a task of the process."""
        self._tasks[name] = run

    def closing(self, close: Close) -> None:
        """Call `close` at the end, after the tasks drained, last added first."""
        self._closing.append(close)

    async def run(self) -> int:
        """Run until SIGTERM, SIGINT or the end of a task; the exit code."""
        self._catch_signals()
        self._started = True
        # The operations port lives longest, so that a draining process can still be asked.
        ops_stop = asyncio.Event()
        ops = asyncio.ensure_future(serve_asgi(self.ops(), self.settings.ops_host, self.settings.ops_port)(ops_stop))
        tasks = {asyncio.create_task(_run(run, self.stop), name=name) for name, run in self._tasks.items()}
        stopped = asyncio.create_task(self.stop.wait())
        await asyncio.wait({stopped, ops, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        early = not self.stop.is_set()
        self.stop.set()
        failed = [task for task in await self._drain(tasks) if self._failed(task)]
        await self.close()
        ops_stop.set()
        await asyncio.wait({ops}, timeout=2)
        return 1 if early or failed else 0

    async def close(self) -> None:
        """Close what was opened, last first; a failure is logged and the rest still closed."""
        for close in reversed(self._closing):
            try:
                async with asyncio.timeout(5):
                    await close()
            except Exception:
                self.log.exception("close_failed")

    def ops(self) -> Starlette:
        """The operations app: /livez, /readyz, /metrics."""

        async def livez(_request: Request) -> Response:
            return _verdict(self.health.dead())

        async def readyz(_request: Request) -> Response:
            return _verdict(self.health.unready())

        async def metrics(_request: Request) -> Response:
            return Response(self.metrics.exposition(), media_type="text/plain; version=0.0.4")

        return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)])

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)

    async def _drain(self, tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        if not tasks:
            return tasks
        _, late = await asyncio.wait(tasks, timeout=10)
        for task in late:
            self.log.warning("task_cancelled_at_stop", task=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return tasks

    def _failed(self, task: asyncio.Task[None]) -> bool:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.log.error("task_failed", task=task.get_name(), exc_info=error)
        return error is not None


async def _run(task: Task, stop: asyncio.Event) -> None:
    await task(stop)


def _verdict(complaints: dict[str, str]) -> JSONResponse:
    return JSONResponse({"ok": not complaints, "complaints": complaints}, status_code=503 if complaints else 200)


def serve_asgi(app: Any, host: str, port: int) -> Task:
    """Serve an ASGI app as a task of a Service; `stop` ends it after the open requests."""

    async def run(stop: asyncio.Event) -> None:
        config = uvicorn.Config(
            app, host, port, http=Connection, log_config=None, access_log=False, timeout_graceful_shutdown=2
        )
        server = _QuietServer(config)
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        await serving

    return run


class _QuietServer(uvicorn.Server):
    """A server that leaves the process's signals to Service."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: Service has them."""
        yield


def main(name: str, settings_cls: type[S], build: Callable[[Service, S], Awaitable[None]]) -> None:
    """The whole of a service's `__main__`: arguments, settings, logs, and one asyncio.run."""
    parser = argparse.ArgumentParser(prog=name, description=f"tablewatch {name}; settings come from the environment")
    parser.add_argument("--version", action="version", version=f"{name} {_version(name)}")
    parser.add_argument("--check-settings", action="store_true", help="read the settings, say what is wrong, and leave")
    arguments = parser.parse_args()
    try:
        settings = settings_cls()
    except ValidationError as error:
        sys.exit(f"{name}: the settings are not right\n{error}")
    if arguments.check_settings:
        sys.exit(0)
    logs.configure(name, settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        sys.exit(runner.run(_live(Service, name, settings, build)))


async def _live(make: type[Service], name: str, settings: S, build: Callable[[Service, S], Awaitable[None]]) -> int:
    service = make(name, settings)
    try:
        await build(service, settings)
    except BaseException:
        await service.close()
        raise
    return await service.run()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop


def _version(name: str) -> str:
    try:
        return metadata.version(f"tablewatch-{name}")
    except metadata.PackageNotFoundError:
        return "unknown"
