"""Ten uploads through ingest and extractors, of which again and again one is killed at a random moment and replaced."""

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
from tests.integration.extractor.processes import Extractor, extractor
from tests.integration.extractor.road import Road, until
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.extractor import clips
from tests.unit.extractor.reference import Shown, decode_everything, expected

from tablewatch_schemas import FrameExtracted, Received, VideoProgress, VideoUploaded

pytestmark = pytest.mark.timeout(420)

KILLS, UPLOADS = 20, 10
CLIPS = (("bframes.mp4", 200), ("open_gop_hevc.mp4", 520), ("vp9.webm", 1000), ("mpeg2.ts", 360), ("mpeg4.avi", 520))
PIECES = 12
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Sending:
    """One upload by tus, which goes on wherever the server says that it stands."""

    path: Path
    every_ms: int
    claims: dict[str, Any]
    interruptions: int = 0
    ended: bool = False

    async def send(self, url: str, chance: random.Random) -> None:
        """Until ingest has everything, however often it goes away."""
        data = self.path.read_bytes()
        headers = TUS | {"Authorization": f"Bearer {token_of(self.claims)}"}
        place: str | None = None
        async with httpx.AsyncClient(headers=headers, timeout=20) as client:
            while not self.ended:
                try:
                    place = place or await self._created(client, url, len(data))
                    await self._go_on(client, place, data, chance)
                except (httpx.TransportError, Passing):
                    self.interruptions += 1
                    await asyncio.sleep(0.2)

    async def _created(self, client: httpx.AsyncClient, url: str, size: int) -> str:
        answer = passed(await client.post(url, headers={"Upload-Length": str(size)}), 201)
        return str(httpx.URL(url).join(answer.headers["Location"]))

    async def _go_on(self, client: httpx.AsyncClient, place: str, data: bytes, chance: random.Random) -> None:
        offset = int(passed(await client.head(place), 200).headers["Upload-Offset"])
        while offset < len(data):
            piece = data[offset : offset + -(-len(data) // PIECES)]
            headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            answer = passed(await client.patch(place, content=piece, headers=headers), 204)
            offset = int(answer.headers["Upload-Offset"])
            await asyncio.sleep(chance.uniform(0.05, 0.25))
        self.ended = True


class Passing(Exception):
    """An answer that another try may change."""


def passed(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer if it is as it should be. Raises Passing while the service comes and goes."""
    if answer.status_code in (409, 423, 500, 502, 503, 504):
        raise Passing(str(answer.status_code))
    assert answer.status_code == status, answer.text
    return answer


@dataclass
class Killed:
    """What the kills met."""

    ingest: int = 0
    extractors: int = 0
    segments: int = 0
    gone: list[Extractor] = field(default_factory=list)


async def test_twenty_random_kills_change_no_frame_of_ten_uploads(
    road: Road,
    clip_folder: Path,
    tmp_path: Path,
    kafka_bootstrap: str,
    own_database: str,
    objects_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(20)
    shared = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "DATABASE_URL": own_database, "OBJECTS_DIR": str(objects_dir)}
    door = Ingest(tmp_path / "ingest", shared)
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

        await asyncio.to_thread(door.start)
        stack.callback(door.end)
        running += [await another(), await another()]
        tasks: list[asyncio.Task[None]] = []
        for number in range(KILLS):
            if len(tasks) < UPLOADS:  # so that most kills find an upload half way
                tasks.append(asyncio.create_task(sendings[len(tasks)].send(door.url, chance)))
            await asyncio.sleep(chance.uniform(0.2, 1.2))
            if number % 3 == 1:
                await asyncio.to_thread(door.kill)
                killed.ingest += 1
                await asyncio.to_thread(door.start)
            else:
                victim = await busiest(road, running, chance)
                await victim.kill()
                killed.extractors += 1
                killed.segments += await left_open(road, victim)
                killed.gone.append(victim)
                running[running.index(victim)] = await another()
        await asyncio.gather(*tasks)
        await until(lambda: all_done(road, sendings), 150, "every run to finish")

    repeats = 0
    for each in sorted(sendings, key=lambda one: one.path.name):
        truth = expected(decode_everything(each.path), "cadence", each.every_ms)
        repeats += await whole(road, each, truth)
        finishes = Counter(n for process in (*running, *killed.gone) for n in process.segments(each.claims["run_id"]))
        assert set(finishes.values()) == {1}, "a finished segment was done again"
    resumed = sum(each.interruptions > 0 for each in sendings)
    with capsys.disabled():
        print(
            f"\nkills: ingest={killed.ingest} extractor={killed.extractors}, in the middle of {killed.segments}"
            f" segments; {resumed} of {UPLOADS} uploads resumed; {repeats} records repeated, all the same"
        )
    assert killed.ingest + killed.extractors == KILLS


def sending(name: str, every_ms: int, folder: Path) -> Sending:
    """A clip of forty seconds and what its token says."""
    path = clips.make(name, folder, seconds=40, size="480x270")
    return Sending(path, every_ms, claims(sampling={"mode": "cadence", "every_ms": every_ms}))


async def all_done(road: Road, sendings: Sequence[Sending]) -> bool:
    runs = [each.claims["run_id"] for each in sendings]
    states = await road.pool.fetch("SELECT state, error_code FROM jobs WHERE run_id = ANY($1)", runs)
    assert not [row for row in states if row["state"] == "failed"]
    return [row["state"] for row in states] == ["done"] * len(runs)


async def busiest(road: Road, running: Sequence[Extractor], chance: random.Random) -> Extractor:
    """One that is in the middle of a segment, if one comes to be within some seconds."""
    for _ in range(50):
        working = [each for each in running if await left_open(road, each)]
        if working:
            return chance.choice(working)
        await asyncio.sleep(0.1)
    return chance.choice(list(running))


async def left_open(road: Road, process: Extractor) -> int:
    """Segments that a process is in the middle of, or was when it was killed."""
    query = "SELECT count(*) FROM segments WHERE state = 'open' AND owner LIKE '%-' || $1::text || '-%'"
    return int(await road.pool.fetchval(query, str(process.process.pid)))


async def whole(road: Road, each: Sending, truth: list[Shown]) -> int:
    """Everything told once or repeated as it was, every frame right; how many records were repeats."""
    run, video = each.claims["run_id"], each.claims["video_id"]
    told: list[list[Received[Any]]] = [
        await road.heard(FrameExtracted, run),
        await road.heard(VideoUploaded, video),
        await road.heard(VideoProgress, video),
    ]
    for heard in told:
        once = {record.id: record.event for record in heard}
        assert all(once[record.id] == record.event for record in heard), "one id, two contents"
    frames = list({record.id: record.event for record in told[0]}.values())
    assert [frame.index for frame in frames] == list(range(len(truth)))
    assert [frame.media_ms for frame in frames] == [round(one.time * 1000) for one in truth]
    assert [frame.last for frame in frames] == [False] * (len(truth) - 1) + [True]
    assert [await road.store.get(frame.object_key or "") for frame in frames] == [one.jpeg for one in truth]
    assert len({record.id for record in told[1]}) == 1
    return sum(len(heard) - len({record.id for record in heard}) for heard in told)
