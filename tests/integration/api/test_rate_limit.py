"""Limits per key over HTTP."""

from dataclasses import replace

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code
from tests.support.windows import HOUR_S, stay_within


def _limit(stage: Stage, limit: str) -> None:
    stay_within(HOUR_S, 10)
    stage.deps = replace(stage.deps, settings=stage.deps.settings.model_copy(update={"api_rate_limit": limit}))


def _longest(requests: int) -> int:
    """Seconds: to the end of the hour, and until the share of this hour in the next one is one request smaller."""
    return HOUR_S + HOUR_S // requests + 1


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
    assert 1 <= int(refused.headers["retry-after"]) <= _longest(4)
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


async def test_keys_of_a_site_share_a_limit_and_a_busy_site_stops_no_other(stage: Stage) -> None:
    stay_within(HOUR_S, 10)
    limits = {"api_rate_limit": "100/hour", "api_site_rate_limit": "3/hour"}
    stage.deps = replace(stage.deps, settings=stage.deps.settings.model_copy(update=limits))
    operator = await stage.client()
    made = [answer(await operator.post("/v1/sites", json={"name": each}), 201) for each in "ab"]
    first, second = (site["site_id"] for site in made)
    one, other = [stage.client_of(await stage.key("read", sites=[first])) for _ in range(2)]
    both = stage.client_of(await stage.key("read", sites=[first, second]))
    says = (await one.get("/v1/sites")).headers
    assert says["ratelimit-policy"] == '"key";q=100;w=3600, "site";q=3;w=3600'
    assert says["ratelimit"].startswith('"key";r=99;t=')
    assert '"site";r=2;t=' in says["ratelimit"]
    answer(await other.get("/v1/sites"), 200)
    answer(await one.get("/v1/sites"), 200)
    for client in (one, other):
        refused = await client.get("/v1/sites")
        assert code(refused, 429) == "site_rate_limited"
        assert 1 <= int(refused.headers["retry-after"]) <= _longest(3)
        assert '"site";r=0;t=' in refused.headers["ratelimit"]
    for _ in range(3):  # of the other site, which has requests left
        answer(await both.get("/v1/sites"), 200)
    assert code(await both.get("/v1/sites"), 429) == "site_rate_limited"
    assert "site" not in (await operator.get("/v1/sites")).headers["ratelimit"]
