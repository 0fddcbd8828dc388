"""Pages of other origins: let in by setting, with a key, never with the cookie."""

from dataclasses import replace

import httpx
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code

PAGE = "https://floor.test"
ASKS = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,if-match"}


def _let_in(stage: Stage, origins: str) -> None:
    stage.deps = replace(stage.deps, settings=stage.deps.settings.model_copy(update={"api_cors_origins": origins}))


async def _preflight(stage: Stage, origin: str) -> httpx.Response:
    return await stage.client_of(None).options("/v1/cameras/x/layout", headers={"Origin": origin} | ASKS)


async def test_a_page_that_is_named_is_let_in_with_a_key(stage: Stage) -> None:
    _let_in(stage, f"{PAGE}, https://other.test")
    asked = await _preflight(stage, PAGE)
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "if-match" in asked.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in asked.headers
    assert asked.headers["x-content-type-options"] == "nosniff"
    result = await (await stage.client()).post("/v1/sites", json={"name": "x"}, headers={"Origin": PAGE})
    answer(result, 201)
    assert result.headers["access-control-allow-origin"] == PAGE
    assert "RateLimit" in result.headers["access-control-expose-headers"]
    refused = await stage.client_of(None).get("/v1/sites", headers={"Origin": PAGE})
    assert refused.headers["access-control-allow-origin"] == PAGE  # errors can be read too
    browser = stage.client_of(None)
    signed = await browser.post("/v1/session", json={"key": await stage.key()}, headers={"Origin": PAGE})
    assert code(signed, 403) == "origin_refused"


async def test_others_are_not(stage: Stage) -> None:
    _let_in(stage, PAGE)
    assert "access-control-allow-origin" not in (await _preflight(stage, "https://evil.test")).headers
    stage.app = None
    _let_in(stage, "")
    assert "access-control-allow-origin" not in (await _preflight(stage, PAGE)).headers
    assert "access-control-allow-origin" not in (await stage.client_of(None).get("/v1/sites")).headers
