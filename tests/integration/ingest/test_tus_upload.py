"""tus 1.0 with a real client, cut off and resumed, and the protocol's corners."""

import asyncio
import base64
import hashlib
import random
import socket
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims, token_of
from tests.unit.ingest.clips import padded_video, video_file
from tusclient.client import TusClient

from tablewatch_schemas import VideoRejected, VideoUploaded

OFFSET = "application/offset+octet-stream"
OTHER_SECRET = "another secret, also long enough for HS256"


def headers_of(token: dict[str, Any], **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"Authorization": f"Bearer {token_of(token)}", "Tus-Resumable": "1.0.0"} | named


def create(ingest: Ingest, token: dict[str, Any], length: int, **more: str) -> httpx.Response:
    return httpx.post(ingest.url, headers=headers_of(token, Upload_Length=str(length), **more))


def patch(ingest: Ingest, token: dict[str, Any], offset: int, body: bytes, **more: str) -> httpx.Response:
    url = f"{ingest.url}/{token['video_id']}"
    headers = headers_of(token, Upload_Offset=str(offset), Content_Type=OFFSET, **more)
    return httpx.patch(url, content=body, headers=headers, timeout=30)


def head(ingest: Ingest, token: dict[str, Any]) -> httpx.Response:
    return httpx.head(f"{ingest.url}/{token['video_id']}", headers=headers_of(token))


def open_patch(ingest: Ingest, token: dict[str, Any], offset: int, announced: int, body: bytes) -> socket.socket:
    """A PATCH that announces more than it sends, and stays open."""
    connection = socket.create_connection(("127.0.0.1", ingest.port))
    lines = [f"PATCH /v1/uploads/{token['video_id']} HTTP/1.1", "Host: ingest", f"Content-Length: {announced}"]
    lines += [f"{name}: {value}" for name, value in headers_of(token).items()]
    lines += [f"Upload-Offset: {offset}", f"Content-Type: {OFFSET}"]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return connection


def wait_for_offset(ingest: Ingest, token: dict[str, Any], at_least: int) -> int:
    for _ in range(100):
        offset = int(head(ingest, token).headers["upload-offset"])
        if offset >= at_least:
            return offset
        time.sleep(0.05)
    raise AssertionError(f"offset stayed below {at_least}")


async def test_tuspy_uploads_in_chunks_with_checksums(ingest: Ingest, published: Published, tmp_path: Path) -> None:
    source = video_file(tmp_path / "a.mp4")
    token = claims()
    client = TusClient(ingest.url, headers=headers_of(token))
    uploader = client.uploader(str(source), chunk_size=700, metadata={"filename": "küche.mp4"}, upload_checksum=True)
    await asyncio.to_thread(uploader.upload)
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()


async def test_tuspy_resumes_where_it_was_cut(ingest: Ingest, published: Published, tmp_path: Path) -> None:
    source = padded_video(tmp_path / "a.mp4", 3_000_000)
    token = claims()
    client = TusClient(ingest.url, headers=headers_of(token))
    first = client.uploader(str(source), chunk_size=500_000)
    await asyncio.to_thread(first.upload, 1_000_000)
    # cut in the middle of the next chunk
    open_patch(ingest, token, 1_000_000, 500_000, source.read_bytes()[1_000_000:1_123_456]).close()
    offset = wait_for_offset(ingest, token, 1_123_456)
    second = client.uploader(str(source), chunk_size=500_000, url=f"{ingest.url}/{token['video_id']}")
    assert second.offset == offset == 1_123_456
    await asyncio.to_thread(second.upload)
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()


async def test_kill_9_in_the_middle_loses_nothing_acknowledged(
    own_ingest: Callable[..., Ingest], published: Published, tmp_path: Path
) -> None:
    source = padded_video(tmp_path / "a.mp4", 24_000_000)
    content, token, chance = source.read_bytes(), claims(), random.Random(7)
    ingest = own_ingest()
    assert create(ingest, token, len(content)).status_code == 201
    acknowledged = 0
    for _ in range(4):
        sent = patch(ingest, token, acknowledged, content[acknowledged : acknowledged + 2_000_000])
        acknowledged = int(sent.headers["upload-offset"])
        running = open_patch(ingest, token, acknowledged, 4_000_000, content[acknowledged : acknowledged + 3_000_000])
        await asyncio.sleep(chance.random() * 0.05)
        ingest.kill()
        running.close()
        ingest.start()
        offset = int(head(ingest, token).headers["upload-offset"])
        assert offset >= acknowledged
        assert (ingest.home / "uploads" / f"{token['video_id']}.part").read_bytes() == content[:offset]
        acknowledged = offset
    uploader = TusClient(ingest.url, headers=headers_of(token)).uploader(
        str(source), url=f"{ingest.url}/{token['video_id']}", chunk_size=8_000_000
    )
    await asyncio.to_thread(uploader.upload)
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(content).hexdigest()


def test_the_second_client_on_an_upload_is_told_423(ingest: Ingest) -> None:
    token = claims()
    create(ingest, token, 1000)
    with open_patch(ingest, token, 0, 500, b"x" * 10):
        for _ in range(50):
            second = patch(ingest, token, 10, b"y" * 10)
            if second.status_code == 423:
                break
            time.sleep(0.05)
        assert second.json()["code"] == "upload_locked"
        assert create(ingest, token, 1000).status_code == 423
    assert wait_for_offset(ingest, token, 10) == 10
    assert patch(ingest, token, 10, b"y" * 10).status_code == 204


def test_creation_with_upload_and_metadata(ingest: Ingest) -> None:
    token = claims()
    headers = headers_of(token, Upload_Length="20", Content_Type=OFFSET, Upload_Metadata="filename YS5tcDQ=,private")
    made = httpx.post(ingest.url, content=b"12345", headers=headers)
    assert (made.status_code, made.headers["upload-offset"]) == (201, "5")
    assert made.headers["location"] == f"/v1/uploads/{token['video_id']}"
    assert "GMT" in made.headers["upload-expires"]
    looked = head(ingest, token)
    assert (looked.headers["upload-offset"], looked.headers["upload-length"]) == ("5", "20")
    assert looked.headers["upload-metadata"] == "filename YS5tcDQ=,private"
    assert looked.headers["cache-control"] == "no-store"


async def test_the_length_may_be_said_later(ingest: Ingest, published: Published, tmp_path: Path) -> None:
    content, token = video_file(tmp_path / "a.mp4").read_bytes(), claims()
    made = httpx.post(ingest.url, headers=headers_of(token, Upload_Defer_Length="1"))
    assert made.status_code == 201
    assert head(ingest, token).headers["upload-defer-length"] == "1"
    assert patch(ingest, token, 0, content[:100]).status_code == 204
    assert patch(ingest, token, 100, content[100:], Upload_Length=str(len(content))).status_code == 204
    assert isinstance((await published.of(token["video_id"])).event, VideoUploaded)
    done = head(ingest, token)
    assert done.headers["upload-offset"] == done.headers["upload-length"] == str(len(content))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "crc32"])
def test_a_wrong_checksum_is_460_and_leaves_the_upload_as_it_was(ingest: Ingest, algorithm: str) -> None:
    def digest(body: bytes) -> str:
        raw = zlib.crc32(body).to_bytes(4, "big") if algorithm == "crc32" else hashlib.new(algorithm, body).digest()
        return f"{algorithm} {base64.b64encode(raw).decode()}"

    token = claims()
    create(ingest, token, 100)
    wrong = patch(ingest, token, 0, b"a" * 10, Upload_Checksum=digest(b"b" * 10))
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    assert head(ingest, token).headers["upload-offset"] == "0"
    assert patch(ingest, token, 0, b"a" * 10, Upload_Checksum=digest(b"a" * 10)).status_code == 204
    assert head(ingest, token).headers["upload-offset"] == "10"


def test_options_tell_what_can_be_done(ingest: Ingest) -> None:
    published = httpx.options(ingest.url)
    assert published.status_code == 204
    assert published.headers["tus-version"] == "1.0.0"
    assert published.headers["tus-checksum-algorithm"] == "sha1,sha256,crc32"
    for extension in ("creation", "creation-with-upload", "creation-defer-length", "termination", "expiration"):
        assert extension in published.headers["tus-extension"].split(",")


def test_a_page_of_the_allowed_origin_may_upload(ingest: Ingest) -> None:
    asked = {"Origin": "http://127.0.0.1:8700", "Access-Control-Request-Method": "PATCH"}
    asked |= {"Access-Control-Request-Headers": "authorization,tus-resumable,upload-offset,content-type"}
    allowed = httpx.options(f"{ingest.url}/x", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "http://127.0.0.1:8700"
    foreign = httpx.options(f"{ingest.url}/x", headers=asked | {"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    token = claims()
    made = create(ingest, token, 10, Origin="http://127.0.0.1:8700")
    assert "Upload-Offset" in made.headers["access-control-expose-headers"]


async def test_termination_drops_the_bytes_and_says_so(ingest: Ingest, published: Published) -> None:
    token = claims()
    create(ingest, token, 100)
    patch(ingest, token, 0, b"x" * 50)
    ended = httpx.delete(f"{ingest.url}/{token['video_id']}", headers=headers_of(token))
    assert ended.status_code == 204
    assert head(ingest, token).status_code == 410
    assert create(ingest, token, 100).json()["code"] == "upload_gone"
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected) and event.code == "upload_terminated" and event.size_bytes == 50


async def test_termination_ends_a_request_that_is_writing(ingest: Ingest) -> None:
    token = claims()
    create(ingest, token, 10_000_000)
    with open_patch(ingest, token, 0, 10_000_000, b"x" * 1_200_000) as connection:
        wait_for_offset(ingest, token, 1_000_000)
        httpx.delete(f"{ingest.url}/{token['video_id']}", headers=headers_of(token))
        connection.sendall(b"x" * 2_000_000)
        connection.settimeout(10)
        assert b" 410 " in connection.recv(1000).split(b"\r\n")[0]


async def test_too_large_is_refused_before_a_byte_is_sent(ingest: Ingest, published: Published) -> None:
    token = claims(max_bytes=1000)
    refused = create(ingest, token, 1001)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected) and event.code == "too_large" and "1001" in event.reason
    assert head(ingest, token).status_code == 413


async def test_too_large_is_noticed_while_bytes_of_unknown_number_come(ingest: Ingest, published: Published) -> None:
    token = claims(max_bytes=3_000_000)

    def endless() -> Any:
        for _ in range(100):
            yield b"x" * 100_000

    url = f"{ingest.url}/{token['video_id']}/content"
    try:
        refused = httpx.post(url, content=endless(), headers=headers_of(token))
        assert refused.status_code == 413
    except httpx.TransportError:
        pass  # the connection is closed on who goes on sending
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected) and event.code == "too_large"
    assert not (ingest.home / "uploads" / f"{token['video_id']}.part").exists()


def test_more_bytes_than_declared_are_not_taken(ingest: Ingest) -> None:
    token = claims()
    create(ingest, token, 10)
    assert patch(ingest, token, 0, b"x" * 11).json()["code"] == "length_exceeded"
    assert head(ingest, token).headers["upload-offset"] == "0"


def test_another_length_than_announced_is_refused_as_soon_as_it_is_known(ingest: Ingest) -> None:
    token = claims(size_bytes=10)
    refused = create(ingest, token, 11)
    assert (refused.status_code, refused.json()["code"]) == (409, "length_mismatch")
    assert "11 bytes are to be sent, 10 were announced" in refused.json()["detail"]
    assert head(ingest, token).status_code == 404
    assert create(ingest, token, 10).status_code == 201


def test_the_announced_size_is_the_length_of_an_upload_that_defers_it(ingest: Ingest) -> None:
    token = claims(size_bytes=10)
    httpx.post(ingest.url, headers=headers_of(token, Upload_Defer_Length="1"))
    assert head(ingest, token).headers["upload-length"] == "10"
    assert patch(ingest, token, 0, b"x" * 4, Upload_Length="9").json()["code"] == "length_mismatch"
    assert patch(ingest, token, 0, b"x" * 11).json()["code"] == "length_exceeded"
    assert patch(ingest, token, 0, b"x" * 4, Upload_Length="10").headers["upload-offset"] == "4"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"Upload-Offset": "5"}, 409, "offset_mismatch"),
        ({"Upload-Offset": "-1"}, 400, "header_invalid"),
        ({"Upload-Offset": "1e3"}, 400, "header_invalid"),
        ({"Content-Type": "video/mp4"}, 415, "content_type_unsupported"),
        ({"Tus-Resumable": "0.2.2"}, 412, "tus_version_unsupported"),
        ({"Upload-Length": "11"}, 409, "length_mismatch"),
        ({"Upload-Checksum": "md5 AAAA"}, 400, "checksum_unsupported"),
        ({"Authorization": "Bearer x"}, 401, "token_invalid"),
        ({"Authorization": f"Bearer {token_of(claims())}"}, 403, "token_mismatch"),
        (
            {"Authorization": f"Bearer {token_of(claims(), 'another secret, also long enough for it')}"},
            401,
            "token_invalid",
        ),
        ({"Authorization": f"Bearer {token_of(claims(exp=1))}"}, 401, "token_expired"),
        ({"Authorization": ""}, 401, "token_missing"),
    ],
)
def test_what_is_wrong_has_a_code(ingest: Ingest, change: dict[str, str], status: int, code: str) -> None:
    token = claims()
    create(ingest, token, 10)
    headers = headers_of(token, Upload_Offset="0", Content_Type=OFFSET) | change
    answer = httpx.patch(f"{ingest.url}/{token['video_id']}", content=b"12345", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert head(ingest, token).headers["upload-offset"] == "0"


@pytest.mark.parametrize("concat", ["partial", "final;/v1/uploads/a /v1/uploads/b"])
def test_concatenation_is_refused_before_anything_is_stored(ingest: Ingest, concat: str) -> None:
    token = claims()
    refused = create(ingest, token, 10, Upload_Concat=concat)
    assert (refused.status_code, refused.json()["code"]) == (400, "extension_unsupported")
    assert head(ingest, token).status_code == 404
    create(ingest, token, 10)
    assert patch(ingest, token, 0, b"x" * 10, Upload_Concat=concat).json()["code"] == "extension_unsupported"
    assert head(ingest, token).headers["upload-offset"] == "0"


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("identity", 204)])
def test_a_compressed_chunk_is_refused(ingest: Ingest, coding: str, status: int) -> None:
    token = claims()
    create(ingest, token, 10)
    assert patch(ingest, token, 0, b"x" * 5, Content_Encoding=coding).status_code == status
    assert head(ingest, token).headers["upload-offset"] == ("5" if status == 204 else "0")


def test_a_proxy_may_pass_posts_only(ingest: Ingest) -> None:
    token, override = claims(), "X-HTTP-Method-Override"
    create(ingest, token, 10)
    url = f"{ingest.url}/{token['video_id']}"
    more = headers_of(token, Upload_Offset="0", Content_Type=OFFSET)
    sent = httpx.post(url, content=b"12345", headers=more | {override: "PATCH"})
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, "5")
    looked = httpx.post(url, headers=headers_of(token) | {override: "head"})
    assert (looked.status_code, looked.headers["upload-offset"], looked.content) == (200, "5", b"")
    assert httpx.post(url, headers=headers_of(token) | {override: "BREW"}).status_code == 405
    safe = httpx.get(url, headers=headers_of(token) | {override: "DELETE"})
    assert (safe.status_code, safe.json()["code"]) == (400, "header_invalid")
    assert httpx.post(url, headers=headers_of(token) | {override: "DELETE"}).status_code == 204
    assert head(ingest, token).status_code == 410


@pytest.mark.parametrize("prefix", ["", "/upload", "/a/b"])
def test_behind_a_proxy_that_cuts_a_prefix_off(ingest: Ingest, prefix: str) -> None:
    """The proxy sends no header of its own; the client resolves Location as RFC 3986 says."""
    token = claims(create_url=ingest.url)
    asked = {"Host": "uploads.example"} if prefix else {}
    made = create(ingest, token, 10, **asked)
    where = urljoin(f"http://uploads.example{prefix}/v1/uploads", made.headers["location"])
    assert where == f"http://uploads.example{prefix}/v1/uploads/{token['video_id']}"
    named = create(ingest, token, 10, X_Forwarded_Prefix=f"{prefix}/")
    assert named.headers["location"] == f"{prefix}/v1/uploads/{token['video_id']}"


def test_an_endpoint_may_end_with_a_slash(ingest: Ingest) -> None:
    token = claims(create_url=ingest.url)
    headers = headers_of(token, Upload_Length="10")
    made = httpx.post(f"{ingest.url}/", headers=headers)
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/uploads/{token['video_id']}")
    proxied = httpx.post(f"{ingest.url}/", headers=headers | {"Host": "uploads.example"})
    assert proxied.headers["location"] == token["video_id"]


def test_an_address_that_is_none_is_no_token(ingest: Ingest) -> None:
    assert create(ingest, claims(create_url="http://x//y"), 10).json()["code"] == "token_invalid"


def test_an_upload_nobody_created_is_unknown(ingest: Ingest) -> None:
    token = claims()
    assert head(ingest, token).status_code == 404
    assert patch(ingest, token, 0, b"x").json()["code"] == "upload_unknown"


async def test_an_upload_without_progress_expires(
    own_ingest: Callable[..., Ingest], published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest, token = own_ingest(INGEST_UPLOAD_TTL_S="1"), claims()
    create(ingest, token, 10)
    patch(ingest, token, 0, b"12345")
    await asyncio.sleep(1.2)
    ingest.kill()
    ingest.start()  # sweeps as it starts
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected)
    assert (event.code, event.retryable, event.size_bytes) == ("upload_expired", True, 5)
    assert head(ingest, token).status_code == 410


async def test_a_silent_client_is_let_go_and_its_bytes_kept(own_ingest: Callable[..., Ingest]) -> None:
    ingest, token = own_ingest(INGEST_IDLE_S="0.5"), claims()
    create(ingest, token, 1000)
    with open_patch(ingest, token, 0, 1000, b"x" * 300) as connection:
        connection.settimeout(10)
        assert b" 408 " in connection.recv(1000).split(b"\r\n")[0]
    assert head(ingest, token).headers["upload-offset"] == "300"


def test_no_space_left_is_507_before_and_said_as_such(own_ingest: Callable[..., Ingest]) -> None:
    ingest, token = own_ingest(INGEST_MIN_FREE_BYTES=str(1 << 60)), claims()
    answer = create(ingest, token, 1000)
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (507, "disk_full", True)


async def test_an_empty_upload_is_refused(ingest: Ingest, published: Published) -> None:
    token = claims()
    assert create(ingest, token, 0).status_code == 201
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected) and event.code == "empty_file"


def test_beginning_again_starts_at_nothing(ingest: Ingest) -> None:
    token = claims()
    create(ingest, token, 100)
    patch(ingest, token, 0, b"x" * 50)
    assert create(ingest, token, 200).status_code == 201
    looked = head(ingest, token)
    assert (looked.headers["upload-offset"], looked.headers["upload-length"]) == ("0", "200")


def test_file_names_of_the_user_are_never_used(ingest: Ingest) -> None:
    token = claims(video_id="../../etc/x")
    assert httpx.post(ingest.url, headers=headers_of(token, Upload_Length="1")).json()["code"] == "token_invalid"
