"""python -m bench.folding [--records N] [--tables N]: how much evidence one process folds, from a backlog.

Verdicts of live tables, one every five seconds of capture time, wait on real Kafka before the fold starts; one in three
leads to a refresh, as on a quiet day. Shown: records a second between a tenth of them and all but a fiftieth, of
processor time too, which a busy machine does not stretch; and how long until all of it is committed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from bench.harness import Failed
from bench.infrastructure import Infrastructure
from bench.processes import Server, free_port, server
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from chassis.records import Sendable
from tablewatch_schemas import TableEvidence, decode, encode, new_id

GROUP = "classifier-gateway-fold"
BEGINS_IN, EVERY, TIMEOUT_S = timedelta(hours=1), timedelta(seconds=5), 600
HANDLED = re.compile(rb'records_handled_total\{[^}]*group="classifier-gateway-fold"[^}]*\} ([0-9.e+]+)')


def verdicts(records: int, tables: int) -> Iterator[Sendable]:
    """One table after the other; each changes every hundred verdicts."""
    site, begins = new_id("site"), datetime.now(UTC) + BEGINS_IN
    names = [new_id("tbl") for _ in range(tables)]
    for number in range(records):
        index, table = divmod(number, tables)
        taken = (index + table * 17) // 100 % 2 == 1
        at = begins + index * EVERY
        event = TableEvidence(
            kind="verdict", site_id=site, table_id=names[table], camera_id="cam_bench", run_id=None,
            source_id="cam_bench", captured_at=at, label="occupied" if taken else "free", confidence=0.9,
            people=2 if taken else 0, things=None, reason=None, frame_id=f"frame-{index}", frame_key=None, crop=None,
            model=None, layout_version=1, thresholds=None, last=False,
        )  # fmt: skip
        yield encode(event, source="tablewatch/bench", time=at)


async def fill(bootstrap: str, records: int, tables: int) -> None:
    producer = KafkaProducer(bootstrap, "bench", 6, Metrics())
    await producer.start()
    made = list(verdicts(records, tables))
    for start in range(0, records, 5000):
        await producer.send_all(made[start : start + 5000])
    await producer.stop()


def handled(port: int) -> float:
    """Records that the fold has processed; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return sum(float(found) for found in HANDLED.findall(answer.read()))
    except OSError:
        return 0.0


def run(folding: Server, port: int, records: int) -> tuple[float, float, float]:
    """Records a second, records a second of processor time, and when (monotonic) nearly all were done."""
    points: list[tuple[float, float, float]] = []
    until = time.monotonic() + TIMEOUT_S
    while not points or points[-1][1] < records * 0.98:
        if folding.process.poll() is not None or time.monotonic() > until:
            raise Failed(f"the fold did not get through: {points[-3:]} {folding.log.read_text()[-2000:]}")
        now, done = time.monotonic(), handled(port)
        if done >= records * 0.1:
            points.append((now, done, folding.cpu_s()))
        time.sleep(0.1)
    (began, first, cpu), (ended, last, cpu_then) = points[0], points[-1]
    return (last - first) / (ended - began), (last - first) / (cpu_then - cpu), ended


async def committed(bootstrap: str) -> None:
    """Wait until next to nothing is left to commit; ticks come all the time."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await admin.start()
    await reader.start()
    try:
        while True:
            found = await admin.list_consumer_group_offsets(GROUP)
            partitions = [each for each in found if each.topic == TableEvidence.TOPIC]
            ends = await reader.end_offsets(partitions) if partitions else {}
            if partitions and sum(ends[each] - max(0, found[each].offset) for each in partitions) < 20:
                return
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
        await reader.stop()


async def contradictions(bootstrap: str) -> tuple[int, int]:
    """(event ids on table.state, how many of them came with two contents)."""
    subscription = await KafkaBroker(bootstrap, "bench").read("table.state")
    contents: dict[str, set[bytes]] = {}
    quiet = 0
    while quiet < 5:
        records = await subscription.poll(0.5, 2000)
        for each in records:
            received = decode(each.topic, each.key, each.value, each.headers)
            contents.setdefault(received.id, set()).add(each.value or b"")
        quiet = 0 if records else quiet + 1
    await subscription.close()
    return len(contents), sum(len(each) > 1 for each in contents.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.folding", description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="pieces of evidence (default 20000)")
    parser.add_argument("--tables", type=int, default=200, help="tables (default 200)")
    chosen = parser.parse_args()
    home = Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench" / "folding"
    infra = Infrastructure.start(home)
    try:
        asyncio.run(fill(infra.kafka_bootstrap, chosen.records, chosen.tables))
        port = free_port()
        environment = {
            "KAFKA_BOOTSTRAP": infra.kafka_bootstrap, "DATABASE_URL": infra.database_url, "TABLEWATCH_HOME": str(home),
            "OPS_PORT": str(port), "LOG_LEVEL": "warning", "CLASSIFIER_GATEWAY_ROLES": "fold",
        }  # fmt: skip
        with server([sys.executable, "-m", "classifier_gateway"], environment, home / "fold.log") as folding:
            rate, of_cpu, done = run(folding, port, chosen.records)
            asyncio.run(asyncio.wait_for(committed(infra.kafka_bootstrap), TIMEOUT_S))
            later = time.monotonic() - done
        ids, twice = asyncio.run(contradictions(infra.kafka_bootstrap))
        print(
            f"evidence={chosen.records} tables={chosen.tables} a_second={rate:.0f} a_cpu_second={of_cpu:.0f}"
            f" committed_after_s={later:.1f} states={ids} contradictions={twice} load={os.getloadavg()[0]:.1f}"
        )
        return 1 if twice else 0
    finally:
        infra.stop()


if __name__ == "__main__":
    sys.exit(main())
