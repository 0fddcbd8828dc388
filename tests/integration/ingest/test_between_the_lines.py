"""ingest killed, or overtaken by another request, between two lines of its own: real rows and files, one process.

`Killed` stands for kill -9: nothing behind it runs, and what a transaction had not committed is not there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import asyncpg
import pytest
from tests.integration.ingest.conftest import environment
from tests.integration.ingest.process import claims
from tests.integration.ingest.test_recovery import token_row
from tests.unit.ingest.clips import video_file

from chassis.clock import SystemClock
from chassis.database import connect, migrate
from chassis.metrics import Metrics
from chassis.testing import MemoryObjects
from ingest.__main__ import MIGRATIONS, SCHEMA
from ingest.admission.probe import Child
from ingest.commands import Commands
from ingest.door import Door
from ingest.finish import Finisher
from ingest.partial import Partial, partial_path
from ingest.refusals import Refused
from ingest.sweep import Sweep
from ingest.uploads import ANY, OPEN, Uploads
from tablewatch_schemas import keys


class Killed(BaseException):
    """kill -9, at this line."""


def killed(*_: Any, **__: Any) -> Any:
    raise Killed


@dataclass
class Parts:
    """ingest's own parts on a database of this test."""

    pool: asyncpg.Pool
    uploads: Uploads
    objects: MemoryObjects
    finisher: Finisher
    door: Door
    sweep: Sweep
    commands: Commands
    directory: Path

    async def received(self, content: bytes) -> dict[str, Any]:
        """An upload whose bytes are all here, and that nobody finishes yet."""
        token, now = claims(), datetime.now(UTC)
        await self.uploads.start(token_row(token), len(content), "", now)
        partial_path(self.directory, token["video_id"]).write_bytes(content)
        await self.uploads.received(token["video_id"], len(content), now)
        return token

    async def told(self, topic: str) -> int:
        found: int = await self.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", topic)
        return found


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Parts]:
    dsn = (await asyncio.to_thread(environment, "", database_url))["DATABASE_URL"]
    await migrate(dsn, SCHEMA, MIGRATIONS)
    pool, clock, objects = await connect(dsn, SCHEMA, size=4), SystemClock(), MemoryObjects()
    directory = tmp_path / "uploads"
    directory.mkdir()
    uploads = Uploads(pool, 3600)
    finisher = Finisher(
        *(uploads, objects, directory),
        child=Child(30, 2048),
        max_pixels=1 << 24,
        max_streams=8,
        at_once=2,
        clock=clock,
        metrics=Metrics(),
        log=Mock(),
    )
    door = Door(uploads, finisher, directory, idle_s=5, min_free=0, clock=clock)
    sweep = Sweep(uploads, finisher, directory, clock, Mock(), objects)
    commands = Commands(uploads, objects, directory, clock)
    yield Parts(pool, uploads, objects, finisher, door, sweep, commands, directory)
    await pool.close()


def after(call: Callable[..., Awaitable[Any]], then: Callable[[], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """`call`, and `then` before the next line of its caller."""

    async def both(*arguments: Any, **named: Any) -> Any:
        answer = await call(*arguments, **named)
        await then()
        return answer

    return both


@pytest.mark.parametrize("of", [ANY, OPEN], ids=["delete", "cancel"])
async def test_an_original_put_after_its_deletion_goes_though_who_put_it_was_killed(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, of: Any
) -> None:
    token = await parts.received(video_file(tmp_path / "a.mp4").read_bytes())
    key, prefix = (make("site_test", token["video_id"]) for make in (keys.original, keys.original_prefix))

    async def deleted_while_putting() -> None:
        await parts.uploads.withdraw(token["video_id"], datetime.now(UTC), of=of)

    with monkeypatch.context() as patched:
        patched.setattr(parts.objects, "put", after(parts.objects.put, deleted_while_putting))
        patched.setattr(parts.objects, "delete", killed)
        with pytest.raises(Killed):
            await parts.finisher._finish(token["video_id"])
    assert await parts.objects.stat(key) is not None, "this is what the crash leaves"
    await parts.sweep.clear_withdrawn(datetime.now(UTC))
    assert [each async for each in parts.objects.list(prefix)] == []
    assert await parts.told("video.uploaded") == 0
    await parts.objects.put(key, b"put by a slow replica that outlived the first sweep")
    await parts.sweep.clear_withdrawn(datetime.now(UTC))
    assert await parts.objects.stat(key) is None


async def test_what_was_withdrawn_long_ago_is_not_looked_for_any_more(parts: Parts) -> None:
    token = await parts.received(b"x")
    await parts.uploads.withdraw(token["video_id"], datetime.now(UTC), of=ANY)
    assert await parts.uploads.withdrawn_lately() == [("site_test", token["video_id"])]
    await parts.sweep.clear_withdrawn(datetime.now(UTC) + parts.uploads.ttl / 2)
    assert len(await parts.uploads.withdrawn_lately()) == 1
    await parts.sweep.clear_withdrawn(datetime.now(UTC) + parts.uploads.ttl * 2)
    assert await parts.uploads.withdrawn_lately() == []
    assert await parts.uploads.is_withdrawn(token["video_id"])


async def begun_with(parts: Parts, content: bytes) -> dict[str, Any]:
    """An upload of 10 bytes of which `content` came."""
    token = claims()
    await parts.door.begin(token_row(token), 10, "first")
    with Partial.open(partial_path(parts.directory, token["video_id"])) as partial:
        partial.append([content])
    return token


async def test_killed_before_old_bytes_are_dropped_they_are_the_old_uploads(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await begun_with(parts, b"0123456789")
    monkeypatch.setattr(Partial, "empty", killed)
    with pytest.raises(Killed):
        await parts.door.begin(token_row(token), 10, "second")
    upload = await parts.uploads.find(token["video_id"])
    assert upload is not None and upload.metadata == "first", "the row is as old as the bytes"
    assert partial_path(parts.directory, token["video_id"]).read_bytes() == b"0123456789"


async def test_killed_after_the_new_beginning_was_written_down_no_old_byte_is_there(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await begun_with(parts, b"0123456789")
    monkeypatch.setattr(parts.uploads, "start", after(parts.uploads.start, killed))
    with pytest.raises(Killed):
        await parts.door.begin(token_row(token), 10, "second")
    upload = await parts.uploads.find(token["video_id"])
    assert upload is not None and upload.metadata == "second"
    assert partial_path(parts.directory, token["video_id"]).read_bytes() == b""
    await parts.finisher._take_up()  # as the next start does: nothing is complete
    assert (await parts.door.find(token["video_id"])).status == "receiving"


async def test_an_upload_past_receiving_keeps_its_bytes_when_it_is_begun_again(parts: Parts) -> None:
    token = await parts.received(b"0123456789")
    assert (await parts.door.begin(token_row(token), 10, "second")).status == "received"
    assert partial_path(parts.directory, token["video_id"]).read_bytes() == b"0123456789"


@pytest.mark.parametrize("multipart_id", [None, "an-upload-in-parts"])
async def test_ending_an_upload_that_was_stored_meanwhile_does_not_withdraw_it(
    parts: Parts, tmp_path: Path, multipart_id: str | None
) -> None:
    token = await parts.received(video_file(tmp_path / "a.mp4").read_bytes())
    seen = await parts.door.find(token["video_id"])
    await parts.finisher._finish(token["video_id"])  # between the look and the end
    await parts.pool.execute("UPDATE uploads SET multipart_id = $1", multipart_id)
    with pytest.raises(Refused) as refused:
        await parts.door.end(seen)
    assert refused.value.refusal.code == "offset_mismatch"
    assert (await parts.door.find(token["video_id"])).status == "stored"
    assert not await parts.uploads.is_withdrawn(token["video_id"])
    assert await parts.objects.stat(keys.original("site_test", token["video_id"])) is not None
    assert (await parts.told("video.uploaded"), await parts.told("video.rejected")) == (1, 0)


async def test_ending_an_upload_that_is_just_being_stored_leaves_nothing(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = await parts.received(video_file(tmp_path / "a.mp4").read_bytes())

    async def ended_while_putting() -> None:
        await parts.door.end(await parts.door.find(token["video_id"]))

    monkeypatch.setattr(parts.objects, "put", after(parts.objects.put, ended_while_putting))
    await parts.finisher._finish(token["video_id"])
    assert await parts.uploads.is_withdrawn(token["video_id"])
    assert await parts.objects.stat(keys.original("site_test", token["video_id"])) is None
    assert (await parts.told("video.uploaded"), await parts.told("video.rejected")) == (0, 1)
