"""What happens before a key is known: bodies that are not read, and wrong keys that are limited."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.integration.api.conftest import Stage

from api.http import session
from api.http.app import ROUTERS
from api.store import keys

WRONG = "twk_abcdef01_" + "0" * 48
LIMIT = 5


def with_bodies() -> list[tuple[str, str]]:
    """Method and path of every endpoint that takes a body, ids filled in."""
    routes = [route for each in ROUTERS for route in each.router.routes if isinstance(route, APIRoute)]
    found = [(method, route) for route in routes if route.body_field is not None for method in route.methods]
    return [(method, route.path.replace("{", "").replace("}", "")) for method, route in found]


async def answer_to(url: str, head: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Status and document of the answer to a request whose body has not come, or not all of it."""
    address = httpx.URL(url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(
        f"{head}\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n".encode() + body
    )
    status = int((await asyncio.wait_for(reader.readline(), 30)).split()[1])
    length = 0
    while (line := (await reader.readline()).strip().lower()) != b"":
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    document = json.loads(await reader.readexactly(length))
    writer.close()
    return status, document


async def test_no_body_is_read_before_its_sender_is_known(stage: Stage) -> None:
    endpoints = with_bodies()
    assert len(endpoints) > 12
    async with stage.serving(http_failed_keys_per_minute=1000) as url:
        without = await stage.key("nothing")
        for method, path in endpoints:
            if path == "/v1/session":
                continue  # the key is in the body
            for more in ("", "\r\nIdempotency-Key: k"):
                head = f"{method} {path} HTTP/1.1{more}"
                assert (await answer_to(url, head))[0] == 401, head
                status, document = await answer_to(url, f"{head}\r\nAuthorization: Bearer {WRONG}", b"{")
                assert (status, document["code"]) == (401, "key_invalid"), head
                status, document = await answer_to(url, f"{head}\r\nAuthorization: Bearer {without}", b"{")
                assert (status, document["code"]) == (403, "scope_missing"), head


async def test_the_body_that_brings_the_key_is_short(stage: Stage) -> None:
    async with stage.serving() as url:
        too_long = b'{"key": "' + b"x" * session.MAX_SIGN_IN
        status, document = await answer_to(url, "POST /v1/session HTTP/1.1", too_long)
    assert (status, document["code"]) == (413, "body_too_large")


class Tries:
    """Requests to a server with the limit LIMIT, and how often keys and sessions were looked up."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.looked_up = 0

    async def with_key(self, key: str) -> httpx.Response:
        return await self.client.get("/v1/session", headers={"Authorization": f"Bearer {key}"})

    async def with_cookie(self, token: str) -> httpx.Response:
        return await self.client.get("/v1/session", headers={"Cookie": f"tablewatch_session={token}"})

    async def sign_in(self, key: str) -> httpx.Response:
        return await self.client.post("/v1/session", json={"key": key})

    async def of_a_stream(self, key: str) -> httpx.Response:
        return await self.client.get("/v1/events", headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def tries(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Tries:
    settings = stage.deps.settings.model_copy(update={"http_failed_keys_per_minute": LIMIT})
    stage.deps = replace(stage.deps, settings=settings)
    found = Tries(stage.client_of(None))
    for name in ("by_prefix", "by_session"):
        original = getattr(keys, name)

        async def counted(*arguments: Any, original: Any = original) -> Any:
            found.looked_up += 1
            return await original(*arguments)

        monkeypatch.setattr(keys, name, counted)
    return found


def shown(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("how", ["with_key", "with_cookie", "sign_in", "of_a_stream"])
async def test_wrong_ones_are_limited_before_postgres_is_asked(tries: Tries, how: str) -> None:
    attempt = getattr(tries, how)
    assert [shown(await attempt(WRONG)) for _ in range(LIMIT)] == [(401, "key_invalid")] * LIMIT
    looked_up = tries.looked_up
    refused = [await attempt(WRONG[:-6] + f"{each:06}") for each in range(50)]
    assert {shown(each) for each in refused} == {(429, "too_many_wrong_keys")}
    assert all(1 <= int(each.headers["retry-after"]) <= 60 for each in refused)
    assert tries.looked_up == looked_up == LIMIT


async def test_good_keys_and_sessions_of_the_same_address_still_work(stage: Stage, tries: Tries) -> None:
    key = await stage.key("read")
    for _ in range(3 * LIMIT):
        await tries.with_key(WRONG)
    assert (await tries.with_key(key)).status_code == 200
    signed = await tries.sign_in(key)
    assert signed.status_code == 200
    assert (await tries.with_cookie(signed.cookies["tablewatch_session"])).status_code == 200
    assert shown(await tries.with_key("nonsense")) == (429, "too_many_wrong_keys")
    assert stage.deps.metrics.value("authentications_failed_total", what="key", outcome="limited") == 2 * LIMIT + 1


async def test_a_revoked_key_is_a_wrong_one(stage: Stage, tries: Tries) -> None:
    revoked = await stage.key("read")
    await stage.pool.execute("UPDATE keys SET revoked_at = now()")
    assert {shown(await tries.with_key(revoked)) for _ in range(LIMIT)} == {(401, "key_invalid")}
    assert shown(await tries.with_key(revoked)) == (429, "too_many_wrong_keys")


async def test_wrong_links_are_limited_and_good_ones_are_not(stage: Stage, tries: Tries) -> None:
    await stage.deps.objects.put("frames/a/b.jpg", b"x", "image/jpeg")
    good = (await stage.deps.link("frames/a/b.jpg") or "").removeprefix("http://api.test")
    wrong = [await tries.client.get(good.replace("signature=", f"signature={each}")) for each in range(LIMIT + 3)]
    assert [shown(each)[0] for each in wrong] == [403] * LIMIT + [429] * 3
    assert (await tries.client.get(good)).status_code == 200


async def test_who_is_no_longer_wrong_is_not_limited(stage: Stage, tries: Tries) -> None:
    for _ in range(LIMIT - 1):
        await tries.with_key(WRONG)
    key = await stage.key("read")
    assert [(await tries.with_key(key)).status_code for _ in range(3 * LIMIT)] == [200] * 3 * LIMIT
    assert shown(await tries.with_key(WRONG)) == (401, "key_invalid")
