"""Keys are replaced without a gap, and lists say when each was used and when it ends."""

from datetime import UTC, datetime, timedelta

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, make_place

from tablewatch_schemas.times import read_time, write_time


async def test_a_rotated_key_opens_the_same_and_the_old_one_ends(stage: Stage) -> None:
    admin = await stage.client()
    place = await make_place(admin)
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    body = {"name": "k", "scopes": ["read"], "site_ids": [place.site_id], "expires_at": write_time(ends)}
    old = answer(await admin.post("/v1/keys", json=body), 201)
    new = answer(await admin.post(f"/v1/keys/{old['key_id']}/rotate"), 201)
    same = ("name", "scopes", "site_ids", "expires_at")
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert new["replaces"] == old["key_id"] != new["key_id"]
    answer(await stage.client_of(new["key"]).get("/v1/sites"), 200)
    assert code(await stage.client_of(old["key"]).get("/v1/sites"), 401) == "key_expired"
    assert code(await admin.post(f"/v1/keys/{old['key_id']}/rotate"), 404) == "key_not_found"


async def test_the_old_key_and_its_browser_stay_for_a_while(stage: Stage) -> None:
    admin = await stage.client()
    old = answer(await admin.post("/v1/keys", json={"name": "k", "scopes": ["read"]}), 201)
    browser = stage.client_of(None)
    answer(await browser.post("/v1/session", json={"key": old["key"]}), 200)
    new = answer(await admin.post(f"/v1/keys/{old['key_id']}/rotate", json={"grace_s": 600}), 201)
    left = read_time(new["old_expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=590) < left <= timedelta(seconds=600)
    for client in (stage.client_of(old["key"]), stage.client_of(new["key"]), browser):
        answer(await client.get("/v1/sites"), 200)
    await stage.pool.execute("UPDATE keys SET expires_at = now() WHERE key_id = $1", old["key_id"])
    assert code(await browser.get("/v1/sites"), 401) == "key_expired"


async def test_rotation_gives_no_more_than_the_rotator_has(stage: Stage) -> None:
    admin = await stage.client()
    place = await make_place(admin)
    strong = answer(
        await admin.post("/v1/keys", json={"name": "k", "scopes": ["write"], "site_ids": [place.site_id]}), 201
    )
    wide = answer(await admin.post("/v1/keys", json={"name": "k", "scopes": ["read"]}), 201)
    local = await stage.client("admin", sites=[place.site_id])
    answer(await local.post(f"/v1/keys/{strong['key_id']}/rotate"), 201)
    assert code(await local.post(f"/v1/keys/{wide['key_id']}/rotate"), 404) == "key_not_found"


async def test_a_list_shows_use_and_end(stage: Stage) -> None:
    admin = await stage.client()
    made = answer(
        await admin.post("/v1/keys", json={"name": "k", "scopes": ["read"], "expires_at": "2030-01-01T00:00:00Z"}), 201
    )
    assert (made["last_used_at"], made["expires_at"]) == (None, "2030-01-01T00:00:00.000Z")
    answer(await stage.client_of(made["key"]).get("/v1/sites"), 200)
    listed = answer(await admin.get("/v1/keys"), 200)["items"]
    shown = next(each for each in listed if each["key_id"] == made["key_id"])
    assert abs((read_time(shown["last_used_at"]) - datetime.now(UTC)).total_seconds()) < 60
    assert "key" not in shown
