"""Every place where a crash can leave things, and random kill -9 on top."""

import asyncio
import hashlib
import random
import resource
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.stage import token_row
from tests.integration.ingest.test_tus_upload import create, head, patch
from tests.unit.ingest.clips import padded_video, video_file

from chassis.database import connect
from ingest.store.uploads import Uploads
from tablewatch_schemas import VideoRejected, VideoUploaded, keys


async def left_by_a_crash(
    ingest: Ingest, content: bytes, received: bool, ago: timedelta = timedelta()
) -> dict[str, Any]:
    """Row and bytes as they are when ingest dies after the last byte, before or after saying that it has all."""
    pool = await connect(ingest.environment["DATABASE_URL"], "ingest", size=1)
    token, uploads, now = claims(), Uploads(pool, 3600), datetime.now(UTC) - ago
    await uploads.start(token_row(token), len(content), "", now)
    (ingest.home / "uploads" / f"{token['video_id']}.part").write_bytes(content)
    if received:
        await uploads.set_received(token["video_id"], len(content), now)
    await pool.close()
    return token


@pytest.mark.parametrize("received", [False, True])
@pytest.mark.parametrize("object_is_put", [False, True])
async def test_an_upload_complete_before_the_crash_is_finished_at_the_start(
    own_ingest: Callable[..., Ingest],
    published: Published,
    tmp_path: Path,
    received: bool,
    object_is_put: bool,
) -> None:
    content = video_file(tmp_path / "a.mp4").read_bytes()
    ingest = own_ingest()
    ingest.kill()
    token = await left_by_a_crash(ingest, content, received)
    target = ingest.home / "objects" / keys.original("site_test", token["video_id"])
    if object_is_put:
        target.parent.mkdir(parents=True)
        target.write_bytes(content)
    ingest.start()
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(content).hexdigest()
    assert target.read_bytes() == content


async def test_bytes_lost_with_the_disk_are_said_to_be_lost(
    own_ingest: Callable[..., Ingest], published: Published
) -> None:
    ingest = own_ingest()
    ingest.kill()
    token = await left_by_a_crash(ingest, b"x", received=True, ago=timedelta(minutes=6))
    (ingest.home / "uploads" / f"{token['video_id']}.part").unlink()
    ingest.start()
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected)
    assert (event.code, event.retryable) == ("bytes_lost", True)


async def test_a_file_left_after_the_end_is_cleared(own_ingest: Callable[..., Ingest], published: Published) -> None:
    ingest, token = own_ingest(), claims()
    create(ingest, token, 0)
    await published.of(token["video_id"])
    ingest.kill()
    leftover = ingest.home / "uploads" / f"{token['video_id']}.part"
    leftover.write_bytes(b"x")
    ingest.start()
    for _ in range(50):
        if not leftover.exists():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the leftover stayed")


async def test_kill_9_at_random_moments_of_finishing(
    own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path
) -> None:
    """Ten uploads, ingest killed soon after each last byte: each is stored and published once by event id."""
    ingest, chance = own_ingest(), random.Random(3)
    content = padded_video(tmp_path / "a.mp4", 400_000).read_bytes()
    tokens = [claims() for _ in range(10)]
    for number, token in enumerate(tokens):
        create(ingest, token, len(content))
        patch(ingest, token, 0, content)
        if number % 2:
            await asyncio.sleep(chance.random() * 0.8)
            ingest.kill()
            ingest.start()
    for token in tokens:
        event = (await published.of(token["video_id"], 30)).event
        assert isinstance(event, VideoUploaded)
        assert event.sha256 == hashlib.sha256(content).hexdigest()
        assert len({received.id for received in await published.all_of(token["video_id"], 50)}) == 1
    assert list((ingest.home / "uploads").iterdir()) == []


async def test_a_request_that_is_running_at_sigterm_keeps_its_bytes(own_ingest: Callable[..., Ingest]) -> None:
    ingest, token = own_ingest(), claims()
    create(ingest, token, 1000)
    patch(ingest, token, 0, b"x" * 400)
    assert ingest.kill(signal.SIGTERM) == 0
    ingest.start()
    looked = head(ingest, token)
    assert looked.headers["upload-offset"] == "400"
    expires = parsedate_to_datetime(looked.headers["upload-expires"])
    assert datetime.now(UTC) < expires <= datetime.now(UTC) + timedelta(days=2)


async def test_a_disk_that_fills_up_keeps_what_was_acknowledged(
    own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", small], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    try:
        ingest = own_ingest(INGEST_UPLOADS_DIR=str(small), INGEST_MIN_FREE_BYTES="0")
        content, token = padded_video(tmp_path / "a.mp4", 2_000_000).read_bytes(), claims()
        blocker = small / "blocker"
        create(ingest, token, len(content))
        assert patch(ingest, token, 0, content[:1_000_000]).status_code == 204
        blocker.write_bytes(b"x" * 1_500_000)
        full = patch(ingest, token, 1_000_000, content[1_000_000:])
        assert (full.status_code, full.json()["code"]) == (507, "disk_full")
        offset = int(head(ingest, token).headers["upload-offset"])
        assert offset >= 1_000_000
        assert (small / f"{token['video_id']}.part").read_bytes() == content[:offset]
        blocker.unlink()
        assert patch(ingest, token, offset, content[offset:]).status_code == 204
        assert isinstance((await published.of(token["video_id"])).event, VideoUploaded)
    finally:
        subprocess.run(["umount", "-l", small], check=False)


async def test_a_file_that_may_not_grow_keeps_what_was_acknowledged(
    own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path
) -> None:
    """The same from the kernel's limit of file sizes (EFBIG), which needs no right to mount a small disk."""
    ingest, token = own_ingest(), claims()
    assert ingest.process is not None
    content = padded_video(tmp_path / "a.mp4", 2_000_000).read_bytes()
    create(ingest, token, len(content))
    assert patch(ingest, token, 0, content[:1_000_000]).status_code == 204
    _, most = resource.prlimit(ingest.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(ingest.process.pid, resource.RLIMIT_FSIZE, (1_500_000, most))
    full = patch(ingest, token, 1_000_000, content[1_000_000:])
    assert (full.status_code, full.json()["code"], full.json()["retryable"]) == (507, "disk_full", True)
    assert head(ingest, token).headers["upload-offset"] == "1500000"
    assert (ingest.home / "uploads" / f"{token['video_id']}.part").read_bytes() == content[:1_500_000]
    resource.prlimit(ingest.process.pid, resource.RLIMIT_FSIZE, (most, most))
    assert patch(ingest, token, 1_500_000, content[1_500_000:]).status_code == 204
    event = (await published.of(token["video_id"], 60)).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(content).hexdigest()
