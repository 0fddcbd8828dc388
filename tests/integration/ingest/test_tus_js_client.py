"""The browser's client, unmodified, in Node: an upload that goes on by itself after ingest was killed."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.ingest.clips import padded_video

from tablewatch_schemas import VideoUploaded

MODULE = Path(__file__).parents[3] / "web/node_modules/tus-js-client"
PROGRAM = Path(__file__).with_name("tus_js_client.mjs")


async def test_it_resumes_after_kill_9(own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path) -> None:
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
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()


async def test_parallel_uploads_are_refused_and_nothing_is_stored(
    ingest: Ingest, published: Published, tmp_path: Path
) -> None:
    source, token = padded_video(tmp_path / "a.mp4", 100_000), claims()
    node = await asyncio.create_subprocess_exec(
        *("node", PROGRAM, MODULE, ingest.url, token_of(token), source, "100000", "2"), stdout=asyncio.subprocess.PIPE
    )
    output = (await node.communicate())[0].decode()
    assert output.startswith("error ") and "extension_unsupported" in output
    headers = {"Authorization": f"Bearer {token_of(token)}", "Tus-Resumable": "1.0.0"}
    assert httpx.head(f"{ingest.url}/{token['video_id']}", headers=headers).status_code == 404
    assert await published.all_of(token["video_id"]) == []
