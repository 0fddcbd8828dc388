"""Real extractor processes on real Kafka and Postgres: two that share one long video, and what one holds in memory."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bench.cases.extraction import uploaded
from bench.harness import Constant, Failed, Measure, Usage
from bench.processes import Server, descendants, server
from bench.workspace import Workspace
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from tablewatch_schemas import VideoUploaded, encode

TIMEOUT_S = 900
JOB = "SELECT state, error_detail, extract(epoch FROM updated_at - created_at)::float8 AS took FROM extractor.jobs"


@dataclass(frozen=True, slots=True)
class Extractors:
    """So many processes of so many workers, started before the video comes.

    Wall clock is from the job's acceptance until its last frame is published, by the database's clock.
    """

    workspace: Workspace
    clip: Path
    processes: int
    workers: int

    def run(self) -> Usage:
        database = self.workspace.infra.new_database()
        with TemporaryDirectory(dir=self.workspace.folder) as home, ExitStack() as running:
            started: list[Server] = []
            for number in range(self.processes):
                started.append(running.enter_context(self._start(database, Path(home), number)))
                started[-1].wait_for(lambda: len(descendants(started[-1].process.pid)) > self.workers, "a decoder")
            upload = self._stored(Path(home) / "objects")
            asyncio.run(self._publish(upload))
            return asyncio.run(_done(database, started))

    def _start(self, database: str, home: Path, number: int) -> AbstractContextManager[Server]:
        settings = {
            "KAFKA_BOOTSTRAP": self.workspace.infra.kafka_bootstrap, "DATABASE_URL": database, "OPS_PORT": "0",
            "TABLEWATCH_HOME": str(home), "LINK_SECRET": "b" * 32,
            "EXTRACTOR_WORKERS": str(self.workers), "EXTRACTOR_RUN_WINDOW": "0",
        }  # fmt: skip
        return server([sys.executable, "-m", "extractor"], settings, home / f"extractor-{number}.log")

    def _stored(self, objects: Path) -> VideoUploaded:
        upload = uploaded(self.clip, "cadence", 1000)
        original = objects / upload.object_key
        original.parent.mkdir(parents=True)
        original.hardlink_to(self.clip)
        return upload

    async def _publish(self, upload: VideoUploaded) -> None:
        producer = KafkaProducer(self.workspace.infra.kafka_bootstrap, "bench", 6, Metrics())
        await producer.start()
        await producer.send(encode(upload, source="tablewatch/bench", time=datetime.now(UTC)))
        await producer.stop()


async def _done(database: str, started: list[Server]) -> Usage:
    """Wait for the job; the sum of all processes' memory where it was highest."""
    conn = await asyncpg.connect(database)
    until, peak = time.monotonic() + TIMEOUT_S, 0.0
    try:
        while time.monotonic() < until:
            peak = max(peak, sum(each.peak_mib() for each in started))
            job = await conn.fetchrow(JOB)
            if job is not None and job["state"] == "failed":
                raise Failed(f"the job failed: {job['error_detail']}")
            if job is not None and job["state"] == "done":
                return Usage(sum(each.cpu_s() for each in started), job["took"], peak)
            await asyncio.sleep(0.05)
    finally:
        await conn.close()
    raise Failed(f"no end of the job within {TIMEOUT_S} s: {started[0].log.read_text()[-2000:]}")


def two_extractors(workspace: Workspace) -> Measure:
    """One long video, one decoder in each process."""
    clip = workspace.clip("camera_10min.mp4")
    two, one = (Extractors(workspace, clip, processes, workers=1) for processes in (2, 1))
    return Measure("two-extractors", two, one, "one-extractor", 1.8, "wall")


def peak_memory(name: str, clip: str, mib: int) -> Callable[[Workspace], Measure]:
    """One process with two decoders, all their peaks added; the baseline is the limit."""

    def make(workspace: Workspace) -> Measure:
        one = Extractors(workspace, workspace.clip(clip), processes=1, workers=2)
        return Measure(name, one, Constant(Usage(0, 0, mib)), f"limit-{mib}-MiB", 1.0, "peak")

    return make
