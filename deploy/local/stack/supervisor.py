"""Starts the whole stack in order, keeps it running, and stops it in order."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from stack import home, ports, services, topics
from stack.console import Console
from stack.errors import StackError
from stack.infrastructure import kafka_part, postgres_part
from stack.kafka import Kafka
from stack.keeper import Keeper, Part
from stack.postgres import Postgres, answers, create_database
from stack.ready import kafka_round_trip, until
from stack.settings import JARS, REPO, StackSettings

FOREIGN_PATIENCE_S = 30


class Supervisor:
    """One stack on one home. `start` may be cancelled at any point; `stop` is right at any point."""

    def __init__(self, settings: StackSettings, console: Console) -> None:
        self.settings = settings
        self.console = console
        self.secrets = home.read_secrets(settings.home)
        self.kafka_bootstrap = settings.kafka_bootstrap or ""
        self.database_url = settings.database_url or ""
        self._infrastructure: list[Keeper] = []
        self._services: list[Keeper] = []
        self._told: dict[str, Any] = {}

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port('api')}"

    @property
    def ingest_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port('ingest')}"

    def environment(self) -> dict[str, str]:
        """The common environment of our own programs."""
        return services.common(self.settings, self.secrets, self.kafka_bootstrap, self.database_url)

    async def start(self) -> None:
        """Start everything and return when every part is ready. Raises StackError."""
        (self.settings.home / "run.json").unlink(missing_ok=True)  # of a killed supervisor
        leftovers = home.end_leftovers(self.settings.home)
        if leftovers:
            self.console.step(f"ended what a killed stack left: {', '.join(leftovers)}")
        ports.check(self.settings.ports(), self.settings.port_base)
        await asyncio.gather(self._start_kafka(), self._start_postgres())
        await self._create_topics()
        await self._start_services()

    async def stop(self) -> None:
        """Stop the services, then what they stand on; take run.json away."""
        (self.settings.home / "run.json").unlink(missing_ok=True)
        await _stop(self._services)
        await _stop(self._infrastructure)
        (self.settings.home / "processes.json").unlink(missing_ok=True)

    def tell(self, **told: Any) -> None:
        """Write run.json: from now on, and with current pids, until the stop."""
        self._told = {
            "api_url": self.api_url,
            "ingest_url": self.ingest_url,
            "kafka_bootstrap": self.kafka_bootstrap,
            "database_url": self.database_url,
            "ops_urls": services.ops_urls(self.settings),
            **told,
        }
        self._changed()

    def pids(self) -> dict[str, int]:
        """The process of every part that runs now."""
        keepers = [*self._infrastructure, *self._services]
        return {keeper.part.name: keeper.pid for keeper in keepers if keeper.pid}

    def _changed(self) -> None:
        pids = self.pids()
        home.note_processes(self.settings.home, pids)
        if self._told:
            home.write_private(self.settings.home / "run.json", {**self._told, "pids": pids})

    async def _start_kafka(self) -> None:
        if self.kafka_bootstrap:
            await self._foreign("Kafka", lambda: kafka_round_trip(self.kafka_bootstrap))
            return
        kafka = Kafka(
            home=self.settings.home / "kafka",
            jars=JARS,
            port=self.settings.port("kafka"),
            controller_port=self.settings.port("kafka controller"),
        )
        self.kafka_bootstrap = kafka.bootstrap
        await self._keep(kafka_part(kafka), self._infrastructure)

    async def _start_postgres(self) -> None:
        if self.database_url:
            await self._foreign("Postgres", lambda: answers(self.database_url))
            return
        postgres = Postgres(
            home=self.settings.home / "postgres",
            port=self.settings.port("postgres"),
            password=self.secrets["postgres_password"],
        )
        self.database_url = postgres.url()
        await self._keep(postgres_part(postgres), self._infrastructure)
        await create_database(postgres)

    async def _foreign(self, name: str, probe: Any) -> None:
        """Wait for a part that is not ours."""
        try:
            await asyncio.wait_for(until(probe), FOREIGN_PATIENCE_S)
        except TimeoutError:
            raise StackError(f"the {name} that you named does not answer") from None
        self.console.step(f"{name}: yours answers")

    async def _create_topics(self) -> None:
        made = await topics.create(self.kafka_bootstrap, topics.wanted(REPO), self.settings.partitions)
        if made:
            self.console.step(f"{made} topics created")

    async def _start_services(self) -> None:
        shared = self.environment()
        parts = [services.part(name, self.settings, self.secrets, shared) for name in services.MODULES]
        await _all_or_none([self._keep(part, self._services) for part in parts])

    async def _keep(self, part: Part, keepers: list[Keeper]) -> None:
        keeper = Keeper(part, tell=self.console.news, changed=self._changed)
        keepers.append(keeper)
        seconds = await keeper.start()
        self.console.step(f"{part.name} is ready ({seconds:.1f} s)")


async def _all_or_none(starts: Sequence[Any]) -> None:
    """Run all starts; the first failure cancels the others."""
    tasks = [asyncio.ensure_future(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stop(keepers: list[Keeper]) -> None:
    await asyncio.gather(*(keeper.stop() for keeper in keepers))


def read_run(settings: StackSettings) -> dict[str, Any]:
    """What the running stack told about itself; raises StackError when there is none."""
    try:
        return dict(json.loads((settings.home / "run.json").read_text()))
    except FileNotFoundError:
        raise StackError(f"No stack runs on {settings.home} (start one with `make run`)") from None
