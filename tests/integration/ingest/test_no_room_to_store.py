"""A file that has arrived, and that the object store has no room for: it waits, the job says so, and it goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import orjson
import pytest
from tests.integration.ingest.conftest import environment
from tests.integration.ingest.stage import Stage, open_stage
from tests.support.doubles import ManualClock
from tests.unit.ingest.clips import video_file

from dependencies.errors import StoreFull, StoreUnreachable
from ingest.store.partial_file import partial_path
from ingest.upload import finish, room
from ingest.upload.finish import RETRY_MOST_S, RETRY_S
from objects import space
from objects.space import FreeSpace, StoreSpace

MINUTES = 10


class Disk:
    """The store's: another one than that of uploads, so that a file has to be copied to it."""

    root = Path("/proc")

    def __init__(self) -> None:
        self.found = FreeSpace(1 << 40, 1 << 40)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(space, "measure", lambda _: found.found)
    return found


@pytest.fixture
def admissions(monkeypatch: pytest.MonkeyPatch) -> AsyncMock:
    """Counts how often a file is examined."""
    counted = AsyncMock(side_effect=finish.admit)
    monkeypatch.setattr(finish, "admit", counted)
    return counted


@pytest.fixture
async def small(database_url: str, tmp_path: Path, clock: ManualClock, disk: Disk) -> AsyncIterator[Stage]:
    """A stage whose store has a floor."""
    dsn = (await asyncio.to_thread(environment, "", database_url))["DATABASE_URL"]
    async with open_stage(dsn, tmp_path / "uploads", clock, StoreSpace(disk.root, 2 << 30, clock)) as opened:
        yield opened


async def pass_time(stage: Stage, clock: ManualClock, seconds: float) -> None:
    """What `Finisher.run` does in the time."""
    for _ in range(round(seconds / RETRY_S)):
        await stage.finisher._resume_unfinished()
        await asyncio.gather(*stage.finisher._running.values())
        clock.advance(RETRY_S)


async def status_of(stage: Stage, token: dict[str, Any]) -> str:
    return (await stage.service.find(token["video_id"])).status


async def told(stage: Stage) -> list[dict[str, Any]]:
    rows = await stage.pool.fetch("SELECT value FROM outbox WHERE topic = 'upload.refused'")
    return [orjson.loads(row["value"]) for row in rows]


async def test_below_the_floor_it_is_not_even_read_and_the_job_says_why(
    small: Stage, clock: ManualClock, disk: Disk, admissions: AsyncMock, tmp_path: Path
) -> None:
    token, plenty = await small.received(video_file(tmp_path / "a.mp4").read_bytes()), disk.found
    disk.found = FreeSpace(2 << 30, 1 << 40)  # nothing above the floor
    await pass_time(small, clock, MINUTES * 60)
    assert admissions.await_count == 0
    assert await status_of(small, token) == "received"
    [refused] = await told(small)
    assert (refused["code"], refused["run_id"]) == ("disk_full", token["run_id"])
    assert "stored by itself" in refused["reason"]
    assert (small.log.warning.call_count, small.log.exception.call_count) == (1, 0)
    assert small.log.warning.call_args.kwargs["cause"] == "store_full"
    assert small.metrics.value("uploads_waiting", code="store_full") == 1

    disk.found = plenty
    await pass_time(small, clock, RETRY_MOST_S + RETRY_S)
    assert await status_of(small, token) == "stored"
    assert await small.enqueued("video.uploaded") == 1
    await pass_time(small, clock, RETRY_S)
    assert small.metrics.value("uploads_waiting", code="store_full") == 0
    assert not partial_path(small.directory, token["video_id"]).exists()


@pytest.mark.parametrize(("cause", "published"), [(StoreFull("(ENOSPC)"), 1), (StoreUnreachable(), 0)])
async def test_a_store_that_says_no_itself_is_asked_less_and_less_often_and_the_file_is_read_once(
    small: Stage, clock: ManualClock, admissions: AsyncMock, tmp_path: Path, cause: Exception, published: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    token = await small.received(video_file(tmp_path / "a.mp4").read_bytes())
    small.objects.fail = cause
    put, hashed = AsyncMock(side_effect=small.objects.put), Mock(side_effect=finish._sha256)
    monkeypatch.setattr(small.objects, "put", put)
    monkeypatch.setattr(finish, "_sha256", hashed)
    await pass_time(small, clock, MINUTES * 60)
    assert MINUTES <= put.await_count < 30, "and not 120 times"
    assert (admissions.await_count, hashed.call_count) == (1, 1)
    assert len(await told(small)) == published
    assert (small.log.warning.call_count, small.log.exception.call_count) == (1, 0)
    small.objects.fail = None
    await pass_time(small, clock, RETRY_MOST_S + RETRY_S)
    assert await status_of(small, token) == "stored"


async def test_who_asks_for_the_outcome_meanwhile_does_not_make_it_read_again(
    small: Stage, admissions: AsyncMock, tmp_path: Path
) -> None:
    token = await small.received(video_file(tmp_path / "a.mp4").read_bytes())
    small.objects.fail = StoreFull()
    for _ in range(3):
        assert (await small.service.wait_for_outcome(token["video_id"], 60)).status == "received"
    assert admissions.await_count == 1


async def test_a_file_that_is_linked_in_takes_no_room(
    small: Stage, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "found", FreeSpace(1, 1 << 40))
    same = StoreSpace(small.directory / "objects", 2 << 30, ManualClock())
    monkeypatch.setattr(small.finisher._room, "_space", same)
    token = await small.received(video_file(tmp_path / "a.mp4").read_bytes())
    await small.finisher.submit(token["video_id"])
    assert await status_of(small, token) == "stored"


async def test_a_file_from_the_bucket_waits_for_room_to_be_examined_in(
    small: Stage, clock: ManualClock, admissions: AsyncMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = video_file(tmp_path / "a.mp4").read_bytes()
    token = await small.received(b"")
    await small.pool.execute("UPDATE uploads SET multipart_id = 'some', size_bytes = $1", len(content))
    streamed = 0

    async def stream(_key: str) -> AsyncIterator[bytes]:
        nonlocal streamed
        streamed += 1
        yield content

    monkeypatch.setattr(small.finisher, "_bucket", Mock(stream=stream))
    with monkeypatch.context() as full:
        full.setattr(room.shutil, "disk_usage", lambda _: Mock(free=len(content) - 1))
        await pass_time(small, clock, 60)
    assert (streamed, admissions.await_count) == (0, 0)
    assert [each["code"] for each in await told(small)] == ["disk_full"]
    await pass_time(small, clock, RETRY_MOST_S + RETRY_S)
    assert await status_of(small, token) == "stored"
