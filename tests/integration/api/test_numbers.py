"""Whatever stands in a header, path, query or body of a request to the api, the answer is never a server's error."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.api.access import BODIES, OPEN, fill, setting
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code
from tests.support.properties import examples
from tests.support.wire import NUMBERS, VALUES, status_of

from api.http.bodies import SMALL_BODY

HEADERS = (
    "Content-Length", "If-Match", "If-None-Match", "Last-Event-ID", "Range", "Idempotency-Key", "traceparent",
    "Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "Content-Type", "Expect",
)  # fmt: skip
QUICK = {"api_stream_max_s": 0.05, "api_heartbeat_s": 0.02, "api_rate_limit": ""}
NOT_NUMBERS = ["-1", "+1", "1_0", " 1", "1.0", "1e2", "٣", "0" * 5000, "9" * 5000, str(2**63), "nan"]
WAIT_S = 2.0  # for a server that waits for a longer body
EXTREME_TIMES = [
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 1e300,
    -1e300, 2**63, -(2**63), 0,
]  # fmt: skip
HOSTILE_JSON = [
    b"[" * 20_000 + b"]" * 20_000, b'{"name":' * 20_000 + b"1" + b"}" * 20_000, b"[" * 500_000,
    b'{"name":' + b"9" * 5000 + b"}", b'{"name":1e400}',
    b'{"name":NaN}', b'{"name":"\\ud800"}', b'{"name":"\xff"}', b"\x00",
]  # fmt: skip


@pytest.mark.parametrize("number", NOT_NUMBERS)
async def test_a_number_that_is_none_is_refused(stage: Stage, number: str) -> None:
    client = await stage.client()
    _, _, ids = await setting(stage)
    camera = f"/v1/cameras/{ids['{camera_id}']}"
    assert code(await client.get("/v1/sites", params={"limit": number}), 422) == "invalid_request"
    assert code(await client.get(f"{camera}/layouts/{quote(number)}"), 422) == "invalid_request"
    link = {"expires": number, "signature": "x"}
    assert code(await client.get("/v1/objects/frames/x", params=link), 422) == "invalid_request"


async def test_leading_zeros_are_digits(stage: Stage) -> None:
    """As RFC 9110 writes numbers: 1*DIGIT."""
    client = await stage.client()
    assert len(answer(await client.get("/v1/sites?limit=0001"), 200)["items"]) <= 1


async def test_a_content_length_that_is_none_is_refused(stage: Stage) -> None:
    key = await stage.key()
    async with stage.serving(**QUICK) as url:
        for length in ("0" * 5000, "0" * 20, "9" * 5000, "-1", "+1"):
            sent = {"Authorization": f"Bearer {key}", "Content-Length": length}
            assert await asyncio.to_thread(status_of, url, "GET", "/v1/sites", sent) == 400


@pytest.mark.parametrize("body", HOSTILE_JSON, ids=lambda body: repr(body[:12]))
async def test_hostile_json_is_a_bad_request(stage: Stage, body: bytes) -> None:
    client = await stage.client()
    for method, path in BODIES:
        refused = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        if len(body) > SMALL_BODY and refused.status_code == 413:
            assert code(refused, 413) == "body_too_large"  # it is not read at all
        else:
            assert code(refused, 400) == "invalid_json", (method, path)


@pytest.mark.parametrize("time", EXTREME_TIMES, ids=str)
async def test_times_at_the_ends_of_the_calendar(stage: Stage, time: Any) -> None:
    client = await stage.client()
    await setting(stage)
    (site,) = answer(await client.get("/v1/sites"), 200)["items"]
    video = {"site_id": site["site_id"], "started_at": time}
    assert (await client.post("/v1/videos", json=video)).status_code == 422
    made = await client.post("/v1/keys", json={"name": "k", "scopes": ["read"], "expires_at": time})
    assert made.status_code in (201, 422), made.text
    answer(await client.get("/v1/keys"), 200)
    for name in ("from", "to"):
        assert (await client.get("/v1/states/history", params={name: str(time)})).status_code in (200, 422)


async def test_no_header_path_or_query_is_an_error_of_the_server(stage: Stage) -> None:
    _, _, ids = await setting(stage)
    key = await stage.key()
    client = await stage.client()
    document = answer(await client.get("/openapi.json"), 200)
    requests = [
        (method, path, [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "delete" or (method, path) in OPEN
    ]

    async with stage.serving(**QUICK) as url:

        @examples(300)
        @given(
            st.sampled_from(requests), st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=2),
            st.lists(VALUES, min_size=20, max_size=20), st.none() | NUMBERS,
        )  # fmt: skip
        def search(line: Any, headers: dict[str, str], values: list[str], in_path: str | None) -> None:
            method, path, query = line
            shown = {name: quote(in_path, safe="") for name in ids} if in_path and len(in_path) < 500 else ids
            path = fill(path.replace("{key}", "frames/a/b/c.jpg"), shown)
            path += "?" + "&".join(f"{name}={quote(value[:500])}" for name, value in zip(query, values, strict=False))
            sent = {"Authorization": f"Bearer {key}", "Content-Length": "2", "Content-Type": "application/json"}
            assert status_of(url, method.upper(), path, sent | headers, b"{}", WAIT_S) < 500, (method, path, headers)

        await asyncio.to_thread(search)
