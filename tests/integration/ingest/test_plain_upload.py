"""One request with the whole file."""

import hashlib
from pathlib import Path

import httpx
import pytest
from tests.integration.ingest.conftest import Told
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.ingest.clips import archive, concat, playlist, png, video_file

from tablewatch_schemas import VideoRejected, VideoUploaded


def send(ingest: Ingest, token_claims: dict[str, object], body: bytes, method: str = "POST") -> httpx.Response:
    url = f"{ingest.url}/{token_claims['video_id']}/content"
    headers = {"Authorization": f"Bearer {token_of(token_claims)}"}
    return httpx.request(method, url, content=body, headers=headers, timeout=60)


async def test_a_video_is_stored_and_told(ingest: Ingest, told: Told, tmp_path: Path) -> None:
    body = video_file(tmp_path / "a.mp4").read_bytes()
    token = claims()
    answer = send(ingest, token, body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "stored"
    received = await told.of(token["video_id"])
    event = received.event
    assert isinstance(event, VideoUploaded)
    assert (event.size_bytes, event.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert (event.container, event.codec, event.width, event.height) == ("mp4", "h264", 96, 64)
    assert (event.duration_ms, event.fps, event.rotation_degrees) == (1200, 10.0, 0)
    assert (received.source, received.key) == ("tablewatch/ingest", token["video_id"])
    assert (ingest.home / "objects" / event.object_key).read_bytes() == body
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()


async def test_sending_it_again_gets_the_same_outcome(ingest: Ingest, told: Told, tmp_path: Path) -> None:
    body = video_file(tmp_path / "a.mp4").read_bytes()
    token = claims()
    assert send(ingest, token, body, "PUT").status_code == 201
    assert send(ingest, token, body, "PUT").status_code == 200
    await told.of(token["video_id"])
    assert len(await told.all_of(token["video_id"])) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (playlist("http://127.0.0.1:9/x.ts"), "not_a_video"),
        (concat(Path("/etc/hostname")), "not_a_video"),
        (png(), "not_a_video"),
        (archive(), "not_a_video"),
        (b"", "empty_file"),
        (b"FLV\x01\x05" + b"\0" * 100, "unsupported_container"),
    ],
)
async def test_what_is_no_video_is_refused_and_told(ingest: Ingest, told: Told, body: bytes, code: str) -> None:
    token = claims()
    answer = send(ingest, token, body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    received = await told.of(token["video_id"])
    assert isinstance(received.event, VideoRejected)
    assert (received.event.code, received.event.retryable) == (code, False)
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()
