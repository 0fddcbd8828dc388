"""Uppy's tus plugin, unmodified, in a real browser: cut off in the middle, ingest killed with -9, the same bytes."""

import asyncio
import hashlib
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims, free_port, token_of
from tests.unit.ingest.clips import padded_video

from tablewatch_schemas import VideoUploaded

WEB = Path(__file__).parents[3] / "web"
SIZE = 24_000_000

pytestmark = pytest.mark.timeout(600)


@asynccontextmanager
async def browser(port: int, ingest: Ingest, token: str, clip: Path) -> AsyncIterator[Process]:
    node = shutil.which("node")
    assert node, "the README asks for Node"
    words = ["--port", str(port), "--ingest", ingest.url, "--token", token, "--clip", str(clip)]
    process = await asyncio.create_subprocess_exec(
        node, "e2e/uppy.spec.mjs", *words, cwd=WEB, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_uppy_goes_on_after_a_cut_and_after_kill_9(
    own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path
) -> None:
    source, token, port = padded_video(tmp_path / "küche.mp4", SIZE), claims(), free_port()
    ingest = own_ingest(INGEST_CORS_ORIGINS=f"http://127.0.0.1:{port}")
    async with browser(port, ingest, token_of(token), source) as running:
        assert running.stdout and running.stdin and running.stderr
        lines = list[str]()
        async for line in running.stdout:
            lines.append(line.decode().strip())
            if lines[-1] == "kill me":
                ingest.kill()
                await asyncio.to_thread(ingest.start)
                running.stdin.write(b"started\n")
        complaints = (await running.stderr.read()).decode()
        assert await running.wait() == 0, "\n".join([*lines, complaints])
        print(lines[-1])
    event = (await published.of(token["video_id"], 120)).event
    assert isinstance(event, VideoUploaded)
    assert (event.size_bytes, event.sha256) == (SIZE, hashlib.sha256(source.read_bytes()).hexdigest())
