"""`Idempotency-Key`: the same request again does nothing again, also when both come at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code

from api.store import idempotent_responses

POSTS: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/sites", {"name": "x"}, "sites"),
    ("/v1/cameras", {"name": "x"}, "cameras"),
    ("/v1/videos", {"filename": "a.mp4"}, "videos"),
    ("/v1/keys", {"name": "x", "scopes": ["read"]}, "keys"),
]
ONCE = {"Idempotency-Key": "order 66"}
AGED = "UPDATE idempotent_answers SET started_at = now() - $1::interval"


async def _count(stage: Stage, table: str) -> int:
    return int(await stage.pool.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608


@pytest.mark.parametrize(("path", "body", "table"), POSTS)
async def test_the_same_again_is_the_same_answer_and_no_second_thing(
    stage: Stage, path: str, body: dict[str, Any], table: str
) -> None:
    client = await stage.client()
    if path != "/v1/sites":
        answer(await client.post("/v1/sites", json={"name": "first"}), 201)
    first = await client.post(path, json=body, headers=ONCE)
    before = await _count(stage, table), await _count(stage, "outbox"), await _count(stage, "site_events")
    again = await client.post(path, json=body, headers=ONCE)
    assert answer(again, 201) == answer(first, 201)
    assert again.headers.get("location") == first.headers.get("location")
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers["x-content-type-options"] == "nosniff"
    assert (await _count(stage, table), await _count(stage, "outbox"), await _count(stage, "site_events")) == before
    other = await client.post(path, json=body | {"name": "other", "filename": "b.mp4"}, headers=ONCE)
    assert code(other, 422) == "idempotency_key_reused"
    assert await _count(stage, table) == before[0]


async def test_both_at_once_make_one(stage: Stage) -> None:
    client = await stage.client()
    result = await asyncio.gather(*(client.post("/v1/sites", json={"name": "x"}, headers=ONCE) for _ in range(6)))
    made = {response.json()["site_id"] for response in result if response.status_code == 201}
    assert len(made) == 1
    assert await _count(stage, "sites") == 1
    waiting = [response for response in result if response.status_code != 201]
    assert {code(response, 409) for response in waiting} <= {"idempotency_in_flight"}
    assert all(response.headers["retry-after"] == "1" for response in waiting)


async def test_what_was_refused_may_be_tried_again(stage: Stage) -> None:
    client = await stage.client()
    assert code(await client.post("/v1/cameras", json={"name": "x"}, headers=ONCE), 422) == "site_required"
    answer(await client.post("/v1/sites", json={"name": "x"}), 201)
    answer(await client.post("/v1/cameras", json={"name": "x"}, headers=ONCE), 201)


async def test_a_key_of_another_caller_or_path_is_another_key(stage: Stage) -> None:
    one, other = await stage.client(), await stage.client()
    first = answer(await one.post("/v1/sites", json={"name": "x"}, headers=ONCE), 201)
    second = answer(await other.post("/v1/sites", json={"name": "x"}, headers=ONCE), 201)
    assert first["site_id"] != second["site_id"]
    sections = f"/v1/sites/{first['site_id']}/sections"
    assert answer(await one.post(sections, json={"name": "x"}, headers=ONCE), 201)["site_id"] == first["site_id"]


async def test_a_killed_request_is_let_go_and_an_old_answer_forgotten(stage: Stage) -> None:
    client = await stage.client()
    first = answer(await client.post("/v1/sites", json={"name": "x"}, headers=ONCE), 201)
    await stage.pool.execute("UPDATE idempotent_answers SET status = NULL, answer = NULL")
    assert code(await client.post("/v1/sites", json={"name": "x"}, headers=ONCE), 409) == "idempotency_in_flight"
    await stage.pool.execute(
        "UPDATE idempotent_answers SET started_at = now() - $1::interval", idempotent_responses.IN_FLIGHT
    )
    second = answer(await client.post("/v1/sites", json={"name": "x"}, headers=ONCE), 201)
    assert second["site_id"] != first["site_id"]
    await stage.pool.execute(
        "UPDATE idempotent_answers SET started_at = now() - $1::interval", idempotent_responses.RETENTION
    )
    answer(await client.post("/v1/sites", json={"name": "another body"}, headers=ONCE), 201)
    async with stage.pool.acquire() as conn:
        await idempotent_responses.prune(conn, stage.deps.now())
        assert await _count(stage, "idempotent_answers") == 1
        await idempotent_responses.prune(conn, stage.deps.now() + idempotent_responses.RETENTION + timedelta(minutes=1))
    assert await _count(stage, "idempotent_answers") == 0


async def test_secrets_of_answers_are_sealed_and_need_the_header_to_open(stage: Stage) -> None:
    client = await stage.client()
    made = answer(await client.post("/v1/keys", json={"name": "x", "scopes": ["read"]}, headers=ONCE), 201)
    row = await stage.pool.fetchrow("SELECT * FROM idempotent_answers")
    assert row is not None
    assert made["key"].encode() not in row["answer"]
    assert b"order 66" not in bytes(row["name_hash"])


async def test_a_key_is_needed_and_a_sensible_header(stage: Stage) -> None:
    anyone = stage.client_of(None)
    assert code(await anyone.post("/v1/sites", json={"name": "x"}, headers=ONCE), 401) == "key_missing"
    client = await stage.client()
    for bad in ("", "x" * 256):
        refused = await client.post("/v1/sites", json={"name": "x"}, headers={"Idempotency-Key": bad})
        assert code(refused, 422) == "invalid_request"
    assert await _count(stage, "sites") == 0
