"""Two people change one camera or layout: with If-Match the slower one gets 412 and nothing is lost."""

import asyncio

import httpx
import orjson
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place

OTHER = {"reference": {"width": 640, "height": 360}, "tables": LAYOUT["tables"]}


def _match(response: httpx.Response) -> dict[str, str]:
    return {"If-Match": response.headers["etag"]}


async def test_a_layout_is_changed_only_as_it_was_read(stage: Stage) -> None:
    client = await stage.client()
    path = f"/v1/cameras/{(await make_place(client)).camera_id}/layout"
    read = await client.get(path)
    changed = await client.put(path, json=OTHER, headers=_match(read))
    assert answer(changed, 200)["version"] == 2
    refused = await client.put(path, json=LAYOUT, headers=_match(read))
    assert code(refused, 412) == "version_conflict"
    assert refused.headers["etag"] == changed.headers["etag"] == (await client.get(path)).headers["etag"]
    assert (await client.get(f"{path}s/1")).headers["etag"] == read.headers["etag"]
    assert answer(await client.put(path, json=LAYOUT), 200)["version"] == 3


async def test_of_two_at_once_one_wins(stage: Stage) -> None:
    client = await stage.client()
    path = f"/v1/cameras/{(await make_place(client)).camera_id}/layout"
    match = _match(await client.get(path))
    bodies = [{**OTHER, "reference": {"width": 100 + number, "height": 100}} for number in range(4)]
    result = await asyncio.gather(*(client.put(path, json=body, headers=match) for body in bodies))
    assert sorted(response.status_code for response in result) == [200, 412, 412, 412]


async def test_a_first_layout_is_drawn_once(stage: Stage) -> None:
    client = await stage.client()
    await make_place(client)
    camera = answer(await client.post("/v1/cameras", json={"name": "bare"}), 201)["camera_id"]
    path = f"/v1/cameras/{camera}/layout"
    assert code(await client.put(path, json=LAYOUT, headers={"If-Match": "*"}), 412) == "version_conflict"
    answer(await client.put(path, json=LAYOUT, headers={"If-None-Match": "*"}), 200)
    assert code(await client.put(path, json=OTHER, headers={"If-None-Match": "*"}), 412) == "version_conflict"


async def test_a_camera_is_changed_and_deleted_only_as_it_was_read(stage: Stage) -> None:
    client = await stage.client()
    path = f"/v1/cameras/{(await make_place(client)).camera_id}"
    read = await client.get(path)
    changed = await client.patch(path, json={"name": "door"}, headers=_match(read))
    assert answer(changed, 200)["name"] == "door"
    for refused in (
        await client.patch(path, json={"name": "x"}, headers=_match(read)),
        await client.delete(path, headers=_match(read)),
    ):
        assert code(refused, 412) == "version_conflict"
    assert answer(await client.get(path), 200)["name"] == "door"
    answer(await client.delete(path, headers=_match(changed)), 204)


async def test_a_camera_has_its_tag_from_the_start(stage: Stage) -> None:
    client = await stage.client()
    answer(await client.post("/v1/sites", json={"name": "x"}), 201)
    made = await client.post("/v1/cameras", json={"name": "x"})
    again = await client.get(made.headers["location"])
    assert made.headers["etag"] == again.headers["etag"]


POLLED = (
    "/v1/sites", "/v1/sites/{site}", "/v1/sites/{site}/sections", "/v1/cameras",
    "/v1/cameras/{camera}", "/v1/cameras/{camera}/layout", "/v1/cameras/{camera}/layouts",
    "/v1/cameras/{camera}/layouts/1", "/v1/tables", "/v1/videos", "/v1/states", "/v1/states/history", "/v1/hazards",
)  # fmt: skip


async def test_who_polls_is_told_that_nothing_changed(stage: Stage) -> None:
    place = await make_place(await stage.client())
    client = await stage.client(sites=[place.site_id])
    for path in (each.format(site=place.site_id, camera=place.camera_id) for each in POLLED):
        read = await client.get(path)
        assert (read.status_code, read.headers["cache-control"]) == (200, "private, no-cache"), path
        tag = read.headers["etag"]
        for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            same = await client.get(path, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag), (path, known)
            assert "content-type" not in same.headers
        other = await client.get(path, headers={"If-None-Match": '"another"'})
        assert (other.status_code, other.content) == (200, read.content), path
        assert code(await client.get(path, headers={"If-Match": '"another"'}), 412) == "precondition_failed"


async def test_a_document_that_changed_is_sent(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    paths = ("/v1/cameras", f"/v1/cameras/{place.camera_id}", f"/v1/cameras?site_id={place.site_id}")
    before = {path: (await client.get(path)).headers["etag"] for path in paths}
    answer(await client.patch(f"/v1/cameras/{place.camera_id}", json={"name": "Bar"}), 200)
    for path, tag in before.items():
        read = await client.get(path, headers={"If-None-Match": tag})
        assert (read.status_code, read.headers["etag"] != tag) == (200, True), path
    refused = await client.get("/v1/cameras/cam_none", headers={"If-None-Match": "*"})
    assert code(refused, 404) == "camera_not_found"


async def test_health_changes_the_document_of_a_camera_and_no_precondition(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}"
    tags = [(await client.get(path)).headers["etag"]]
    for version, state in enumerate(("live", "frozen"), 1):
        async with stage.pool.acquire() as conn:
            await conn.execute(
                "INSERT INTO camera_statuses (camera_id, site_id, version, gone, document)"
                " VALUES ($1, $2, $3, false, $4) ON CONFLICT (camera_id) DO UPDATE SET document = excluded.document",
                place.camera_id, place.site_id, version, orjson.dumps({"status": state}).decode(),
            )  # fmt: skip
        read = await client.get(path, headers={"If-None-Match": tags[-1]})
        assert answer(read, 200)["status"]["status"] == state
        tags.append(read.headers["etag"])
    assert len(set(tags)) == 3
    answer(await client.patch(path, json={"name": "Bar"}, headers={"If-Match": tags[1]}), 200)
    refused = await client.patch(path, json={"name": "Door"}, headers={"If-Match": tags[2]})
    assert code(refused, 412) == "version_conflict"
