"""Uploads in parts straight to a real S3 server: signed links, plain HTTP, and the minio client to look at it."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from minio import Minio
from minio.error import S3Error
from tests.integration.ingest.conftest import Published
from tests.integration.ingest.process import Ingest, claims
from tests.integration.ingest.test_tus_upload import create, headers_of, patch
from tests.integration.s3 import S3Server
from tests.unit.ingest.clips import padded_video

from chassis.database import connect
from ingest.upload.multipart import SMALLEST_PART
from tablewatch_schemas import VideoRejected, VideoUploaded, keys

BUCKET = "ingest-parts"
SIZE = 2 * SMALLEST_PART + 1_234_567


def settings(s3: S3Server) -> dict[str, str]:
    return {"S3_URL": s3.url, "S3_ACCESS_KEY": s3.access_key, "S3_SECRET_KEY": s3.secret_key, "S3_BUCKET": BUCKET}


def minio(s3: S3Server) -> Minio:
    host = s3.url.removeprefix("http://")
    return Minio(host, access_key=s3.access_key, secret_key=s3.secret_key, secure=False, region="us-east-1")


def ask(ingest: Ingest, token: dict[str, Any], method: str, path: str = "", body: Any = None) -> httpx.Response:
    url = f"{ingest.url}/{token['video_id']}/parts{path}"
    return httpx.request(method, url, headers=headers_of(token), json=body, timeout=90)


def put_parts(ingest: Ingest, token: dict[str, Any], content: bytes, numbers: list[int]) -> list[dict[str, Any]]:
    """Send the parts with nothing but the links; returns number and ETag of each."""
    signed = ask(ingest, token, "POST", "/sign", {"numbers": numbers})
    assert signed.status_code == 200, signed.text
    sent = []
    for link in signed.json()["urls"]:
        start = (link["number"] - 1) * SMALLEST_PART
        answer = httpx.put(link["url"], content=content[start : start + SMALLEST_PART], timeout=60)
        assert answer.status_code == 200, answer.text
        sent.append({"number": link["number"], "etag": answer.headers["etag"]})
    return sent


def object_of(s3: S3Server, token: dict[str, Any]) -> bytes | None:
    try:
        return bytes(minio(s3).get_object(BUCKET, keys.original("site_test", token["video_id"])).read())
    except S3Error as error:
        assert error.code == "NoSuchKey"
        return None


def open_uploads(s3: S3Server, token: dict[str, Any]) -> list[str]:
    found = minio(s3)._list_multipart_uploads(BUCKET, prefix=keys.original("site_test", token["video_id"]))
    return [one.upload_id or "" for one in found.uploads]


async def test_a_break_and_a_kill_later_the_file_is_stored(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server, tmp_path: Path
) -> None:
    ingest, token = own_ingest(**settings(s3)), claims()
    content = padded_video(tmp_path / "a.mp4", SIZE).read_bytes()
    begun = ask(ingest, token, "POST", "", {"size_bytes": len(content)})
    assert begun.status_code == 201, begun.text
    assert (begun.json()["part_bytes"], begun.json()["part_count"]) == (SMALLEST_PART, 3)
    put_parts(ingest, token, content, [3, 1])
    ingest.kill()
    ingest.start()
    assert ask(ingest, token, "POST", "", {"size_bytes": len(content)}).status_code == 201
    there = ask(ingest, token, "GET").json()["parts"]
    assert [(part["number"], part["size_bytes"]) for part in there] == [(1, SMALLEST_PART), (3, 1_234_567)]
    second = put_parts(ingest, token, content, [2])
    done = ask(ingest, token, "POST", "/complete", {"parts": [*there, *second]})
    assert (done.status_code, done.json()["status"]) == (201, "stored"), done.text
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(content).hexdigest() == done.json()["sha256"]
    assert event.object_key == keys.original("site_test", token["video_id"])
    assert object_of(s3, token) == content
    assert list((ingest.home / "uploads").iterdir()) == []
    again = ask(ingest, token, "POST", "/complete", {"parts": [*there, *second]})
    assert (again.status_code, again.json()["status"]) == (201, "stored")
    assert open_uploads(s3, token) == []


async def test_what_is_no_video_is_refused_and_leaves_nothing(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server
) -> None:
    ingest, token, content = own_ingest(**settings(s3)), claims(), b"#EXTM3U\n" * 1000
    ask(ingest, token, "POST", "", {"size_bytes": len(content)})
    sent = put_parts(ingest, token, content, [1])
    refused = ask(ingest, token, "POST", "/complete", {"parts": sent})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_video")
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected)
    assert event.size_bytes == len(content)
    assert object_of(s3, token) is None
    assert ask(ingest, token, "POST", "", {"size_bytes": 5}).json()["code"] == "not_a_video"


async def test_parts_of_another_size_than_announced_are_refused(
    own_ingest: Callable[..., Ingest], s3: S3Server
) -> None:
    ingest, token = own_ingest(**settings(s3)), claims(size_bytes=5000)
    for size in (4999, 5001):
        refused = ask(ingest, token, "POST", "", {"size_bytes": size})
        assert (refused.status_code, refused.json()["code"]) == (409, "length_mismatch")
    assert open_uploads(s3, token) == []
    assert ask(ingest, token, "POST", "", {"size_bytes": 5000}).status_code == 201


async def test_wrong_requests_change_nothing(own_ingest: Callable[..., Ingest], s3: S3Server) -> None:
    ingest, token, content = own_ingest(**settings(s3)), claims(max_bytes=1_000_000), b"x" * 5000

    def code(method: str, path: str = "", body: Any = None) -> tuple[int, str]:
        answer = ask(ingest, token, method, path, body)
        return answer.status_code, answer.json()["code"]

    assert code("POST", "/sign", {"numbers": [1]}) == (404, "upload_unknown")
    assert code("POST", "", {"size_bytes": "many"}) == (422, "parts_invalid")
    assert ask(ingest, token, "POST", "", {"size_bytes": len(content)}).status_code == 201
    assert code("POST", "", {"size_bytes": 6000}) == (409, "length_mismatch")
    assert code("POST", "/sign", {"numbers": [2]}) == (422, "parts_invalid")
    assert code("POST", "/sign", {"numbers": []}) == (422, "parts_invalid")
    assert code("POST", "/complete", {"parts": [{"number": 1, "etag": "abc"}]}) == (422, "parts_invalid")
    sent = put_parts(ingest, token, content[:4000], [1])
    assert code("POST", "/complete", {"parts": sent}) == (409, "length_mismatch")
    assert code("POST", "/complete", {"parts": [{"number": 1, "etag": "abc"}]}) == (422, "parts_invalid")
    assert patch(ingest, token, 0, b"x").json()["code"] == "upload_in_parts"
    assert create(ingest, token, 10).json()["code"] == "upload_in_parts"
    assert list((ingest.home / "uploads").iterdir()) == []
    assert ask(ingest, token, "GET").json()["parts"][0]["size_bytes"] == 4000
    other = ask(ingest, claims() | {"video_id": "vid_other"}, "GET")
    assert (other.status_code, other.json()["code"]) == (404, "upload_unknown")


async def test_too_large_is_told_before_and_while(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server
) -> None:
    ingest, declared, sent = own_ingest(**settings(s3)), claims(max_bytes=1000), claims(max_bytes=1000)
    answer = ask(ingest, declared, "POST", "", {"size_bytes": 1001})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    ask(ingest, sent, "POST", "", {"size_bytes": 1000})
    put_parts(ingest, sent, b"x" * 1500, [1])
    answer = ask(ingest, sent, "POST", "/sign", {"numbers": [1]})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert isinstance((await published.of(sent["video_id"])).event, VideoRejected)
    assert open_uploads(s3, sent) == []


async def test_abort_drops_the_parts_for_good(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server
) -> None:
    ingest, token = own_ingest(**settings(s3)), claims()
    ask(ingest, token, "POST", "", {"size_bytes": 5000})
    link = ask(ingest, token, "POST", "/sign", {"numbers": [1]}).json()["urls"][0]["url"]
    put_parts(ingest, token, b"x" * 5000, [1])
    assert open_uploads(s3, token)
    assert ask(ingest, token, "DELETE").status_code == 204
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected)
    assert event.code == "upload_terminated"
    assert open_uploads(s3, token) == []
    assert httpx.put(link, content=b"late").status_code == 404
    assert ask(ingest, token, "POST", "", {"size_bytes": 5000}).status_code == 410


async def test_more_than_was_declared_is_refused_though_nobody_asks_again(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server
) -> None:
    """The link to a part takes what S3 takes; what is not reserved must not stay."""
    ingest, token = own_ingest(**settings(s3)), claims()
    ask(ingest, token, "POST", "", {"size_bytes": 1000})
    put_parts(ingest, token, b"x" * 1500, [1])
    ingest.kill()
    ingest.start()
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected)
    assert (event.code, event.size_bytes) == ("too_large", 1500)
    assert open_uploads(s3, token) == []


async def test_orphans_and_unfinished_ones_go_by_the_sweep(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server
) -> None:
    ingest, token, orphan = own_ingest(**settings(s3), INGEST_UPLOAD_TTL_S="1"), claims(), claims()
    ask(ingest, token, "POST", "", {"size_bytes": 5000})
    put_parts(ingest, token, b"x" * 5000, [1])
    client = minio(s3)
    client._create_multipart_upload(BUCKET, keys.original("site_test", orphan["video_id"]), {})
    ingest.kill()
    await asyncio.sleep(2.5)
    ingest.start()  # a sweep comes with it
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoRejected)
    assert (event.code, event.retryable) == ("upload_expired", True)
    for _ in range(50):
        if not open_uploads(s3, token) and not open_uploads(s3, orphan):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("parts stayed")


async def test_killed_after_the_parts_were_put_together(
    own_ingest: Callable[..., Ingest], published: Published, s3: S3Server, tmp_path: Path
) -> None:
    """The object is there and the row does not know: taken on at the next start, with nobody asking."""
    ingest, token = own_ingest(**settings(s3)), claims()
    content = padded_video(tmp_path / "a.mp4", 300_000).read_bytes()
    ask(ingest, token, "POST", "", {"size_bytes": len(content)})
    put_parts(ingest, token, content, [1])
    ingest.kill()
    client, key = minio(s3), keys.original("site_test", token["video_id"])
    multipart_id = open_uploads(s3, token)[0]
    parts = client._list_parts(BUCKET, key, multipart_id).parts
    pool = await connect(ingest.environment["DATABASE_URL"], "ingest", size=1)
    await pool.execute("UPDATE uploads SET joining_at = $1", datetime.now(UTC))
    await pool.close()
    client._complete_multipart_upload(BUCKET, key, multipart_id, parts)
    ingest.start()
    event = (await published.of(token["video_id"])).event
    assert isinstance(event, VideoUploaded)
    assert event.sha256 == hashlib.sha256(content).hexdigest()


def test_without_s3_it_says_so(ingest: Ingest) -> None:
    answer = ask(ingest, claims(), "POST", "", {"size_bytes": 5})
    assert (answer.status_code, answer.json()["code"]) == (501, "parts_unsupported")


@pytest.mark.parametrize(("length", "size", "count"), [(1, 16, 1), (48 << 30, 16, 3072), (1 << 40, 117, 8963)])
def test_sizes_of_parts(length: int, size: int, count: int) -> None:
    from ingest.upload.multipart import MIB, part_bytes, part_count

    assert (part_bytes(length), part_count(length)) == (size * MIB, count)
