"""Every endpoint of the OpenAPI document with no key, a wrong one, another site's, and too small a scope."""

from dataclasses import replace
from typing import Any

import pytest
from tests.integration.api.access import ask, operations, setting
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, make_place

from api.store import site_events

READS = {("post", "/v1/links"), ("post", "/v1/layouts/check"), ("post", "/v1/cameras/{camera_id}/score")}
# Refused to every key that does not open all sites, whether the site exists or not
UNWALLED = {("delete", "/v1/sites/{site_id}"), ("put", "/v1/sites/{site_id}/quota")}
# What a key of another site gets for an id that exists: as if it did not
HIDDEN = {
    "{site_id}": "site_not_found",
    "{camera_id}": "camera_not_found",
    "{probe_id}": "probe_not_found",
    "{discovery_id}": "discovery_not_found",
    "{video_id}": "video_not_found",
    "{table_id}": "table_not_found",
    "{frame_id}": "frame_not_found",
    "{hazard_id}": "hazard_not_found",
    "{key_id}": "key_not_found",
    "/v1/links": "object_gone",
}

WRONG_KEYS = 40
"""So many may come from one address within a minute, and some more."""


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, "key_missing"), ("twk_abcdef01_" + "0" * 48, "key_invalid"), ("nonsense", "key_invalid")],
)
async def test_without_a_good_key_nothing_opens(stage: Stage, key: str | None, expected: str) -> None:
    patient = stage.deps.settings.model_copy(update={"http_failed_keys_per_minute": 100_000})
    stage.deps = replace(stage.deps, settings=patient)  # there are more operations than wrong keys in a minute
    _, _, ids = await setting(stage)
    for number, (method, path) in enumerate(operations(stage)):
        if number % WRONG_KEYS == 0:
            stage.app = None  # another counts the wrong keys of an address from none
        assert code(await ask(stage, key, method, path, ids), 401) == expected, (method, path)


async def test_a_key_without_scopes_may_nothing(stage: Stage) -> None:
    _, _, ids = await setting(stage)
    key = await stage.key("nothing")
    for method, path in operations(stage):
        if path != "/v1/session":
            assert code(await ask(stage, key, method, path, ids), 403) == "scope_missing", (method, path)


async def test_a_key_for_links_opens_nothing_else(stage: Stage) -> None:
    place, _, ids = await setting(stage)
    key = await stage.key("asset", sites=[place.site_id])
    for method, path in operations(stage):
        if (method, path) == ("post", "/v1/links"):
            assert (await ask(stage, key, method, path, ids)).status_code == 200
        elif path != "/v1/session":
            assert code(await ask(stage, key, method, path, ids), 403) == "scope_missing", (method, path)


async def test_reading_is_not_writing(stage: Stage) -> None:
    place, _, ids = await setting(stage)
    key = await stage.key("read", sites=[place.site_id])
    for method, path in operations(stage):
        if (method != "get" and (method, path) not in READS) or path.startswith("/v1/keys"):
            assert code(await ask(stage, key, method, path, ids), 403) == "scope_missing", (method, path)
        elif path == "/v1/cameras/{camera_id}/view":
            assert code(await ask(stage, key, method, path, ids), 404) == "view_not_found", "nothing was judged"
        elif path == "/v1/cameras/{camera_id}/layout/proposal":
            assert code(await ask(stage, key, method, path, ids), 404) == "layout_proposal_not_found", "it stands still"
        elif path != "/v1/events":
            assert (await ask(stage, key, method, path, ids)).is_success, (method, path)


async def test_another_sites_objects_do_not_exist(stage: Stage) -> None:
    place, _, ids = await setting(stage)
    elsewhere = await make_place(await stage.client(), "Elsewhere")
    key = await stage.key(sites=[elsewhere.site_id])
    before = await _everything(stage, place.site_id)
    for method, path in operations(stage):
        hidden = next((result for name, result in HIDDEN.items() if name in path), None)
        if (method, path) in UNWALLED:
            assert code(await ask(stage, key, method, path, ids), 403) == "scope_too_wide"
        elif hidden is not None:
            assert code(await ask(stage, key, method, path, ids), 404) == hidden, (method, path)
    assert await _everything(stage, place.site_id) == before


async def _everything(stage: Stage, site_id: str) -> Any:
    """What could have been changed by who may not."""
    async with stage.pool.acquire() as conn:
        span = await site_events.span(conn, site_id)
        outbox = await conn.fetchval("SELECT count(*) FROM outbox")
        revoked = await conn.fetchval("SELECT count(*) FROM keys WHERE revoked_at IS NOT NULL")
    return span, outbox, revoked


async def test_lists_and_filters_stop_at_the_wall(stage: Stage) -> None:
    place, run, _ = await setting(stage)
    elsewhere = await make_place(await stage.client(), "Elsewhere")
    client = await stage.client(sites=[elsewhere.site_id])
    for path in (
        "/v1/sites", "/v1/cameras", "/v1/videos", "/v1/states", "/v1/states/history", "/v1/tables", "/v1/hazards",
        "/v1/keys",
    ):  # fmt: skip
        text = (await client.get(path)).text
        assert place.site_id not in text, path
        assert run.run_id not in text, path
    for query in (f"site_id={place.site_id}", f"run_id={run.run_id}", f"camera_id={place.camera_id}"):
        for path in ("/v1/states", "/v1/states/history", "/v1/hazards"):
            assert answer(await client.get(f"{path}?{query}"), 200)["items"] == [], (path, query)
    video = {"camera_id": place.camera_id, "site_id": elsewhere.site_id}
    assert code(await client.post("/v1/videos", json=video), 404) == "camera_not_found"
    assert code(await client.post("/v1/videos", json={"site_id": place.site_id}), 404) == "site_not_found"
    camera = {"name": "x", "site_id": place.site_id}
    assert code(await client.post("/v1/cameras", json=camera), 404) == "site_not_found"


async def test_a_key_cannot_give_more_than_it_has(stage: Stage) -> None:
    place, _, _ = await setting(stage)
    client = await stage.client("admin", sites=[place.site_id])
    assert code(await client.post("/v1/sites", json={"name": "new"}), 403) == "scope_too_wide"
    wide = {"name": "k", "scopes": ["read"]}
    assert code(await client.post("/v1/keys", json=wide), 403) == "scope_too_wide"
    assert code(await client.post("/v1/keys", json=wide | {"site_ids": ["site_other"]}), 403) == "scope_too_wide"
    made = answer(await client.post("/v1/keys", json=wide | {"site_ids": [place.site_id]}), 201)
    assert made["key"].startswith(f"twk_{made['prefix']}_")
    reader = stage.client_of(made["key"])
    assert answer(await reader.get("/v1/session"), 200)["scopes"] == ["read"]
    assert made["key"] not in (await client.get("/v1/keys")).text
    answer(await client.delete(f"/v1/keys/{made['key_id']}"), 204)
    assert code(await reader.get("/v1/session"), 401) == "key_invalid"
