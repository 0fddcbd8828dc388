"""The browser's client, unmodified, in Node: an upload that goes on by itself after ingest was killed."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.ingest.conftest import Told
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.ingest.clips import padded_video

from tablewatch_schemas import VideoUploaded

MODULE = Path(__file__).parents[3] / "web/node_modules/tus-js-client"
PROGRAM = Path(__file__).with_name("tus_js_client.mjs")

pytestmark = pytest.mark.skipif(shutil.which("node") is None or not MODULE.exists(), reason="no Node or no page built")


async def test_it_resumes_after_kill_9(own_ingest: Callable[..., Ingest], told: Told, tmp_path: Path) -> None:
    source, token, ingest = padded_video(tmp_path / "a.mp4", 12_000_000), claims(), own_ingest()
    node = await asyncio.create_subprocess_exec(
        *("node", PROGRAM, MODULE, ingest.url, token_of(token), source, "1000000"), stdout=asyncio.subprocess.PIPE
    )
    assert node.stdout is not None
    lines = []
    async for line in node.stdout:
        lines.append(line.decode().strip())
        if lines[-1] in ("progress 3000000", "progress 8000000"):
            ingest.kill()
            await asyncio.to_thread(ingest.start)
    assert lines[-1] == "done", lines
    event = (await told.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
