"""Six uploads through ingest and extractors, of which one after another is killed at a random moment and replaced."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.extractor.pipeline import Pipeline, until
from tests.integration.extractor.processes import Extractor, extractor
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.extractor import clips
from tests.unit.extractor.reference import Shown, decode_everything, expected

from tablewatch_schemas import FrameExtracted, Received, VideoProgress, VideoUploaded

pytestmark = pytest.mark.timeout(420)

KILLS, UPLOADS = 12, 6
CLIPS = (("bframes.mp4", 200), ("open_gop_hevc.mp4", 520), ("vp9.webm", 1000), ("mpeg2.ts", 360), ("mpeg4.avi", 520))
REQUESTS = 12
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Sending:
    """One upload by tus, resumed at the offset that the server reports."""

    path: Path
    every_ms: int
    claims: dict[str, Any]
    interruptions: int = 0
    ended: bool = False

    async def send(self, url: str, chance: random.Random) -> None:
        """Until ingest has everything, however often it goes away."""
        data = self.path.read_bytes()
        headers = TUS | {"Authorization": f"Bearer {token_of(self.claims)}"}
        upload_url: str | None = None
        async with httpx.AsyncClient(headers=headers, timeout=20) as client:
            while not self.ended:
                try:
                    upload_url = upload_url or await self._created(client, url, len(data))
                    await self._go_on(client, upload_url, data, chance)
                except (httpx.TransportError, Transient):
                    self.interruptions += 1
                    await asyncio.sleep(0.2)

    async def _created(self, client: httpx.AsyncClient, url: str, size: int) -> str:
        answer = expect(await client.post(url, headers={"Upload-Length": str(size)}), 201)
        return str(httpx.URL(url).join(answer.headers["Location"]))

    async def _go_on(self, client: httpx.AsyncClient, upload_url: str, data: bytes, chance: random.Random) -> None:
        offset = int(expect(await client.head(upload_url), 200).headers["Upload-Offset"])
        while offset < len(data):
            part = data[offset : offset + -(-len(data) // REQUESTS)]
            headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            answer = expect(await client.patch(upload_url, content=part, headers=headers), 204)
            offset = int(answer.headers["Upload-Offset"])
            await asyncio.sleep(chance.uniform(0.05, 0.25))
        self.ended = True


class Transient(Exception):
    """A response that a retry may change."""


def expect(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer if it is as it should be. Raises Transient while the service comes and goes."""
    if answer.status_code in (409, 423, 500, 502, 503, 504):
        raise Transient(str(answer.status_code))
    assert answer.status_code == status, answer.text
    return answer


@dataclass
class Killed:
    """How many were killed, and in the middle of what."""

    ingest: int = 0
    extractors: int = 0
    segments: int = 0
    gone: list[Extractor] = field(default_factory=list)


async def test_random_kills_change_no_frame_of_any_upload(
    pipeline: Pipeline,
    clip_folder: Path,
    tmp_path: Path,
    kafka_bootstrap: str,
    own_database: str,
    objects_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(20)
    shared = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "DATABASE_URL": own_database, "OBJECTS_DIR": str(objects_dir)}
    ingest_process = Ingest(tmp_path / "ingest", shared)
    sendings = [sending(name, every, clip_folder) for name, every in itertools.islice(itertools.cycle(CLIPS), UPLOADS)]
    names = (f"extractor-{number}" for number in itertools.count())
    killed, running = Killed(), list[Extractor]()

    async with AsyncExitStack() as stack:

        async def another() -> Extractor:
            made = extractor(
                next(names), tmp_path, kafka_bootstrap, own_database, objects_dir, EXTRACTOR_ATTEMPTS="20",
                EXTRACTOR_LEASE_S="2.1",
            )  # fmt: skip
            return await stack.enter_async_context(made)

        await asyncio.to_thread(ingest_process.start)
        stack.callback(ingest_process.end)
        running += [await another(), await another()]
        tasks: list[asyncio.Task[None]] = []
        for number in range(KILLS):
            if len(tasks) < UPLOADS:  # so that most kills find an upload half way
                tasks.append(asyncio.create_task(sendings[len(tasks)].send(ingest_process.url, chance)))
            await asyncio.sleep(chance.uniform(0.2, 1.2))
            if number % 3 == 1:
                await asyncio.to_thread(ingest_process.kill)
                killed.ingest += 1
                await asyncio.to_thread(ingest_process.start)
            else:
                victim = await busiest(pipeline, running, chance)
                await victim.kill()
                killed.extractors += 1
                killed.segments += await left_open(pipeline, victim)
                killed.gone.append(victim)
                running[running.index(victim)] = await another()
        await asyncio.gather(*tasks)
        await until(lambda: all_done(pipeline, sendings), 150, "every run to finish")

    duplicates = 0
    for each in sorted(sendings, key=lambda one: one.path.name):
        truth = expected(decode_everything(each.path), "cadence", each.every_ms)
        duplicates += await whole(pipeline, each, truth)
        finishes = Counter(n for process in (*running, *killed.gone) for n in process.segments(each.claims["run_id"]))
        assert set(finishes.values()) == {1}, "a finished segment was decoded twice"
    resumed = sum(each.interruptions > 0 for each in sendings)
    with capsys.disabled():
        print(
            f"\nkills: ingest={killed.ingest} extractor={killed.extractors}, in the middle of {killed.segments}"
            f" segments; {resumed} of {UPLOADS} uploads resumed; {duplicates} duplicate records, all identical"
        )
    assert killed.ingest + killed.extractors == KILLS


def sending(name: str, every_ms: int, folder: Path) -> Sending:
    """A clip of forty seconds and the claims of its token."""
    path = clips.make(name, folder, seconds=40, size="480x270")
    return Sending(path, every_ms, claims(sampling={"mode": "cadence", "every_ms": every_ms}))


async def all_done(pipeline: Pipeline, sendings: Sequence[Sending]) -> bool:
    runs = [each.claims["run_id"] for each in sendings]
    states = await pipeline.pool.fetch("SELECT state, error_code FROM jobs WHERE run_id = ANY($1)", runs)
    assert not [row for row in states if row["state"] == "failed"]
    return [row["state"] for row in states] == ["done"] * len(runs)


async def busiest(pipeline: Pipeline, running: Sequence[Extractor], chance: random.Random) -> Extractor:
    """One that is in the middle of a segment, if one comes to be within some seconds."""
    for _ in range(50):
        working = [each for each in running if await left_open(pipeline, each)]
        if working:
            return chance.choice(working)
        await asyncio.sleep(0.1)
    return chance.choice(list(running))


async def left_open(pipeline: Pipeline, process: Extractor) -> int:
    """Segments that a process is in the middle of, or was when it was killed."""
    query = "SELECT count(*) FROM segments WHERE state = 'open' AND owner LIKE '%-' || $1::text || '-%'"
    return int(await pipeline.pool.fetchval(query, str(process.process.pid)))


async def whole(pipeline: Pipeline, each: Sending, truth: list[Shown]) -> int:
    """Every record came once or as an identical duplicate, every frame is right; how many were duplicates."""
    run, video = each.claims["run_id"], each.claims["video_id"]
    by_topic: list[list[Received[Any]]] = [
        await pipeline.records(FrameExtracted, run),
        await pipeline.records(VideoUploaded, video),
        await pipeline.records(VideoProgress, video),
    ]
    for records in by_topic:
        once = {record.id: record.event for record in records}
        assert all(once[record.id] == record.event for record in records), "one id, two contents"
    frames = list({record.id: record.event for record in by_topic[0]}.values())
    assert [frame.index for frame in frames] == list(range(len(truth)))
    assert [frame.media_ms for frame in frames] == [round(one.time * 1000) for one in truth]
    assert [frame.last for frame in frames] == [False] * (len(truth) - 1) + [True]
    assert [await pipeline.store.get(frame.object_key or "") for frame in frames] == [one.jpeg for one in truth]
    assert len({record.id for record in by_topic[1]}) == 1
    return sum(len(records) - len({record.id for record in records}) for records in by_topic)
