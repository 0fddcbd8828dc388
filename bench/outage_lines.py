"""How many lines the logs of all six services get while Kafka is away, and how many failures these lines stand for.

    python -m bench.outage_lines --seconds 120

Starts a stack of its own with a video under way, takes Kafka away for so long, brings it back and waits until every
service is ready again. A line that stands for others says how many (`repeated`): without the counting each of them
would have been a line. Kafka's own log is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from stack import topics
from stack.kafka import Kafka
from stack.part import PartSupervisor
from stack.ports import free_base, free_ports
from stack.settings import JARS, OFFSETS, REPO

from tablewatch_schemas.foreign import read_object

PARTITIONS = 6
START_S, AFTER_S = 300.0, 130.0
OTHERS = {"kafka.log", "postgres.log"}


@dataclass
class Lines:
    """Lines of the services' logs: written, and what they stand for, by logger and event."""

    written: Counter[str] = field(default_factory=Counter)
    stand_for: Counter[str] = field(default_factory=Counter)

    def add(self, line: bytes) -> None:
        """One line of a log; a counted one stands for as many as it says."""
        fields = read_object(line) or {}
        kind = f"{fields.get('level')} {fields.get('logger')} {str(fields.get('event'))[:60]}"
        self.written[kind] += 1
        if fields.get("event") != "repeats_over":
            count = fields.get("repeated")
            self.stand_for[kind] += count if isinstance(count, int) else 1


async def measure(home: Path, away_s: float) -> tuple[Lines, float]:
    """The lines from the moment Kafka went until two minutes after it was back, and how long readiness took then."""
    port, controller = free_ports(2)
    kafka = Kafka(home=home / "kafka", jars=JARS, port=port, controller_port=controller)
    broker = PartSupervisor(kafka.part(), report=lambda *_: None)
    await broker.start()
    await topics.create(kafka.bootstrap, topics.declared(REPO), PARTITIONS)
    stack = _start_stack(home / "stack", kafka.bootstrap)
    try:
        await _until_ready(home / "stack", stack)
        sizes = {log: log.stat().st_size for log in _logs(home / "stack")}
        await broker.stop()
        await asyncio.sleep(away_s)
        await broker.start()
        back = time.monotonic()
        await _until_ready(home / "stack", stack)
        took = time.monotonic() - back
        await asyncio.sleep(AFTER_S)
        return _count(home / "stack", sizes), took
    finally:
        stack.terminate()
        await asyncio.to_thread(stack.wait, 60)
        await broker.stop()


def _start_stack(home: Path, bootstrap: str) -> subprocess.Popen[bytes]:
    home.mkdir(parents=True, exist_ok=True)
    (home / "run.json").unlink(missing_ok=True)
    environment = os.environ | {
        "PYTHONPATH": str(REPO / "deploy" / "local"), "TABLEWATCH_HOME": str(home), "KAFKA_BOOTSTRAP": bootstrap,
        "PORT_BASE": str(free_base(list(OFFSETS.values()), 24_000 + os.getpid() % 97 * 100)),
    }  # fmt: skip
    with (home / "stack.out").open("wb") as out:
        return subprocess.Popen([sys.executable, "-m", "stack", "run"], env=environment, stdout=out, stderr=out)


async def _until_ready(home: Path, stack: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(START_S), httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while not await _all_ready(client, home):
            if stack.poll() is not None:
                raise SystemExit((home / "stack.out").read_text()[-2000:])
            await asyncio.sleep(1)


async def _all_ready(client: httpx.AsyncClient, home: Path) -> bool:
    if not (home / "run.json").exists():
        return False
    run = read_object((home / "run.json").read_bytes()) or {}
    try:
        answers = [await client.get(f"{url}/readyz") for url in run["ops_urls"].values()]
    except (KeyError, httpx.HTTPError):
        return False
    return all(answer.is_success for answer in answers)


def _logs(home: Path) -> list[Path]:
    return [log for log in sorted((home / "logs").glob("*.log")) if log.name not in OTHERS]


def _count(home: Path, sizes: dict[Path, int]) -> Lines:
    lines = Lines()
    for log in _logs(home):
        for line in log.read_bytes()[sizes.get(log, 0) :].splitlines():
            lines.add(line)
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage_lines", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long Kafka is away (default 120)")
    chosen = parser.parse_args()
    home = Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench" / f"outage-{os.getpid()}"
    lines, took = asyncio.run(measure(home, chosen.seconds))
    for kind, count in lines.stand_for.most_common(25):
        print(f"{count:7d} as {lines.written[kind]:5d}  {kind}")
    written, stood = lines.written.total(), lines.stand_for.total()
    print(f"away {chosen.seconds:.0f} s, all ready {took:.0f} s after: {written} lines stand for {stood}")


if __name__ == "__main__":
    main()
