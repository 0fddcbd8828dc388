"""Links to objects: signature, expiry, exactly one object, ranges."""

from urllib.parse import urlsplit

import httpx
import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record

KEY = "frames/site_a/run_b/000000001.jpg"
DATA = bytes(range(256)) * 4096  # 1 MiB: several chunks


async def _link(stage: Stage, **options: object) -> str:
    await stage.deps.objects.put(KEY, DATA, "image/jpeg")
    return await stage.deps.objects.link(KEY, 60, **options)  # type: ignore[arg-type]


async def _get(stage: Stage, link: str, **headers: str) -> httpx.Response:
    found = urlsplit(link)
    return await stage.client_of(None).get(f"{found.path}?{found.query}", headers=headers)


async def test_a_link_opens_the_whole_object_without_a_key(stage: Stage) -> None:
    response = await _get(stage, await _link(stage))
    assert response.status_code == 200
    assert response.content == DATA
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-length"] == str(len(DATA))
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", DATA[:10]),
        ("bytes=300000-700000", DATA[300_000:700_001]),
        ("bytes=1048570-", DATA[1_048_570:]),
        ("bytes=-5", DATA[-5:]),
        ("bytes=1048575-99999999", DATA[-1:]),
    ],
)
async def test_ranges(stage: Stage, wanted: str, part: bytes) -> None:
    response = await _get(stage, await _link(stage), Range=wanted)
    assert response.status_code == 206
    assert response.content == part
    assert response.headers["content-range"].endswith(f"/{len(DATA)}")


async def test_a_range_past_the_end_and_one_that_is_none(stage: Stage) -> None:
    link = await _link(stage)
    response = await _get(stage, link, Range="bytes=2000000-")
    assert code(response, 416) == "range_invalid"
    assert response.headers["content-range"] == f"bytes */{len(DATA)}"
    assert (await _get(stage, link, Range="lines=1-2")).status_code == 200


async def test_a_link_opens_nothing_else(stage: Stage) -> None:
    link = await _link(stage)
    await stage.deps.objects.put("frames/site_a/run_b/000000002.jpg", b"other")
    assert code(await _get(stage, link.replace("000000001", "000000002")), 403) == "link_invalid"
    assert code(await _get(stage, link.replace("expires=", "expires=1")), 403) == "link_invalid"
    assert code(await _get(stage, link + "&filename=x"), 403) == "link_invalid"
    assert code(await _get(stage, link.replace("signature=", "signature=0")), 403) == "link_invalid"
    for path in ("../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd"):
        response = await _get(stage, link.replace(KEY, path))
        assert response.status_code in (403, 404), path
        assert b"root:" not in response.content


async def test_expired_gone_and_without_a_signature(stage: Stage) -> None:
    await _link(stage)
    now = int(stage.deps.clock.now().timestamp())
    assert code(await _get(stage, stage.deps.signer.sign(KEY, now - 1)), 403) == "link_expired"
    assert code(await _get(stage, stage.deps.signer.sign("frames/a/b/3.jpg", now + 60)), 404) == "object_gone"
    assert code(await stage.client_of(None).get(f"/v1/objects/{KEY}"), 422) == "invalid_request"


async def test_head_and_a_name_to_save_it_under(stage: Stage) -> None:
    link = await _link(stage, filename="Abend – 1.jpg")
    response = await _get(stage, link)
    assert response.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Abend")
    found = urlsplit(link)
    head = await stage.client_of(None).head(f"{found.path}?{found.query}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(DATA))


async def test_bytes_that_the_client_has_are_not_sent_again(stage: Stage) -> None:
    link = await _link(stage)
    first = await _get(stage, link)
    tag, date = first.headers["etag"], first.headers["last-modified"]
    for known in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": date}):
        for method in ("GET", "HEAD"):
            found = urlsplit(link)
            same = await stage.client_of(None).request(
                method, f"{found.path}?{found.query}", headers=known | {"Range": "bytes=0-9"}
            )
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
            assert same.headers["cache-control"] == first.headers["cache-control"]
    for other in ({"If-None-Match": '"other"'}, {"If-None-Match": '"other"', "If-Modified-Since": date}):
        assert (await _get(stage, link, **other)).content == DATA


async def test_a_range_of_another_version_is_the_whole_object(stage: Stage) -> None:
    link = await _link(stage)
    tag = (await _get(stage, link)).headers["etag"]
    for other in ('"other"', f"W/{tag}", "Mon, 23 Nov 2020 09:00:00 GMT", "nonsense"):
        whole = await _get(stage, link, **{"Range": "bytes=0-9", "If-Range": other})
        assert (whole.status_code, whole.content) == (200, DATA)
        assert "content-range" not in whole.headers
    part = await _get(stage, link, **{"Range": "bytes=0-9", "If-Range": tag})
    assert (part.status_code, part.content) == (206, DATA[:10])
    past = await _get(stage, link, **{"Range": "bytes=2000000-", "If-Range": '"other"'})
    assert past.status_code == 200


async def test_a_condition_that_does_not_hold(stage: Stage) -> None:
    link = await _link(stage)
    tag = (await _get(stage, link)).headers["etag"]
    assert (await _get(stage, link, **{"If-Match": tag})).status_code == 200
    for condition in ({"If-Match": '"other"'}, {"If-Unmodified-Since": "Mon, 23 Nov 2020 09:00:00 GMT"}):
        assert code(await _get(stage, link, **condition), 412) == "precondition_failed"


async def test_a_range_of_head_is_not_looked_at(stage: Stage) -> None:
    found = urlsplit(await _link(stage))
    head = await stage.client_of(None).head(f"{found.path}?{found.query}", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))


async def test_the_frames_of_a_video_open(stage: Stage) -> None:
    from tests.integration.api.place import make_place, make_run

    from api.project.apply import apply

    client = await stage.client()
    run = await make_run(client, await make_place(client))
    await apply(
        stage.pool,
        [decoded_record(run.uploaded(), 0), decoded_record(run.frame(0), 1), decoded_record(run.frame(1), 2)],
    )
    for index in (0, 1):
        await stage.deps.objects.put(run.frame(index).object_key or "", b"jpeg%d" % index)
    frames = answer(await client.get(f"/v1/videos/{run.video_id}/frames"), 200)["items"]
    assert [(await _get(stage, frame["url"])).content for frame in frames] == [b"jpeg0", b"jpeg1"]
