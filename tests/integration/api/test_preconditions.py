"""Two people change one camera or layout: with If-Match the slower one is told and nothing is lost."""

import asyncio

import httpx
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
    said = await asyncio.gather(*(client.put(path, json=body, headers=match) for body in bodies))
    assert sorted(response.status_code for response in said) == [200, 412, 412, 412]


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
