"""python -m bench.day [--frames N] [--rate R]: a day of one site in minutes, from its crops to its read models.

Ten cameras of two tables, on the live lane, on real Kafka and Postgres, as four processes: dispatch, both folds, the
projector. There are no pictures: the events of the extractor, the cropper and the detector (frame.extracted,
crop.ready, hazard.candidate) are made here, `--rate` frames a second, and the classifier knows the verdicts. The day
begins in ten minutes and is faster than the clock, so that ticks find nothing stale. Shown: memory of each process and
lag of each group, every five seconds; the ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from bench.day_site import CAMERAS, SOURCE, TABLES_EACH, Site
from bench.harness import Failed
from bench.infrastructure import Infrastructure
from bench.processes import Server, free_port, server
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.migrations import migrate
from chassis.produce import KafkaProducer
from chassis.records import Record, Sendable
from classifier_gateway.fold.step import TableFold
from objects.links import LinkSigner
from objects.local import LocalObjects
from tablewatch_schemas import TableEvidence, TableEvidenceThresholds, encode
from tablewatch_schemas.defaults import LIVE_THRESHOLDS
from tablewatch_schemas.foreign import read_object

MIGRATIONS = Path(__file__).resolve().parents[1] / "services" / "api" / "migrations"
SAMPLE_S, TIMEOUT_S = 5.0, 300
GROUPS = ("classifier-gateway-dispatch", "classifier-gateway-fold", "hazard-follow", "api-projector")
PROCESSES = {
    "dispatch": ("bench.day_dispatch", {"CLASSIFIER_GATEWAY_ROLES": "dispatch"}),
    "fold": ("classifier_gateway", {"CLASSIFIER_GATEWAY_ROLES": "fold"}),
    "follow": ("hazard", {"HAZARD_ROLES": "follow"}),
    "projector": ("api", {"API_ROLES": "projector"}),
}
TOPICS = ("frame.extracted", "crop.ready", "hazard.candidate")


class Expected:
    """What the pure fold makes of the evidence: ids of the states, and how many of them are transitions."""

    def __init__(self) -> None:
        self._rows: dict[str, bytes] = {}
        self._fold = TableFold(TableEvidenceThresholds(**asdict(LIVE_THRESHOLDS)), 86_400_000)
        self.states: set[bytes] = set()

    def apply(self, evidence: TableEvidence) -> None:
        """The next piece of evidence of any table, in the order of its table."""
        made = encode(evidence, source=SOURCE, time=evidence.captured_at)
        step = self._fold.step(Record(made.topic, 0, 0, 0, made.key, made.value, tuple(made.headers)), self)
        self.states |= {dict(each.headers)["ce_id"] for each in step.outputs}
        self._rows |= {key: row for key, row in step.rows.items() if row is not None}

    def get(self, key: str) -> bytes | None:
        return self._rows.get(key)

    def keys(self, partition: int) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class Load:
    """How many frames, how many a second, and the longest duration in seconds."""

    frames: int
    rate: int
    longest_s: float


@dataclass(frozen=True)
class Sample:
    """Seconds since the start, frames sent, resident MiB by process, lag by group."""

    at_s: float
    sent: int
    sizes: dict[str, float]
    lags: dict[str, int]


@dataclass
class Monitor:
    """Takes a sample every SAMPLE_S while it runs."""

    servers: dict[str, Server]
    admin: AIOKafkaAdminClient
    reader: Any
    samples: list[Sample] = field(default_factory=list)
    sent: int = 0
    started: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        while True:
            sizes = {name: resident_mib(each.process.pid) for name, each in self.servers.items()}
            sample = Sample(time.monotonic() - self.started, self.sent, sizes, await self.lags())
            self.samples.append(sample)
            memory = " ".join(f"{name}={size:.0f}MiB" for name, size in sizes.items())
            print(f"{sample.at_s:6.0f} s {sample.sent:7d} frames {memory} {sample.lags}", file=sys.stderr, flush=True)
            await asyncio.sleep(SAMPLE_S)

    async def lags(self) -> dict[str, int]:
        """By group: records that are not committed yet."""
        return {group: await self._lag(group) for group in GROUPS}

    async def _lag(self, group: str) -> int:
        committed = await self.admin.list_consumer_group_offsets(group)
        partitions = [each for each in committed if not each.topic.endswith("changelog")]
        ends = await self.reader.end_offsets(partitions) if partitions else {}
        return sum(max(0, ends[each] - max(0, committed[each].offset)) for each in partitions)


def resident_mib(pid: int) -> float:
    """Resident memory now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def publish(site: Site, infra: Infrastructure, monitor: Monitor, load: Load) -> Expected:
    """`rate` frames a second, ten at a time."""
    expected = Expected()
    producer = KafkaProducer(infra.kafka_bootstrap, "bench", 6, Metrics())
    await producer.start()
    due = time.monotonic()
    batch: list[Sendable] = []
    for number in range(1, load.frames + 1):
        for each in site.expected_evidence(number - 1):
            expected.apply(each)
        batch += site.frame(number - 1)
        if number % CAMERAS == 0 or number == load.frames:
            await producer.send_all(batch)
            batch, monitor.sent = [], number
            due += CAMERAS / load.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() - monitor.started > load.longest_s:
                break
    await producer.stop()
    return expected


async def caught_up(monitor: Monitor) -> float:
    """Seconds until every group is at the end; a tick may be under way. Raises Failed."""
    started = time.monotonic()
    while any(lag > 10 for lag in (await monitor.lags()).values()):
        if time.monotonic() - started > TIMEOUT_S:
            raise Failed(f"lag left: {await monitor.lags()}")
        await asyncio.sleep(1)
    return time.monotonic() - started


async def read_all(bootstrap: str, topic: str, site: Site) -> list[Record]:
    """All records of a topic that name the site."""
    subscription = await KafkaBroker(bootstrap, "bench").read(topic)
    found: list[Record] = []
    quiet = 0
    while quiet < 5:
        records = await subscription.poll(0.5, 1000)
        found += [each for each in records if site.site_id.encode() in (each.value or b"")]
        quiet = 0 if records else quiet + 1
    await subscription.close()
    return found


async def counted(database: str) -> dict[str, int]:
    """Rows of the api's tables that a day could grow."""
    conn = await asyncpg.connect(database, server_settings={"search_path": "api"})
    tables = ("states", "hazards", "site_events", "frames", "job_history")
    rows = {name: await conn.fetchval(f"SELECT count(*) FROM {name}") for name in tables}  # noqa: S608 (our names)
    rows |= {
        f"site_events {row['type']}": row["n"]
        for row in await conn.fetch("SELECT type, count(*) AS n FROM site_events GROUP BY type ORDER BY type")
    }
    await conn.close()
    return rows


async def prepare(database: str, site: Site) -> None:
    """The api's schema with our site."""
    await migrate(database, "api", MIGRATIONS)
    conn = await asyncpg.connect(database, server_settings={"search_path": "api"})
    await conn.execute("INSERT INTO sites VALUES ($1, 'Day', 'UTC', now())", site.site_id)
    await conn.execute("INSERT INTO site_sequences (site_id) VALUES ($1)", site.site_id)
    await conn.close()


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def day(infra: Infrastructure, servers: dict[str, Server], site: Site, load: Load) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=infra.kafka_bootstrap)
    reader = AIOKafkaConsumer(bootstrap_servers=infra.kafka_bootstrap, enable_auto_commit=False)
    await admin.start()
    await reader.start()
    monitor = Monitor(servers, admin, reader)
    monitoring = asyncio.create_task(monitor.run())
    try:
        expected = await publish(site, infra, monitor, load)
        took, back = time.monotonic() - monitor.started, await caught_up(monitor)
        await asyncio.sleep(SAMPLE_S * 2)
    finally:
        monitoring.cancel()
        await admin.close()
        await reader.stop()
    states = await read_all(infra.kafka_bootstrap, "table.state", site)
    alerts = await read_all(infra.kafka_bootstrap, "hazard.alert", site)
    letters = [await read_all(infra.kafka_bootstrap, f"{topic}.{group}.dlq", site) for topic, group in _dead_letters()]
    rows = await counted(infra.database_url)
    return report(monitor, expected, states, alerts, sum(map(len, letters)), rows, took, back)


def _dead_letters() -> Iterator[tuple[str, str]]:
    yield "crop.ready", "classifier-gateway-dispatch"
    yield "table.evidence", "classifier-gateway-fold"
    yield "hazard.candidate", "hazard-follow"
    for topic in ("frame.extracted", "crop.ready", "table.state", "hazard.candidate", "hazard.alert"):
        yield topic, "api-projector"


def report(
    monitor: Monitor, expected: Expected, states: list[Record], alerts: list[Record], dead_letters: int,
    rows: dict[str, int], took: float, back: float,
) -> bool:  # fmt: skip
    """Print the figures; whether the ledger balances."""
    count = monitor.sent
    running = [each for each in monitor.samples if each.sent > count * 0.1] or monitor.samples
    for name in monitor.servers:
        sizes = [each.sizes[name] for each in running]
        fifth = max(1, len(sizes) // 5)
        begin, end = median(sizes[:fifth]), median(sizes[-fifth:])
        print(f"memory {name}: {begin:.0f} MiB after a tenth, {end:.0f} MiB at the end, most {max(sizes):.0f} MiB")
    for group in GROUPS:
        lags = [each.lags[group] for each in monitor.samples]
        print(f"lag {group}: median {median(lags):.0f}, most {max(lags)}, at the end {lags[-1]}")
    ids = {dict(each.headers)["ce_id"] for each in states}
    refreshed = sum((read_object(each.value) or {}).get("reason") == "refresh" for each in states)
    print(
        f"frames {count}, records {count * (len(TOPICS) + TABLES_EACH)}, in {took:.0f} s"
        f" ({count / took:.0f} frames a second), all caught up {back:.1f} s later"
    )
    print(
        f"states: expected {len(expected.states)}, published {len(ids)}, records {len(states)}, refreshes {refreshed}"
    )
    print(f"alerts: records {len(alerts)}, dead letters {dead_letters}, rows {rows}")
    balanced = ids == expected.states and dead_letters == 0
    print("the ledger balances" if balanced else "THE LEDGER DOES NOT BALANCE")
    return balanced


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.day", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000, help="of all cameras together (default 100000)")
    parser.add_argument("--rate", type=int, default=200, help="frames a second (default 200)")
    parser.add_argument("--longest", type=float, default=7200, help="seconds after which it is enough (default 7200)")
    chosen = parser.parse_args()
    home = Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench" / "day"
    infra = Infrastructure.start(home)
    site, load = Site(), Load(chosen.frames, chosen.rate, chosen.longest)
    try:
        with ExitStack() as stack:
            objects = LocalObjects(home / "objects", LinkSigner(SecretStr("b" * 32), "http://127.0.0.1"))
            asyncio.run(site.store(objects))
            asyncio.run(prepare(infra.database_url, site))
            servers: dict[str, Server] = {}
            for name, (module, roles) in PROCESSES.items():
                port = free_port()
                environment = roles | {
                    "KAFKA_BOOTSTRAP": infra.kafka_bootstrap, "DATABASE_URL": infra.database_url,
                    "TABLEWATCH_HOME": str(home), "OPS_PORT": str(port), "LOG_LEVEL": "warning",
                    "OBJECTS_DIR": str(home / "objects"), "LINK_SECRET": "b" * 32, "BENCH_SITE": site.to_json(),
                }  # fmt: skip
                servers[name] = stack.enter_context(
                    server([sys.executable, "-m", module], environment, home / f"{name}.log")
                )
                servers[name].wait_for(lambda port=port: ready(port), name)  # type: ignore[misc]
            return 0 if asyncio.run(day(infra, servers, site, load)) else 1
    finally:
        infra.stop()


if __name__ == "__main__":
    sys.exit(main())
