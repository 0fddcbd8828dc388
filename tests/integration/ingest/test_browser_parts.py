"""The browser client in a real browser sends parts to a real bucket: its page killed in the middle, the same bytes."""

import asyncio
import hashlib
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims, free_port, token_of
from tests.integration.ingest.test_multipart import settings
from tests.integration.s3 import S3Server, running, versitygw
from tests.unit.ingest.clips import padded_video

from ingest.upload.multipart import SMALLEST_PART
from tablewatch_schemas import VideoUploaded

WEB = Path(__file__).parents[3] / "web"
SIZE = 2 * SMALLEST_PART + 100_000

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def origin() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def open_s3(tmp_path: Path, origin: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A bucket server that takes requests of the page's origin."""
    if versitygw() is None:
        pytest.skip("nanio answers no preflight of a browser")
    monkeypatch.setenv("VGW_CORS_ALLOW_ORIGIN", origin)
    with running(tmp_path / "buckets") as server:
        yield server


async def send(origin: str, ingest: Ingest, token: dict[str, object], clip: Path) -> str:
    """What the page has seen. Fails with what the browser complained of."""
    node = shutil.which("node")
    assert node, "the README asks for Node"
    given = {"port": origin.rsplit(":", 1)[1], "ingest": ingest.url, "token": token_of(token)}
    words = [f"--{name}={text}" for name, text in (given | {"video": token["video_id"], "clip": clip}).items()]
    process = await asyncio.create_subprocess_exec(
        node, "e2e/parts.spec.mjs", *words, cwd=WEB, stdout=PIPE, stderr=PIPE
    )
    try:
        seen, complaints = await asyncio.wait_for(process.communicate(), 240)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (seen + complaints).decode()
    return seen.decode()


async def test_a_killed_page_goes_on_with_the_parts_that_are_missing(
    own_ingest: Callable[..., Ingest], published: Published, open_s3: S3Server, origin: str, tmp_path: Path
) -> None:
    source, token = padded_video(tmp_path / "küche.mp4", SIZE), claims()
    ingest = own_ingest(INGEST_CORS_ORIGINS=origin, **settings(open_s3))
    print(await send(origin, ingest, token, source))
    event = (await published.of(token["video_id"], 120)).event
    assert isinstance(event, VideoUploaded)
    assert (event.size_bytes, event.sha256) == (SIZE, hashlib.sha256(source.read_bytes()).hexdigest())
