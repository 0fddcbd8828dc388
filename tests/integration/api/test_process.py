"""The program as it runs: started, killed in the middle of a run, started again, stopped with a stream open.

And two of it at once, of which either is killed while a client listens.
"""

import asyncio
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import orjson
import pytest
from tests.integration.api.conftest import until
from tests.integration.api.place import RunOf, answer, make_place, make_run
from tests.integration.api.sse import Ear, Heard, listening
from tests.support.windows import HOUR_S, stay_within

from api.bootstrap import ensure_admin_key
from api.model.site_events import NewSiteEvent
from api.store import row_security, site_events
from chassis.clock import SystemClock
from chassis.database import connect
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from tablewatch_schemas import encode

KEY = "twk_process0_" + "p" * 40


class Program:
    """`python -m api` on ports of its own."""

    def __init__(self, home: Path, kafka: str, database: str, roles: str = "http,projector", **settings: str) -> None:
        self.home, self.port, self.ops = home, _free(), _free()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("API_")} | {
            "KAFKA_BOOTSTRAP": kafka, "DATABASE_URL": database, "TABLEWATCH_HOME": str(home), "LINK_SECRET": "l" * 32,
            "UPLOAD_TOKEN_SECRET": "u" * 32, "API_PORT": str(self.port), "OPS_PORT": str(self.ops),
            "API_BOOTSTRAP_KEY": KEY, "PUBLIC_URL": self.url, "API_ROLES": roles, **settings,
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

    def client(self, key: str = KEY) -> httpx.AsyncClient:
        """A client with the first key, or another."""
        headers = {"Authorization": f"Bearer {key}"}
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
        await until(partial(_works, client), 60)
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


async def _works(client: httpx.AsyncClient) -> bool:
    """Whether it says of itself and the broker that they work, and of the services that were not started that not."""
    parts = {each["part"]: each["state"] for each in answer(await client.get("/v1/health"), 200)["parts"]}
    wanted = {"api": "well", "broker": "well", "database": "well", "store": "well", "extractor": "away"}
    return {name: parts[name] for name in wanted} == wanted


async def _send(producer: KafkaProducer, run: RunOf) -> None:
    """A run of 100 frames, a few at a time."""
    events = run.whole(100)
    for start in range(0, len(events), 20):
        now = datetime.now(UTC)
        chunk = events[start : start + 20]
        await producer.send_all([encode(event, source="tablewatch/test", time=now) for event in chunk])
        await asyncio.sleep(0.1)


@pytest.mark.timeout(240)
async def test_a_client_changes_between_two_processes_of_which_either_is_killed(
    kafka_bootstrap: str, database_url: str, tmp_path: Path
) -> None:
    """While events are appended all the time, it sees every seq once."""
    programs = [_serving(tmp_path / name, kafka_bootstrap, database_url) for name in ("one", "other")]
    stop, heard = asyncio.Event(), list[Heard]()
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(program.running()) for program in programs]
        async with programs[0].client() as client:
            site_id = (await make_place(client)).site_id
        async with listening(programs[0].url, KEY, site_id=site_id) as ear:
            heard.append(await ear.next())
        pool = await connect(database_url, "api", size=2, settings=row_security.OWNER)
        stack.push_async_callback(pool.close)
        writers = [asyncio.create_task(_append(pool, site_id, stop)) for _ in range(2)]
        for program, process in zip(programs, processes, strict=True):
            async with listening(program.url, KEY, heard[-1].id, site_id=site_id) as ear:
                heard += await ear.some(20)
                process.kill()
                heard += await _rest(ear)
            there = programs[1 - programs.index(program)]
            async with listening(there.url, KEY, heard[-1].id, site_id=site_id) as ear:
                heard += await ear.some(20)
            await stack.enter_async_context(program.running())
        stop.set()
        newest = heard[0].seq + sum(await asyncio.gather(*writers))
        async with listening(programs[0].url, KEY, heard[-1].id, site_id=site_id) as ear:
            heard += await ear.some(newest - heard[-1].seq)
    assert [each.seq for each in heard] == list(range(heard[0].seq, newest + 1))
    assert {each.type for each in heard[1:]} == {"test"}


def _serving(home: Path, kafka: str, database: str, **settings: str) -> Program:
    home.mkdir()
    return Program(home, kafka, database, "http", **settings)


async def _append(pool: asyncpg.Pool, site_id: str, stop: asyncio.Event) -> int:
    """Events, each in a transaction of its own, until it is enough. How many."""
    count = 0
    while not stop.is_set():
        async with pool.acquire() as conn, conn.transaction():
            await site_events.append(
                conn, [NewSiteEvent(site_id=site_id, type="test", document=orjson.dumps({"n": count}))]
            )
        count += 1
        await asyncio.sleep(0.02)
    return count


async def _rest(ear: Ear) -> list[Heard]:
    """What still comes whole from a process that is gone."""
    heard = list[Heard]()
    with suppress(httpx.TransportError, StopAsyncIteration):
        while True:
            heard.append(await ear.next())
    return heard


@pytest.mark.timeout(240)
async def test_two_processes_let_through_what_one_would_and_a_kill_gives_nothing_twice(
    kafka_bootstrap: str, database_url: str, tmp_path: Path
) -> None:
    stay_within(HOUR_S, 120)
    limit, batch = 300, 3
    settings = {"API_RATE_LIMIT": f"{limit}/hour"}
    programs = [_serving(tmp_path / name, kafka_bootstrap, database_url, **settings) for name in ("one", "other")]
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(program.running()) for program in programs]
        key = await _own_key(database_url)
        clients = [await stack.enter_async_context(program.client(key)) for program in programs]

        async def passed(client: httpx.AsyncClient, asked: int) -> int:
            answers = [await client.get("/v1/sites") for _ in range(asked)]
            assert {each.status_code for each in answers} <= {200, 429}
            return sum(each.status_code == 200 for each in answers)

        first = await asyncio.gather(*(passed(client, 100) for client in clients))
        assert first == [100, 100]
        processes[0].kill()  # what it had leased and not used is lost, and nothing more
        rest = await passed(clients[1], limit)
        assert limit - 200 - batch <= rest <= limit - 200
        refused = await clients[1].get("/v1/sites")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["retry-after"]) >= 1
    async with programs[0].running(), programs[0].client(key) as client:  # a restart forgets nothing
        assert (await client.get("/v1/sites")).status_code == 429


async def _own_key(database_url: str) -> str:
    """A key that no other test uses."""
    secret = f"twk_{uuid.uuid4().hex[:12]}_{uuid.uuid4().hex}{uuid.uuid4().hex[:16]}"
    pool = await connect(database_url, "api", size=1, settings=row_security.OWNER)
    await ensure_admin_key(pool, secret, SystemClock())
    await pool.close()
    return secret
