"""One request with the whole file."""

import gzip
import hashlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.ingest.clips import archive, concat, playlist, png, video_file

from tablewatch_schemas import VideoRejected, VideoUploaded


def send(
    ingest: Ingest, token_claims: dict[str, object], body: bytes | Iterator[bytes], method: str = "POST", **more: str
) -> httpx.Response:
    url = f"{ingest.url}/{token_claims['video_id']}/content"
    headers = {"Authorization": f"Bearer {token_of(token_claims)}"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return httpx.request(method, url, content=body, headers=headers, timeout=60)


async def test_a_video_is_stored_and_told(ingest: Ingest, published: Published, tmp_path: Path) -> None:
    body = video_file(tmp_path / "a.mp4").read_bytes()
    token = claims()
    answer = send(ingest, token, body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "stored"
    received = await published.of(token["video_id"])
    event = received.event
    assert isinstance(event, VideoUploaded)
    assert (event.size_bytes, event.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert (event.container, event.codec, event.width, event.height) == ("mp4", "h264", 96, 64)
    assert (event.duration_ms, event.fps, event.rotation_degrees) == (1200, 10.0, 0)
    assert (received.source, received.key) == ("tablewatch/ingest", token["video_id"])
    assert (ingest.home / "objects" / event.object_key).read_bytes() == body
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()


async def test_sending_it_again_gets_the_same_outcome(ingest: Ingest, published: Published, tmp_path: Path) -> None:
    body = video_file(tmp_path / "a.mp4").read_bytes()
    token = claims()
    assert send(ingest, token, body, "PUT").status_code == 201
    assert send(ingest, token, body, "PUT").status_code == 200
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()
    await published.of(token["video_id"])
    assert len(await published.all_of(token["video_id"])) == 1


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
async def test_what_is_no_video_is_refused_and_told(
    ingest: Ingest, published: Published, body: bytes, code: str
) -> None:
    token = claims()
    answer = send(ingest, token, body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    received = await published.of(token["video_id"])
    assert isinstance(received.event, VideoRejected)
    assert (received.event.code, received.event.retryable) == (code, False)
    assert answer.json()["detail"] == send(ingest, token, body).json()["detail"] == received.event.reason
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()


async def test_an_answer_tells_what_the_refused_file_is(ingest: Ingest) -> None:
    answer = send(ingest, claims(), archive()).json()
    assert answer["detail"] == f"{answer['title']} It is a ZIP archive."


def _form(body: bytes) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + body + b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("wrap", "headers", "status", "code"),
    [
        (_form, {"Content_Type": "multipart/form-data; boundary=x"}, 415, "content_type_unsupported"),
        (
            lambda body: b'{"file":"' + body.hex().encode() + b'"}',
            {"Content_Type": "application/json"},
            415,
            "content_type_unsupported",
        ),
        (
            lambda body: b"file=" + body.hex().encode(),
            {"Content_Type": "application/x-www-form-urlencoded"},
            415,
            "content_type_unsupported",
        ),
        (gzip.compress, {"Content_Encoding": "gzip"}, 415, "content_encoding_unsupported"),
        (lambda body: body[:1000], {"Content_Range": "bytes 0-999/5000"}, 400, "partial_body"),
        (lambda body: body[1000:], {"Upload_Offset": "1000"}, 400, "partial_body"),
        (lambda body: body[:1000], {"Upload_Complete": "?0"}, 400, "extension_unsupported"),
    ],
)
async def test_what_the_client_did_wrong_leaves_the_upload_open(
    ingest: Ingest,
    published: Published,
    tmp_path: Path,
    wrap: Callable[[bytes], bytes],
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    body, token = video_file(tmp_path / "a.mp4").read_bytes(), claims()
    refused = send(ingest, token, wrap(body), "PUT", **headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    curl = {"Content_Type": "application/x-www-form-urlencoded"}  # of `curl --data-binary @file`
    assert send(ingest, token, body, **curl).status_code == 201
    assert isinstance((await published.of(token["video_id"])).event, VideoUploaded)
    assert len(await published.all_of(token["video_id"], 300)) == 1


def test_trailers_of_a_chunked_body_change_nothing(ingest: Ingest, tmp_path: Path) -> None:
    body, token = video_file(tmp_path / "a.mp4").read_bytes(), claims()
    head = [f"PUT /v1/uploads/{token['video_id']}/content HTTP/1.1", "Host: ingest", "Transfer-Encoding: chunked"]
    head += [f"Authorization: Bearer {token_of(token)}", "Trailer: Content-Encoding", "", f"{len(body):x}", ""]
    tail = b"\r\n0\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\n\r\n"
    with socket.create_connection(("127.0.0.1", ingest.port), timeout=30) as connection:
        connection.sendall("\r\n".join(head).encode() + body + tail)
        assert b" 201 " in connection.recv(1000).split(b"\r\n")[0]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("more", "code"), [(-1, "length_mismatch"), (1, None)])
def test_a_file_of_another_size_than_announced_is_refused_and_the_right_one_is_taken(
    ingest: Ingest, tmp_path: Path, chunked: bool, more: int, code: str | None
) -> None:
    body = video_file(tmp_path / "a.mp4").read_bytes()
    token = claims(size_bytes=len(body))
    wrong = body[:more] if more < 0 else body + b"\0" * more
    answer = send(ingest, token, _chunks(wrong) if chunked else wrong, "PUT")
    expected = code or ("length_exceeded" if chunked else "length_mismatch")
    assert (answer.json()["code"], answer.json()["retryable"]) == (expected, False)
    assert send(ingest, token, _chunks(body) if chunked else body, "PUT").status_code == 201
    assert send(ingest, token, wrong, "PUT").status_code == 200, "it has its outcome"


def _chunks(body: bytes) -> Iterator[bytes]:
    """Sent without Content-Length."""
    yield from (body[at : at + 700] for at in range(0, len(body), 700))
