"""A large upload, cut at 20 random points, ingest killed at five of them: the same bytes arrive.

LARGE_UPLOAD_BYTES sets its size (default 300 MB).
"""

import asyncio
import hashlib
import os
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_tus_upload import create, head, open_patch
from tests.unit.ingest.clips import video_file

from tablewatch_schemas import VideoUploaded, keys

SIZE = int(os.environ.get("LARGE_UPLOAD_BYTES", "300000000"))
MIB = 1 << 20


def large_video(path: Path, size: int) -> Path:
    """An MP4 with a free box (64 bit size) of blocks that all differ, so that none can be lost, doubled or moved."""
    video_file(path)
    missing = size - path.stat().st_size
    block = np.random.default_rng(1).bytes(MIB)
    with path.open("ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", missing))
        for number in range(-(-(missing - 16) // MIB)):
            file.write((struct.pack(">Q", number) + block[8:])[: missing - 16 - number * MIB])
    return path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def send(ingest: Ingest, token: dict[str, object], source: Path, start: int, end: int) -> None:
    """A PATCH that announces the rest of the file, and is cut at `end`."""
    with open_patch(ingest, token, start, source.stat().st_size - start, b"") as connection, source.open("rb") as file:
        connection.settimeout(120)
        connection.sendfile(file, start, end - start)
        if end == source.stat().st_size:
            assert connection.recv(4096).startswith(b"HTTP/1.1 204")


async def resting_offset(ingest: Ingest, token: dict[str, object]) -> int:
    """Where it stands once the request that was cut has let go."""
    before = -1
    while (offset := int(head(ingest, token).headers["upload-offset"])) != before:
        before = offset
        await asyncio.sleep(0.3)
    return offset


async def test_cut_at_20_points_and_killed_at_five(
    own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path
) -> None:
    ingest, token, chance = own_ingest(), claims(max_bytes=SIZE), random.Random(20)
    source = large_video(tmp_path / "a.mp4", SIZE)
    wanted, started = sha256(source), time.monotonic()
    cuts = sorted(chance.sample(range(1, SIZE), 20))
    killed = set(chance.sample(cuts, 5))
    assert create(ingest, token, SIZE).status_code == 201
    offset = 0
    for cut in [*cuts, SIZE]:
        if cut > offset:
            await asyncio.to_thread(send, ingest, token, source, offset, cut)
        if cut == SIZE:
            break
        if cut in killed:
            ingest.kill()
            ingest.start()
        reached = await resting_offset(ingest, token)
        assert offset <= reached <= cut, "never less than was acknowledged, never more than was sent"
        offset = reached
    event = (await published.of(token["video_id"], 300)).event
    print(f"{SIZE} bytes, 20 cuts, 5 kills: {time.monotonic() - started:.1f} s")
    assert isinstance(event, VideoUploaded)
    assert (event.sha256, event.size_bytes) == (wanted, SIZE)
    assert sha256(ingest.home / "objects" / keys.original("site_test", token["video_id"])) == wanted
