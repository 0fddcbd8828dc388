"""The program as it runs: started, killed in the middle of a run, started again, stopped with a stream open."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.integration.api.conftest import until
from tests.integration.api.place import RunOf, answer, make_place, make_run
from tests.integration.api.sse import listening

from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from tablewatch_schemas import encode

KEY = "twk_process0_" + "p" * 40


class Program:
    """`python -m api` on ports of its own."""

    def __init__(self, home: Path, kafka: str, database: str) -> None:
        self.home, self.port, self.ops = home, _free(), _free()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("API_")} | {
            "KAFKA_BOOTSTRAP": kafka, "DATABASE_URL": database, "TABLEWATCH_HOME": str(home), "LINK_SECRET": "l" * 32,
            "UPLOAD_TOKEN_SECRET": "u" * 32, "API_PORT": str(self.port), "OPS_PORT": str(self.ops),
            "API_BOOTSTRAP_KEY": KEY, "PUBLIC_URL": self.url,
        }  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Started and ready; killed at the end if it is still there."""
        with (self.home / "api.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "api", env=self.env, stdout=log, stderr=log
            )
        try:
            await until(self._ready, 60)
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ready(self) -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            with suppress(httpx.TransportError):
                return (await client.get(f"http://127.0.0.1:{self.ops}/readyz")).is_success
        return False

    def client(self) -> httpx.AsyncClient:
        """A client with the first key."""
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=20)


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.timeout(240)
async def test_killed_in_the_middle_and_stopped_with_a_stream_open(
    kafka_bootstrap: str, database_url: str, tmp_path: Path
) -> None:
    program = Program(tmp_path, kafka_bootstrap, database_url)
    producer = KafkaProducer(kafka_bootstrap, "test-api-process", 6, Metrics())
    await producer.start()
    async with program.running() as first, program.client() as client:
        place = await make_place(client)
        run = await make_run(client, place)
        async with listening(program.url, KEY, site_id=place.site_id) as ear:
            last = await ear.next()
            sending = asyncio.create_task(_send(producer, run))
            last = await ear.next()
            first.kill()
    async with program.running() as second, listening(program.url, KEY, last.id, site_id=place.site_id) as ear:
        seqs, status = [last.seq], ""
        while status != "done":
            heard = await ear.next()
            seqs.append(heard.seq)
            status = heard.data.get("status", "") if heard.type == "video.job" else status
        assert seqs == list(range(seqs[0], seqs[-1] + 1))
        await sending
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 15) == 0
    async with program.running(), program.client() as client:
        frames = answer(await client.get(f"/v1/videos/{run.video_id}/frames?limit=1000"), 200)["items"]
        assert [frame["index"] for frame in frames] == list(range(100))
    await producer.stop()


async def _send(producer: KafkaProducer, run: RunOf) -> None:
    """A run of 100 frames, a few at a time."""
    events = run.whole(100)
    for start in range(0, len(events), 20):
        now = datetime.now(UTC)
        chunk = events[start : start + 20]
        await producer.send_all([encode(event, source="tablewatch/test", time=now) for event in chunk])
        await asyncio.sleep(0.1)
