"""Bodies that the api keeps: how long one may be, and how many bytes of them there are at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import answer, make_place

from api.http.bodies import SMALL_BODY
from api.http.keys import MOST_KEY_BYTES
from api.http.layouts import MOST_LAYOUT_BYTES
from tablewatch_schemas.layout import MOST_FLOORS, MOST_POINTS_IN_ALL, MOST_TABLES
from webserver.bodies import BodyBudget

BUDGET = 100_000
JSON = {"Content-Type": "application/json"}
SENT = 20_000


@asynccontextmanager
async def half_sent(
    url: str, key: str, *, path: str = "/v1/sites", more: str = "Content-Length: 30000", body: bytes = b"x" * SENT
) -> AsyncIterator[asyncio.StreamReader]:
    """A request whose body has begun; the reader of its answer."""
    address = httpx.URL(url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n{more}"
    writer.write(f"{head}\r\n\r\n".encode() + body)
    try:
        yield reader
    finally:
        writer.transport.abort()


async def said(reader: asyncio.StreamReader) -> bytes:
    """The answer, up to the end of its document."""
    return await asyncio.wait_for(reader.readuntil(b"}"), 30)


def budget_of(stage: Stage) -> BodyBudget:
    assert stage.served is not None
    budget: BodyBudget = stage.served.state.body_budget
    return budget


@pytest.mark.parametrize("header", ["X-Number", "Idempotency-Key"])
async def test_half_sent_bodies_have_a_budget_and_give_it_back(stage: Stage, header: str) -> None:
    greedy, other = await stage.key(), await stage.key()
    async with stage.serving(http_body_budget_bytes=BUDGET) as url:
        budget = budget_of(stage)
        first, second, third = (f"Content-Length: 30000\r\n{header}: {number}" for number in range(3))
        async with half_sent(url, greedy, more=first), half_sent(url, greedy, more=second):
            await until(lambda: budget.held == 2 * SENT)
            # Nothing of this body is sent
            async with half_sent(url, greedy, more=third, body=b"") as reader:
                refused = await said(reader)
            assert b" 503 " in refused and b"retry-after: 1" in refused.lower() and b'"too_many_bodies"' in refused
            async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {other}"}) as client:
                answer(await client.post("/v1/sites", json={"name": "of another key"}), 201)
            assert budget.held == 2 * SENT
        await until(lambda: budget.held == 0)  # both disconnected


async def test_a_body_without_a_length_is_counted_as_it_comes(stage: Stage) -> None:
    key = await stage.key()
    chunk = b"%x\r\n%s\r\n" % (SENT, b"x" * SENT)
    async with stage.serving(http_body_budget_bytes=BUDGET) as url:
        async with half_sent(url, key, more="Transfer-Encoding: chunked", body=chunk * 3) as reader:
            refused = await said(reader)
        assert b" 503 " in refused and b'"too_many_bodies"' in refused
        await until(lambda: budget_of(stage).held == 0)
    async with stage.serving() as url:
        async with half_sent(url, key, more="Transfer-Encoding: chunked", body=chunk * 4) as reader:
            refused = await said(reader)
        assert b" 413 " in refused and b'"body_too_large"' in refused
        await until(lambda: budget_of(stage).held == 0)


async def test_answers_of_every_kind_give_the_budget_back(stage: Stage) -> None:
    key = await stage.key()
    async with stage.serving() as url, httpx.AsyncClient(base_url=url) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        for content, status in ((b'{"name": "x"}', 201), (b"{", 400), (b"{}", 422), (b"x" * SMALL_BODY, 400)):
            assert (await client.post("/v1/sites", content=content, headers=JSON)).status_code == status
        await until(lambda: budget_of(stage).held == 0)


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/sites", SMALL_BODY), ("/v1/links", SMALL_BODY), ("/v1/keys", MOST_KEY_BYTES)]
)
async def test_a_body_may_be_as_long_as_its_endpoint_needs(stage: Stage, path: str, most: int) -> None:
    client = await stage.client()
    assert answer(await client.post(path, content=b" " * most, headers=JSON), 400)["code"] == "invalid_json"
    refused = answer(await client.post(path, content=b" " * (most + 1), headers=JSON), 413)
    assert refused["code"] == "body_too_large" and str(most) in refused["detail"]


async def test_the_longest_valid_bodies_are_taken(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    sites = [f"site_{number}".ljust(64, "x") for number in range(1000)]
    new_key = {"name": "x", "scopes": ["read"], "site_ids": sites}
    assert (await client.post("/v1/keys", content=json.dumps(new_key, indent=2), headers=JSON)).status_code != 413
    layout = longest_layout()
    assert MOST_LAYOUT_BYTES * 0.7 < len(layout) <= MOST_LAYOUT_BYTES
    assert (await client.put(f"/v1/cameras/{place.camera_id}/layout", content=layout, headers=JSON)).status_code != 413


def longest_layout() -> bytes:
    """Every digit, indented, and labels of characters that Python and others write as escapes of twelve bytes."""
    corners = MOST_POINTS_IN_ALL // (2 * MOST_TABLES + MOST_FLOORS)
    outline = [[1 / 3 + n / 1000, 2 / 3 + n / 1000] for n in range(corners)]
    tables = [{"label": "\N{FORK AND KNIFE WITH PLATE}" * 200, "seats": 1000, "polygon": outline, "top": outline}]
    document = {"reference": {"width": 1280, "height": 720}, "tables": tables * MOST_TABLES, "floor": [outline] * 20}
    return json.dumps(document, indent=2).encode()
