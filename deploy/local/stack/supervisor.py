"""Starts the whole stack in order, keeps it running, and stops it in order."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stack import camera, home, ports, services, topics
from stack.console import Console
from stack.external import external_store, wait_for_external
from stack.kafka import Kafka, kafka_round_trip
from stack.keep import cancelled, keep
from stack.part import Part, PartSupervisor
from stack.postgres import Postgres, answers, create_database
from stack.settings import JARS, REPO, StackError, StackSettings

WAITING_S = 15


class Supervisor:
    """One stack on one home. `start` may be cancelled and `stop` called at any point."""

    def __init__(self, settings: StackSettings, console: Console) -> None:
        self.settings = settings
        self.console = console
        self.secrets = home.read_secrets(settings.home)
        self.kafka_bootstrap = settings.kafka_bootstrap or ""
        self.database_url = settings.database_url or ""
        self._infrastructure: list[PartSupervisor] = []
        self._services: list[PartSupervisor] = []
        self._run_file: dict[str, Any] = {}
        self._stale = asyncio.Event()
        self._recording: asyncio.Task[None] | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port('api')}"

    @property
    def ingest_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port('ingest')}"

    def environment(self) -> dict[str, str]:
        """The common environment of our own programs."""
        return services.shared_environment(self.settings, self.secrets, self.kafka_bootstrap, self.database_url)

    async def start(self) -> None:
        """Start everything and return when every part is ready. Raises StackError, OSError."""
        self._recording = asyncio.create_task(keep("run.json", self._record, self.console.event))
        (self.settings.home / "run.json").unlink(missing_ok=True)  # of a killed supervisor
        leftovers = home.kill_leftovers(self.settings.home)
        if leftovers:
            self.console.step(f"ended what a killed stack left: {', '.join(leftovers)}")
        ports.check(self.settings.ports(), self.settings.port_base)
        await _all_or_none([self._start_kafka(), self._start_postgres(), self._check_store()])
        await self._create_topics()
        await self._start_services()

    async def start_camera(self, clip: Path) -> None:
        """Start the demo's camera, which shows the clip over and over."""
        await self._start_part(camera.part(self.settings, clip), self._services)

    async def stop(self) -> None:
        """Stop the services, then Kafka and Postgres; remove run.json. What cannot be stopped is reported."""
        if self._recording:
            await cancelled(self._recording)
        self._remove("run.json")
        await self._stop(self._services)
        await self._stop(self._infrastructure)
        self._remove("processes.json")

    def _remove(self, name: str) -> None:
        try:
            (self.settings.home / name).unlink(missing_ok=True)
        except OSError as error:
            self.console.event(name, f"could not be removed: {error}")

    async def _stop(self, supervisors: list[PartSupervisor]) -> None:
        outcomes = await asyncio.gather(*(each.stop() for each in supervisors), return_exceptions=True)
        for supervisor, outcome in zip(supervisors, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                self.console.event(supervisor.part.name, f"was not stopped: {outcome}")

    def write_run_file(self, **more: Any) -> None:
        """Write run.json soon, and rewrite it with current pids until the stop."""
        self._run_file = {
            "api_url": self.api_url,
            "ingest_url": self.ingest_url,
            "kafka_bootstrap": self.kafka_bootstrap,
            "database_url": self.database_url,
            "ops_urls": services.ops_urls(self.settings),
            **more,
        }
        self._changed()

    def pids(self) -> dict[str, int]:
        """The process of every part that runs now."""
        supervisors = [*self._infrastructure, *self._services]
        return {supervisor.part.name: supervisor.pid for supervisor in supervisors if supervisor.pid}

    def _changed(self) -> None:
        self._stale.set()

    async def _record(self) -> None:
        """Write who runs whenever that changes. What cannot be written now, on a full disk, is written later."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                self._write_pids()
            except OSError:
                self._stale.set()
                raise

    def _write_pids(self) -> None:
        pids = self.pids()
        home.record_processes(self.settings.home, pids)
        if self._run_file:
            home.write_private(self.settings.home / "run.json", {**self._run_file, "pids": pids})

    async def _start_kafka(self) -> None:
        if self.kafka_bootstrap:
            await wait_for_external("Kafka", lambda: kafka_round_trip(self.kafka_bootstrap), self.console.step)
            return
        kafka = Kafka(
            home=self.settings.home / "kafka",
            jars=JARS,
            port=self.settings.port("kafka"),
            controller_port=self.settings.port("kafka controller"),
        )
        self.kafka_bootstrap = kafka.bootstrap
        await self._start_part(kafka.part(), self._infrastructure)

    async def _start_postgres(self) -> None:
        if self.database_url:
            await wait_for_external("Postgres", lambda: answers(self.database_url), self.console.step)
            return
        postgres = Postgres(
            home=self.settings.home / "postgres",
            port=self.settings.port("postgres"),
            password=self.secrets["postgres_password"],
        )
        self.database_url = postgres.url()
        await self._start_part(postgres.part(), self._infrastructure)
        await create_database(postgres)

    async def _check_store(self) -> None:
        """Ask the S3 store that the caller named: without it every service would start and wait."""
        if self.settings.s3_url:
            await wait_for_external("object store", external_store(), self.console.step)

    async def _create_topics(self) -> None:
        made = await topics.create(self.kafka_bootstrap, topics.declared(REPO), self.settings.partitions)
        if made:
            self.console.step(f"{made} topics created")

    async def _start_services(self) -> None:
        shared = self.environment()
        parts = [services.part(name, self.settings, self.secrets, shared) for name in services.MODULES]
        await _all_or_none([self._start_part(part, self._services) for part in parts])

    async def _start_part(self, part: Part, supervisors: list[PartSupervisor]) -> None:
        supervisor = PartSupervisor(part, report=self.console.event, changed=self._changed)
        supervisors.append(supervisor)
        waiting = asyncio.create_task(
            keep(part.name, lambda: self._print_what_is_missing(supervisor), self.console.event)
        )
        try:
            seconds = await supervisor.start()
        finally:
            waiting.cancel()
        self.console.step(f"{part.name} is ready ({seconds:.1f} s)")

    async def _print_what_is_missing(self, supervisor: PartSupervisor) -> None:
        """From time to time while a part starts."""
        while True:
            await asyncio.sleep(WAITING_S)
            self.console.step(f"{supervisor.part.name} is not ready yet: {supervisor.waits_for or 'it is starting'}")


async def _all_or_none(starts: Sequence[Any]) -> None:
    """Await all starts; the first failure cancels the others."""
    tasks = [asyncio.ensure_future(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        await cancelled(*tasks)


def read_run(settings: StackSettings) -> dict[str, Any]:
    """run.json of the running stack. Raises StackError when none runs."""
    try:
        return dict(json.loads((settings.home / "run.json").read_text()))
    except FileNotFoundError:
        raise StackError(f"No stack runs on {settings.home} (start one with `make run`)") from None
