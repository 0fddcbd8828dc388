"""Limits per key over HTTP."""

from dataclasses import replace

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code


def _limit(stage: Stage, limit: str) -> None:
    stage.parts = replace(stage.parts, settings=stage.parts.settings.model_copy(update={"api_rate_limit": limit}))


async def test_every_answer_says_what_is_left_and_past_it_is_refused(stage: Stage) -> None:
    _limit(stage, "4/hour")
    client, other = await stage.client(), await stage.client()
    headers = (await client.get("/v1/sites")).headers
    assert headers["ratelimit-policy"] == '"key";q=4;w=3600'
    assert headers["ratelimit"].startswith('"key";r=3;t=')
    assert (await client.get("/v1/sites/none")).headers["ratelimit"].startswith('"key";r=2;')  # errors count too
    once = {"Idempotency-Key": "1"}
    made = await client.post("/v1/sites", json={"name": "x"}, headers=once)
    answer(made, 201)
    assert made.headers["ratelimit"].startswith('"key";r=1;')  # counted once, though looked up twice
    again = await client.post("/v1/sites", json={"name": "x"}, headers=once)
    assert again.headers["ratelimit"].startswith('"key";r=0;')
    refused = await client.post("/v1/sites", json={"name": "y"})
    assert code(refused, 429) == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["ratelimit"].startswith('"key";r=0;')
    assert len(answer(await other.get("/v1/sites"), 200)["items"]) == 1


async def test_a_cookie_counts_for_its_key_and_strangers_count_for_nobody(stage: Stage) -> None:
    _limit(stage, "2/hour")
    key = await stage.key()
    browser = stage.client_of(None)
    assert "ratelimit" not in (await browser.get("/v1/sites")).headers
    answer(await browser.post("/v1/session", json={"key": key}), 200)
    answer(await browser.get("/v1/sites"), 200)
    answer(await stage.client_of(key).get("/v1/sites"), 200)
    assert code(await browser.get("/v1/sites"), 429) == "rate_limited"


async def test_without_a_limit_nothing_is_said(stage: Stage) -> None:
    _limit(stage, "")
    assert "ratelimit" not in (await (await stage.client()).get("/v1/sites")).headers
