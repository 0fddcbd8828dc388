"""Sites and sections are renamed and deleted: only as they were read, and only when nothing hangs on them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, Place, RunOf, answer, code, decoded_record, make_place, make_run
from tests.integration.api.sse import listening

from api.model.projections import READ_MODELS
from api.project.apply import apply
from api.store import deletions, sites
from api.store.sites import Lock

# Everything that the api keeps of a site, but for keys that open nothing any more and its last event
OF_A_SITE = (
    "sites", "sections", "cameras", "layouts", "tables", "videos", "frames", "crops", "state_history",
    "site_sequences", *(model.table for model in READ_MODELS.values()),
)  # fmt: skip


def _match(response: httpx.Response) -> dict[str, str]:
    return {"If-Match": response.headers["etag"]}


async def _emptied(stage: Stage, client: httpx.AsyncClient, place: Place) -> None:
    """The site without its camera, and live facts about it that outlived that."""
    run = await make_run(client, place)
    result = [run.state(0, 1, "free", live=True), run.hazard("haz_live", 1, live=True)]
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate([*run.whole(2), *result])])
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    async with stage.pool.acquire() as conn, conn.transaction():
        deletion = await deletions.get(conn, None, run.video_id)
        assert deletion is not None
        await deletions.delete_rows(conn, deletion)
    answer(await client.delete(f"/v1/cameras/{place.camera_id}"), 204)


async def _rows(stage: Stage, site_id: str) -> dict[str, int]:
    counted = {
        table: await stage.pool.fetchval(f"SELECT count(*) FROM {table} WHERE site_id = $1", site_id)  # noqa: S608
        for table in OF_A_SITE
    }
    return {table: count for table, count in counted.items() if count}


@pytest.mark.parametrize("what", ["site", "section"])
async def test_it_is_changed_and_deleted_only_as_it_was_read(stage: Stage, what: str) -> None:
    client = await stage.client()
    made = await client.post("/v1/sites", json={"name": "Café", "timezone": "Europe/Vienna"})
    if what == "section":
        made = await client.post(f"{made.headers['location']}/sections", json={"name": "Terrace"})
    path = made.headers["location"]
    read = await client.get(path)
    assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
    changed = await client.patch(path, json={"name": "Other"}, headers=_match(read))
    assert answer(changed, 200) == made.json() | {"name": "Other", "version": 2}
    for refused in (
        await client.patch(path, json={"name": "x"}, headers=_match(read)),
        await client.delete(path, headers=_match(read)),
    ):
        assert code(refused, 412) == "version_conflict"
        assert refused.headers["etag"] == changed.headers["etag"]
    assert answer(await client.patch(path, json={}), 200)["name"] == "Other"
    answer(await client.delete(path, headers=_match(await client.get(path))), 204)
    for gone in (await client.get(path), await client.patch(path, json={}), await client.delete(path)):
        assert code(gone, 404) == f"{what}_not_found"


async def test_of_two_renames_at_once_one_wins(stage: Stage) -> None:
    client = await stage.client()
    made = await client.post("/v1/sites", json={"name": "Café"})
    path, match = made.headers["location"], _match(made)
    result = await asyncio.gather(*(client.patch(path, json={"name": str(n)}, headers=match) for n in range(4)))
    assert sorted(response.status_code for response in result) == [200, 412, 412, 412]


async def test_a_time_zone_is_one_of_the_list(stage: Stage) -> None:
    client = await stage.client()
    path = (await client.post("/v1/sites", json={"name": "Café"})).headers["location"]
    assert code(await client.patch(path, json={"timezone": "Mars/Olympus"}), 422) == "invalid_request"
    assert answer(await client.patch(path, json={"timezone": "Asia/Tokyo"}), 200)["timezone"] == "Asia/Tokyo"


async def test_a_section_takes_no_name_of_another(stage: Stage) -> None:
    client = await stage.client()
    sections = f"{(await client.post('/v1/sites', json={'name': 'Café'})).headers['location']}/sections"
    one, two = [await client.post(sections, json={"name": name}) for name in ("Terrace", "Garden")]
    assert code(await client.patch(two.headers["location"], json={"name": "Terrace"}), 409) == "name_taken"
    assert answer(await client.patch(one.headers["location"], json={"name": "Terrace"}), 200)["version"] == 2
    elsewhere = (await client.post("/v1/sites", json={"name": "Other"})).headers["location"]
    section = one.json()["section_id"]
    assert code(await client.get(f"{elsewhere}/sections/{section}"), 404) == "section_not_found"
    assert code(await client.delete(f"{elsewhere}/sections/{section}"), 404) == "section_not_found"


async def test_a_section_stays_while_tables_are_in_it(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    made = await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "Terrace"})
    section, path = made.json()["section_id"], made.headers["location"]
    layout = f"/v1/cameras/{place.camera_id}/layout"
    inside = [table | {"section_id": section} for table in LAYOUT["tables"]]
    answer(await client.put(layout, json=LAYOUT | {"tables": inside}), 200)
    refused = await client.delete(path)
    assert code(refused, 409) == "section_in_use"
    assert refused.json()["camera_ids"] == [place.camera_id]
    assert place.camera_id in refused.json()["detail"]
    # One table leaves it, the other one is drawn no more: it may come back, and is in no section then
    answer(await client.put(layout, json=LAYOUT | {"tables": LAYOUT["tables"][:1]}), 200)
    answer(await client.delete(path), 204)
    tables = answer(await client.get(f"/v1/tables?camera_id={place.camera_id}"), 200)["items"]
    assert {table["section_id"] for table in tables} == {None}
    assert code(await client.put(layout, json=LAYOUT | {"tables": inside}), 404) == "section_not_found"


async def test_tables_of_a_deleted_camera_are_retired_and_free_their_section(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    made = await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "Terrace"})
    inside = [table | {"section_id": made.json()["section_id"]} for table in LAYOUT["tables"]]
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json=LAYOUT | {"tables": inside}), 200)
    answer(await client.delete(f"/v1/cameras/{place.camera_id}"), 204)
    assert answer(await client.get("/v1/tables?retired=false"), 200)["items"] == []
    assert {table["camera_id"] for table in answer(await client.get("/v1/tables"), 200)["items"]} == {place.camera_id}
    answer(await client.delete(made.headers["location"]), 204)


async def test_a_site_stays_while_something_hangs_on_it(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/sites/{place.site_id}"
    run = await make_run(client, place)
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {"name": "k", "scopes": ["read"], "site_ids": [place.site_id], "expires_at": ends}
    key = answer(await client.post("/v1/keys", json=body), 201)["key_id"]

    async def hanging() -> Any:
        refused = await client.delete(path)
        assert code(refused, 409) == "site_not_empty"
        return refused.json()["hanging"]

    assert await hanging() == {"cameras": 1, "videos": 1, "keys": 1}
    answer(await client.delete(f"/v1/cameras/{place.camera_id}"), 204)
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert await hanging() == {"videos_being_deleted": 1, "keys": 1}
    async with stage.pool.acquire() as conn, conn.transaction():
        deletion = await deletions.get(conn, None, run.video_id)
        assert deletion is not None
        await deletions.delete_rows(conn, deletion)
    assert await hanging() == {"keys": 1}
    answer(await client.delete(f"/v1/keys/{key}"), 204)
    answer(await client.delete(path), 204)


async def test_a_deleted_site_is_forgotten_everywhere(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client, "Other")
    answer(await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "Terrace"}), 201)
    await _emptied(stage, client, place)
    left = await _rows(stage, other.site_id)
    assert {"sections", "tables", "states", "state_history", "hazards"} <= (await _rows(stage, place.site_id)).keys()
    answer(await client.delete(f"/v1/sites/{place.site_id}"), 204)
    assert await _rows(stage, place.site_id) == {}
    assert await _rows(stage, other.site_id) == left
    for path in ("sites", "cameras", "tables", "states", "states/history", "hazards", "videos"):
        assert place.site_id not in (await client.get(f"/v1/{path}")).text, path
    answer(await client.get("/v1/sites"), 200)
    assert code(await client.get(f"/v1/events?site_id={place.site_id}"), 404) == "site_not_found"
    for path in ("cameras", "videos", "keys"):
        body = {"name": "x"} if path == "cameras" else {}
        body |= {"name": "x", "scopes": ["read"], "site_ids": [place.site_id]} if path == "keys" else {
            "site_id": place.site_id
        }  # fmt: skip
        assert code(await client.post(f"/v1/{path}", json=body), 404) == "site_not_found", path


async def test_what_a_topic_says_late_of_a_deleted_site_leaves_nothing(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client, "Other")
    await _emptied(stage, client, place)
    answer(await client.delete(f"/v1/sites/{place.site_id}"), 204)
    late, theirs = _live(place), _live(other)
    count = await apply(stage.pool, [decoded_record(event, 100 + n) for n, event in enumerate([*late, *theirs])])
    assert count == len(theirs)
    assert await _rows(stage, place.site_id) == {}


def _live(place: Place) -> list[Any]:
    """A live state and a live alert."""
    result = RunOf(place=place, video_id="vid_x", run_id="run_x")
    return [result.state(0, 5, "dirty", live=True), result.hazard(f"haz_{place.site_id}", 1, live=True)]


async def test_a_stream_hears_of_changes_and_ends_with_its_site(stage: Stage) -> None:
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Café"}), 201)
    path = f"/v1/sites/{site['site_id']}"
    key = await stage.key()
    async with (
        stage.serving() as address,
        listening(address, key) as ear,
        listening(address, key, topic="hazard.alert") as narrow,
    ):
        assert [(await each.next()).type for each in (ear, narrow)] == ["snapshot", "snapshot"]
        section = answer(await client.post(f"{path}/sections", json={"name": "Terrace"}), 201)
        answer(await client.patch(path, json={"name": "Other"}), 200)
        answer(await client.delete(f"{path}/sections/{section['section_id']}"), 204)
        answer(await client.delete(path), 204)
        heard = await ear.some(4)
        assert [each.type for each in heard] == ["section.changed", "site.changed", "section.deleted", "site.deleted"]
        assert (heard[0].data, heard[1].data["name"]) == (section, "Other")
        assert heard[3].data == {"site_id": site["site_id"]}
        assert (await narrow.next()).type == "site.deleted"
        for each in (ear, narrow):
            with pytest.raises(StopAsyncIteration):
                await each.next()


async def test_what_comes_while_a_site_is_deleted_is_of_no_site(stage: Stage) -> None:
    """A camera that is being added holds the site; one that comes later finds none."""
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Café"}), 201)["site_id"]
    path, camera = f"/v1/sites/{site}", {"name": "x", "site_id": site}
    async with stage.pool.acquire() as conn:
        async with conn.transaction():
            await sites.get(conn, None, site, Lock.HOLD)
            waiting = asyncio.create_task(client.delete(path))
            await asyncio.wait([waiting], timeout=0.5)
            assert not waiting.done()
            await conn.execute(
                "INSERT INTO cameras VALUES ('cam_x', $1, 'x', true, 'none', NULL, NULL, 1, 1, 1, NULL, now(), now())",
                site,
            )
        assert code(await waiting, 409) == "site_not_empty"
        answer(await client.delete("/v1/cameras/cam_x"), 204)
        async with conn.transaction():
            await sites.get(conn, None, site, Lock.DELETE)
            waiting = asyncio.create_task(client.post("/v1/cameras", json=camera))
            await asyncio.wait([waiting], timeout=0.5)
            assert not waiting.done()
            await conn.execute("DELETE FROM cameras WHERE site_id = $1", site)
            await conn.execute("DELETE FROM site_sequences WHERE site_id = $1", site)
            await conn.execute("DELETE FROM sites WHERE site_id = $1", site)
        assert code(await waiting, 404) == "site_not_found"


async def test_a_walled_admin_renames_its_site_and_deletes_none(stage: Stage) -> None:
    client = await stage.client()
    made = await client.post("/v1/sites", json={"name": "Café"})
    limited = await stage.client("admin", sites=[made.json()["site_id"]])
    assert answer(await limited.patch(made.headers["location"], json={"name": "Other"}), 200)["name"] == "Other"
    assert code(await limited.delete(made.headers["location"]), 403) == "scope_too_wide"
    assert code(await limited.delete("/v1/sites/site_none"), 403) == "scope_too_wide"
    writer = await stage.client("write")
    assert code(await writer.patch(made.headers["location"], json={"name": "x"}), 403) == "scope_missing"
