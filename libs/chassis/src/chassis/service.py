"""One process: settings, signals, tasks, the operations port, and an ordered shutdown."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis import logs
from chassis.clock import Clock, SystemClock
from chassis.health import Health
from chassis.metrics import HTTP_CONNECTIONS, HTTP_REJECTED, Metrics
from chassis.settings import ServiceSettings
from webserver.minutes import MinuteCounts
from webserver.serve import Connection, Task, serve_asgi

S = TypeVar("S", bound=ServiceSettings)
Close = Callable[[], Awaitable[None]]


class Service:
    """The parts of a process. Tasks run until `stop`; one that ends early or raises ends the process."""

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
        self._ops_stop = asyncio.Event()
        self._ops: asyncio.Future[None] | None = None
        self.health.add_check("start", lambda: None if self._started else "still starting")

    def serve(self, app: Any, host: str, port: int, connection: type[Connection] = Connection) -> None:
        """Serve an ASGI app, the service's own HTTP, as a task."""
        limits, observer = self.settings.http_limits, self._observer("http")
        self.task("http", serve_asgi(app, host, port, connection, limits, observer))

    def task(self, name: str, run: Task) -> None:
        self._tasks[name] = run

    def on_close(self, close: Close) -> None:
        """Call `close` at the end, after the tasks drained, last added first."""
        self._closing.append(close)

    def open_ops(self) -> "asyncio.Future[None]":
        """Answer probes: before what `build` waits for is there, and until the process has drained."""
        if self._ops is None:
            settings = self.settings
            serve = serve_asgi(
                *(self.ops(), settings.ops_host, settings.ops_port),
                limits=settings.probe_limits,
                observer=self._observer("ops"),
            )
            self._ops = asyncio.ensure_future(serve(self._ops_stop))
        return self._ops

    async def run(self) -> int:
        """Run until SIGTERM, SIGINT or the end of a task; returns the exit code."""
        self._catch_signals()
        self._started = True
        ops: asyncio.Future[Any] = self.open_ops()
        tasks = {asyncio.create_task(_run(run, self.stop), name=name) for name, run in self._tasks.items()}
        stopped: asyncio.Future[Any] = asyncio.create_task(self.stop.wait())
        await asyncio.wait({stopped, ops, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        early = not self.stop.is_set()
        self.stop.set()
        await self._drain(tasks)
        failed = [task for task in tasks if self._failed(task)]
        await self.close()
        return 1 if early or failed else 0

    async def close(self) -> None:
        """Close what was opened, last first; a failure is logged and does not stop the others."""
        for close in reversed(self._closing):
            try:
                async with asyncio.timeout(5):
                    await close()
            except Exception:
                self.log.exception("close_failed")
        self._ops_stop.set()
        if self._ops is not None:
            await asyncio.wait({self._ops}, timeout=2)

    def ops(self) -> Starlette:
        """The operations app: /livez, /readyz, /metrics."""

        async def metrics(_request: Request) -> Response:
            return Response(self.metrics.exposition(), media_type="text/plain; version=0.0.4")

        probes = [_probe("/livez", self.health.dead), _probe("/readyz", self.health.unready, self.health.checks)]
        return Starlette(routes=[*probes, Route("/metrics", metrics)])

    def _observer(self, server: str) -> "_HttpObserver":
        return _HttpObserver(server, self.metrics, self.log)

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)

    async def _drain(self, tasks: set[asyncio.Task[None]]) -> None:
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=10)
        for task in late:
            self.log.warning("task_cancelled_at_stop", task=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _failed(self, task: asyncio.Task[None]) -> bool:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.log.error("task_failed", task=task.get_name(), exc_info=error)
        return error is not None


class _HttpObserver:
    """What an HTTP server refuses, as metrics, and once a minute as a line of the log."""

    def __init__(self, server: str, metrics: Metrics, log: Any) -> None:
        self._server, self._metrics = server, metrics
        self._minutes = MinuteCounts(lambda counts: log.warning("http_rejected", server=server, counts=counts))

    def connections(self, number: int) -> None:
        self._metrics.set(HTTP_CONNECTIONS, number, server=self._server)

    def rejected(self, code: str) -> None:
        self._metrics.count(HTTP_REJECTED, server=self._server, code=code)
        self._minutes.add(code)


async def _run(task: Task, stop: asyncio.Event) -> None:
    await task(stop)


def _probe(path: str, check: Callable[[], dict[str, str]], names: Callable[[], list[str]] | None = None) -> Route:
    async def health_response(_request: Request) -> Response:
        failures = check()
        checks = {} if names is None else {"checks": names()}
        body = {"ok": not failures, "complaints": failures} | checks
        return JSONResponse(body, status_code=503 if failures else 200)

    return Route(path, health_response)


def main(name: str, settings_cls: type[S], build: Callable[[Service, S], Awaitable[None]]) -> None:
    """The whole of a service's `__main__`: arguments, settings, logs, and one asyncio.run."""
    parser = argparse.ArgumentParser(prog=name, description=f"tablewatch {name}; settings come from the environment")
    parser.add_argument("--version", action="version", version=f"{name} {_version(name)}")
    parser.add_argument("--check-settings", action="store_true", help="check the settings and exit")
    arguments = parser.parse_args()
    try:
        settings = settings_cls()
    except ValidationError as error:
        sys.exit(f"{name}: invalid settings\n{error}")
    if arguments.check_settings:
        sys.exit(0)
    logs.configure(name, settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        sys.exit(runner.run(_run_service(name, settings, build)))


async def _run_service(name: str, settings: S, build: Callable[[Service, S], Awaitable[None]]) -> int:
    service = Service(name, settings)
    service.open_ops()
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
