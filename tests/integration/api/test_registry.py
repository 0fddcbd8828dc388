"""Cameras and layouts: versions, ids that stay, the events that tell of them; keys that are made at the start."""

from typing import Any

import orjson
import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place

from api.bootstrap import bootstrap
from chassis.clock import SystemClock
from tablewatch_schemas import CameraConfig, decode
from tablewatch_schemas.layout import Layout

SQUARE = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3], [0.1, 0.3]]


async def _outbox(stage: Stage, topic: str) -> list[Any]:
    rows = await stage.pool.fetch("SELECT * FROM outbox WHERE topic = $1 ORDER BY id", topic)
    return [
        decode(topic, row["key"], row["value"], zip(row["header_names"], row["header_values"], strict=True))
        for row in rows
    ]


async def test_a_layout_is_an_object_before_it_is_a_row_or_an_event(stage: Stage) -> None:
    place = await make_place(await stage.client())
    stored = Layout.parse(await stage.parts.objects.get(place.layout_key))
    assert [table.table_id for table in stored.tables] == list(place.tables)
    events = await _outbox(stage, "camera.config")
    assert [(e.event.version, e.event.layout_key) for e in events] == [(1, None), (2, place.layout_key)]


async def test_tables_keep_their_ids_through_edits(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/layout"
    one = answer(await client.get(path), 200)
    assert answer(await client.put(path, json=one), 200) == one  # the same again is the same version
    one["tables"][0]["polygon"], one["tables"][1]["label"] = SQUARE, "window"
    two = answer(await client.put(path, json=one), 200)
    assert (two["version"], [t["table_id"] for t in two["tables"]]) == (2, list(place.tables))
    by_label = {**LAYOUT, "tables": [{"label": "1", "polygon": SQUARE}, {"label": "new", "polygon": SQUARE}]}
    three = answer(await client.put(path, json=by_label), 200)
    assert three["tables"][0]["table_id"] == place.tables[0]
    assert three["tables"][1]["table_id"] not in place.tables
    assert answer(await client.get(f"{path}s/1"), 200)["tables"][0]["polygon"] == LAYOUT["tables"][0]["polygon"]  # type: ignore[index]
    assert code(await client.get(f"{path}s/9"), 404) == "layout_not_found"
    retired = await stage.pool.fetchval("SELECT retired_at FROM tables WHERE table_id = $1", place.tables[1])
    assert retired is not None


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        ([[0.1, 0.1], [0.2, 0.2]], "polygon_too_few_points"),
        ([[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]], "polygon_self_crossing"),
        ([[0.1, 0.1], [1.2, 0.1], [0.5, 0.5]], "polygon_out_of_frame"),
        ([[0.1, 0.1], [0.11, 0.1], [0.11, 0.11]], "polygon_too_small"),
    ],
)
async def test_polygons_that_cannot_be(stage: Stage, polygon: Any, expected: str) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {**LAYOUT, "tables": [{"label": "1", "polygon": polygon}]}
    response = await client.put(f"/v1/cameras/{place.camera_id}/layout", json=body)
    assert code(response, 422) == expected
    assert response.json()["pointer"] == "/tables/0/polygon"


async def test_table_ids_of_others_and_twice(stage: Stage) -> None:
    client = await stage.client()
    one, other = await make_place(client), await make_place(client)
    path = f"/v1/cameras/{other.camera_id}/layout"
    stolen = {**LAYOUT, "tables": [{"table_id": one.tables[0], "label": "x", "polygon": SQUARE}]}
    assert code(await client.put(path, json=stolen), 422) == "table_not_yours"
    table = {"table_id": other.tables[0], "label": "x", "polygon": SQUARE}
    assert code(await client.put(path, json={**LAYOUT, "tables": [table, table]}), 422) == "table_doubled"


async def test_a_camera_changes_and_goes(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}"
    source = {"type": "rtsp", "address": "rtsp://10.0.0.9/live", "secret_ref": "front"}
    changed = answer(await client.patch(path, json={"name": "door", "source": source}), 200)
    assert (changed["name"], changed["source"], changed["version"]) == ("door", source, 3)
    with_secret = {"source": {"type": "rtsp", "address": "rtsp://user:pass@10.0.0.9/live"}}
    refused = await client.patch(path, json=with_secret)
    assert code(refused, 422) == "address_has_credentials"
    assert "pass@" not in refused.text
    assert code(await client.patch(path, json={"source": {"type": "hls"}}), 422) == "address_required"
    answer(await client.delete(path), 204)
    assert code(await client.get(path), 404) == "camera_not_found"
    events = await _outbox(stage, "camera.config")
    assert [each.version for each in events] == [1, 2, 3, 4]
    assert isinstance(events[2].event, CameraConfig)
    assert events[3].event is None


async def test_sections_belong_to_a_site(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client)
    path = f"/v1/sites/{place.site_id}/sections"
    section = answer(await client.post(path, json={"name": "Terrace"}), 201)
    assert code(await client.post(path, json={"name": "Terrace"}), 409) == "name_taken"
    assert answer(await client.get(path), 200)["items"] == [section]
    table = {"label": "1", "polygon": SQUARE, "section_id": section["section_id"]}
    body = {**LAYOUT, "tables": [table]}
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json=body), 200)
    elsewhere = await client.put(f"/v1/cameras/{other.camera_id}/layout", json=body)
    assert code(elsewhere, 404) == "section_not_found"


async def test_lists_come_in_pages(stage: Stage) -> None:
    client = await stage.client()
    for number in range(5):
        answer(await client.post("/v1/sites", json={"name": f"{number}"}), 201)
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = answer(await client.get("/v1/sites", params=query), 200)
        seen += [site["name"] for site in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["0", "1", "2", "3", "4"]


async def test_the_first_key_is_made_once(stage: Stage) -> None:
    clock = SystemClock()
    async with stage.pool.acquire() as conn:
        key, created = await bootstrap(conn, None, clock)
        assert created
        assert key is not None
        assert await bootstrap(conn, None, clock) == (None, False)
        given = "twk_given0_" + "s" * 32
        assert await bootstrap(conn, given, clock) == (given, True)
        assert await bootstrap(conn, given, clock) == (given, False)
        with pytest.raises(ValueError, match="form"):
            await bootstrap(conn, "not a key", clock)
    for each in (key, given):
        answer(await stage.client_of(each).post("/v1/sites", json={"name": "x"}), 201)


async def test_the_upload_token_says_what_the_run_is(stage: Stage) -> None:
    import jwt

    client = await stage.client()
    place = await make_place(client)
    body = {"camera_id": place.camera_id, "started_at": "2026-11-23T10:00:00+01:00", "filename": "a.mp4"}
    job = answer(await client.post("/v1/videos", json=body), 201)
    assert job["make"] == ["frames", "tables", "hazards"]
    assert job["sampling"] == {"mode": "cadence", "every_ms": 1000}
    claims = jwt.decode(job["upload"]["token"], "u" * 32, algorithms=["HS256"], audience="tablewatch-upload")
    assert claims["layout_key"] == place.layout_key
    assert claims["started_at"] == "2026-11-23T09:00:00.000Z"
    manifest = orjson.loads(await stage.parts.objects.get(claims["manifest_key"]))
    assert manifest["run_id"] == job["run_id"] == claims["run_id"]
    assert manifest["thresholds"]["ttl_ms"] == stage.parts.settings.api_state_ttl_ms
    bare = answer(await client.post("/v1/videos", json={}), 201)
    assert bare["make"] == ["frames"]


async def test_what_a_video_cannot_be_made_of(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    camera = answer(await client.post("/v1/cameras", json={"name": "bare"}), 201)["camera_id"]
    assert code(await client.post("/v1/videos", json={"make": ["tables"]}), 422) == "camera_required"
    without = {"camera_id": camera, "make": ["tables"]}
    assert code(await client.post("/v1/videos", json=without), 422) == "layout_required"
    floorless = {**LAYOUT, "floor": []}
    answer(await client.put(f"/v1/cameras/{camera}/layout", json=floorless), 200)
    assert (
        code(await client.post("/v1/videos", json={"camera_id": camera, "make": ["hazards"]}), 422) == "floor_required"
    )
    assert code(await client.post("/v1/videos", json={"size_bytes": 2**50}), 413) == "upload_too_large"
    naive = {"camera_id": place.camera_id, "started_at": "2026-11-23T10:00:00"}
    assert code(await client.post("/v1/videos", json=naive), 422) == "started_at_invalid"
