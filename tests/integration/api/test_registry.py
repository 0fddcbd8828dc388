"""Cameras and layouts: versions, ids that stay, the events about them; keys that are created at the start."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place, outbox_events

from api.bootstrap import ensure_admin_key
from chassis.clock import SystemClock
from credentials import Credentials, private_key, public_pem, unseal
from tablewatch_schemas import CameraConfig, keys
from tablewatch_schemas.layout import Layout

NO_CHANGES: dict[str, Any] = {
    "kept": [], "new": [], "retired": [], "merged_from": {}, "split_from": {}, "warnings": [],
}  # fmt: skip
SQUARE = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3], [0.1, 0.3]]


def changes(**named: Any) -> dict[str, Any]:
    """What the response to a PUT has beside the layout."""
    return NO_CHANGES | named


async def test_a_layout_is_an_object_before_it_is_a_row_or_an_event(stage: Stage) -> None:
    place = await make_place(await stage.client())
    stored = Layout.parse(await stage.deps.objects.get(place.layout_key))
    assert [table.table_id for table in stored.tables] == list(place.tables)
    events = await outbox_events(stage.pool, "camera.config")
    assert [(e.event.version, e.event.layout_key) for e in events] == [(1, None), (2, place.layout_key)]


async def test_tables_keep_their_ids_through_edits(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/layout"
    one = answer(await client.get(path), 200)
    again = answer(await client.put(path, json=one), 200)
    assert again == one | changes(kept=list(place.tables))  # the same again is the same version
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
    assert response.json()["detail"].startswith("Table 1: ")


async def test_a_layout_without_ids_keeps_its_tables_and_says_what_became_of_them(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/layout"
    one, two = place.tables
    halves = [[[0.5, 0.2], [0.65, 0.2], [0.65, 0.6], [0.5, 0.6]], [[0.65, 0.2], [0.8, 0.2], [0.8, 0.6], [0.65, 0.6]]]
    doubled = [*LAYOUT["tables"][0]["polygon"][:1] * 2, *LAYOUT["tables"][0]["polygon"][1:]]  # type: ignore[index]
    drawn = [{"label": name, "polygon": each} for name, each in zip("abc", [*halves, doubled], strict=True)]
    split = answer(await client.put(path, json={**LAYOUT, "tables": drawn}), 200)
    ids = [each["table_id"] for each in split["tables"]]
    assert ids[2] == one and two in ids[:2]
    (new,) = {*ids} - {one, two}
    told = {name: split[name] for name in NO_CHANGES}
    assert told == changes(kept=[each for each in ids if each != new], new=[new], split_from={new: two})
    strip = {"label": "strip", "polygon": [[0.1, 0.9], [0.4, 0.9], [0.4, 0.93], [0.1, 0.93]]}
    whole = {**LAYOUT, "tables": [*LAYOUT["tables"], strip]}  # type: ignore[misc]
    merged = answer(await client.put(path, json=whole), 200)
    (joined,) = merged["merged_from"]
    assert merged["merged_from"] == {joined: [two, new] if ids[0] == two else [new, two]}
    assert (joined == merged["tables"][1]["table_id"]) and merged["retired"] == [*({two, new} - {joined})]
    assert [(each["code"], each["label"]) for each in merged["warnings"]] == [("zone_too_small", "strip")]


async def test_table_ids_of_other_sites_and_twice(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await stage.client()
    one, other = await make_place(client), await make_place(client)
    path = f"/v1/cameras/{other.camera_id}/layout"
    stolen = {**LAYOUT, "tables": [{"table_id": one.tables[0], "label": "x", "polygon": SQUARE}]}
    assert code(await client.put(path, json=stolen), 422) == "table_not_yours"
    only_theirs = await stage.client(sites=[other.site_id])
    assert code(await only_theirs.put(path, json=stolen), 422) == "table_not_yours"
    table = {"table_id": other.tables[0], "label": "x", "polygon": SQUARE}
    assert code(await client.put(path, json={**LAYOUT, "tables": [table, table]}), 422) == "table_doubled"

    async def none_yet(*_: object) -> set[str]:
        return set()

    monkeypatch.setattr("api.http.layout_saving.foreign_tables", none_yet)  # the other site takes it just after
    for each in (client, only_theirs):
        assert code(await each.put(path, json=stolen), 422) == "table_not_yours"


async def test_a_layout_is_checked_before_there_is_a_camera(stage: Stage) -> None:
    client = await stage.client()
    answer(await client.post("/v1/layouts/check", json=LAYOUT), 204)
    crossing = [[0.1, 0.1], [0.4, 0.4], [0.4, 0.1], [0.1, 0.4]]
    for broken in (
        {"tables": [{"label": "1", "polygon": crossing}]},
        {"tables": [{"label": "1", "polygon": SQUARE, "top": crossing}]},
        {"floor": [crossing]},
        {"ignore": [crossing]},
    ):
        assert code(await client.post("/v1/layouts/check", json=LAYOUT | broken), 422) == "polygon_self_crossing"


async def _second_camera(client: Any, place: Any) -> str:
    body = {"site_id": place.site_id, "name": "from the other side"}
    return str(answer(await client.post("/v1/cameras", json=body), 201)["camera_id"])


async def _check_views(stage: Stage) -> None:
    """`table_views` holds what the newest layouts have, and nothing else (migration 0018 says why it is kept)."""
    differing = await stage.pool.fetch(
        "SELECT * FROM (SELECT table_id, camera_id, site_id FROM table_views) kept FULL JOIN"
        " (SELECT each->>'table_id' AS table_id, camera_id, l.site_id FROM cameras c JOIN layouts l USING (camera_id)"
        " CROSS JOIN json_array_elements(l.document->'tables') each"
        " WHERE l.version = c.layout_version AND c.deleted_at IS NULL) drawn USING (table_id, camera_id, site_id)"
        " WHERE kept IS NULL OR drawn IS NULL"
    )
    assert differing == []


async def test_cameras_of_one_site_share_a_table(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    table, other = place.tables[0], await _second_camera(client, place)
    one, two = sorted([place.camera_id, other])
    shared = {**LAYOUT, "tables": [{"table_id": table, "label": "by the window", "seats": 6, "polygon": SQUARE}]}
    drawn = answer(await client.put(f"/v1/cameras/{other}/layout", json=shared), 200)
    assert drawn["tables"][0]["table_id"] == table

    found = answer(await client.get(f"/v1/tables/{table}"), 200)
    assert (found["camera_id"], found["camera_ids"], found["retired_at"]) == (place.camera_id, [one, two], None)
    assert (found["label"], found["seats"]) == ("by the window", 6), "those of the layout that was drawn last"
    assert [each["camera_id"] for each in found["layouts"]] == [other, place.camera_id]
    for camera in (one, two):
        page = answer(await client.get("/v1/tables", params={"camera_id": camera}), 200)["items"]
        assert table in [each["table_id"] for each in page]
    await _check_views(stage)

    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json={**LAYOUT, "tables": []}), 200)
    found = answer(await client.get(f"/v1/tables/{table}"), 200)
    assert (found["camera_id"], found["camera_ids"], found["retired_at"]) == (other, [other], None)
    assert (await client.delete(f"/v1/cameras/{other}")).status_code == 204
    found = answer(await client.get(f"/v1/tables/{table}"), 200)
    assert found["camera_ids"] == [] and found["retired_at"] is not None
    await _check_views(stage)


NAMES = ("label", "section_id", "seats")


async def test_a_shared_table_is_as_those_draw_it_that_still_do(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    table, other, third = place.tables[0], await _second_camera(client, place), await _second_camera(client, place)
    section = answer(await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "in"}), 201)["section_id"]

    async def draw(camera: str, *tables: dict[str, object]) -> dict[str, object]:
        drawn = [{"table_id": table, "polygon": SQUARE} | each for each in tables]
        return dict(answer(await client.put(f"/v1/cameras/{camera}/layout", json={**LAYOUT, "tables": drawn}), 200))

    async def shown() -> tuple[object, ...]:
        found = answer(await client.get(f"/v1/tables/{table}"), 200)
        assert found["retired_at"] is None
        return tuple(found[name] for name in NAMES)

    await draw(other, {"label": "Window", "seats": 6, "section_id": section})
    await draw(third, {"label": "Nook"})
    assert await shown() == ("Nook", None, None)
    await draw(third)
    await _check_views(stage)
    assert await shown() == ("Window", section, 6), "of two that still draw it the newer"
    assert (await client.delete(f"/v1/cameras/{other}")).status_code == 204
    assert await shown() == ("1", None, 4)
    await draw(place.camera_id)
    found = answer(await client.get(f"/v1/tables/{table}"), 200)
    assert (found["label"], found["retired_at"] is None) == ("1", False), "retired, it keeps what it was called last"


async def test_the_same_drawing_again_names_a_table_that_another_camera_has_renamed(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    table, other = place.tables[0], await _second_camera(client, place)
    path = f"/v1/cameras/{place.camera_id}/layout"
    mine = answer(await client.get(path), 200)
    for changed in ({"label": "Window", "seats": 4}, {"label": "1", "seats": 5}):
        shared = {**LAYOUT, "tables": [{"table_id": table, "polygon": SQUARE} | changed]}
        answer(await client.put(f"/v1/cameras/{other}/layout", json=shared), 200)
        again = answer(await client.put(path, json=mine), 200)
        assert again == mine | {name: again[name] for name in ("version", "created_at", "layout_key", *NO_CHANGES)}
        assert again["version"] == mine["version"] + 1
        found = answer(await client.get(f"/v1/tables/{table}"), 200)
        assert (found["label"], found["seats"]) == ("1", 4)
        mine = answer(await client.put(path, json=again), 200)
        assert mine == again, "and nothing is left to change"


async def test_a_table_comes_back_with_the_camera_that_draws_it_again(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    table, other = place.tables[0], await _second_camera(client, place)
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json={**LAYOUT, "tables": []}), 200)
    shared = {**LAYOUT, "tables": [{"table_id": table, "label": "1", "polygon": SQUARE}]}
    answer(await client.put(f"/v1/cameras/{other}/layout", json=shared), 200)
    found = answer(await client.get(f"/v1/tables/{table}"), 200)
    assert (found["camera_id"], found["camera_ids"], found["retired_at"]) == (other, [other], None)


async def test_two_cameras_that_drop_a_table_at_once_retire_it(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    other = await _second_camera(client, place)
    tables = [{"table_id": each, "label": each, "polygon": SQUARE} for each in place.tables]
    paths = [f"/v1/cameras/{camera}/layout" for camera in (place.camera_id, other)]
    for _ in range(5):  # the two waited for each other now and then
        for path in paths:
            answer(await client.put(path, json={**LAYOUT, "tables": tables}), 200)
        answers = await asyncio.gather(*(client.put(path, json={**LAYOUT, "tables": []}) for path in paths))
        assert [each.status_code for each in answers] == [200, 200]
    retired = [answer(await client.get(f"/v1/tables/{each}"), 200)["retired_at"] for each in place.tables]
    assert None not in retired
    await _check_views(stage)


async def test_a_section_is_in_use_where_any_newest_layout_names_it(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    other = await _second_camera(client, place)
    sections = f"/v1/sites/{place.site_id}/sections"
    inside, terrace = [
        answer(await client.post(sections, json={"name": name}), 201)["section_id"] for name in ("in", "out")
    ]
    for camera, section in ((place.camera_id, inside), (other, terrace)):
        table = {"table_id": place.tables[0], "label": "1", "section_id": section, "polygon": SQUARE}
        answer(await client.put(f"/v1/cameras/{camera}/layout", json={**LAYOUT, "tables": [table]}), 200)
    assert answer(await client.get(f"/v1/tables/{place.tables[0]}"), 200)["section_id"] == terrace
    refused = await client.delete(f"{sections}/{inside}")
    assert code(refused, 409) == "section_in_use"
    assert refused.json()["camera_ids"] == [place.camera_id]


async def test_a_site_has_so_many_cameras_and_no_more_also_when_several_are_added_at_once(stage: Stage) -> None:
    stage.deps = replace(stage.deps, settings=stage.deps.settings.model_copy(update={"api_site_cameras": 3}))
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Café"}), 201)["site_id"]
    new = {"site_id": site, "name": "Door"}
    found = await asyncio.gather(*(client.post("/v1/cameras", json=new) for _ in range(6)))
    assert sorted(each.status_code for each in found) == [201] * 3 + [409] * 3
    assert {code(each, 409) for each in found if each.is_error} == {"too_many_cameras"}
    one = next(each.json()["camera_id"] for each in found if each.is_success)
    assert (await client.delete(f"/v1/cameras/{one}")).status_code == 204
    assert (await client.post("/v1/cameras", json=new)).status_code == 201


async def test_how_often_a_camera_is_looked_at_is_stored_and_published(stage: Stage) -> None:
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Café"}), 201)["site_id"]
    new = {"site_id": site, "name": "Door", "cadence_ms": 2000, "look_every_ms": 10_000}
    camera = answer(await client.post("/v1/cameras", json=new), 201)
    path = f"/v1/cameras/{camera['camera_id']}"
    assert answer(await client.patch(path, json={"cadence_ms": 500}), 200)["look_every_ms"] == 10_000
    assert answer(await client.patch(path, json={"look_every_ms": 0}), 200)["look_every_ms"] == 0
    assert code(await client.patch(path, json={"look_every_ms": -1}), 422)
    events = await outbox_events(stage.pool, "camera.config")
    assert [(e.event.cadence_ms, e.event.look_every_ms) for e in events] == [(2000, 10_000), (500, 10_000), (500, 0)]


async def test_the_transport_of_a_camera_is_stored_and_published_where_it_has_one(stage: Stage) -> None:
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Café"}), 201)["site_id"]
    source = {"type": "rtsp", "address": "rtsp://10.0.0.9/live", "transport": "udp"}
    camera = answer(await client.post("/v1/cameras", json={"site_id": site, "name": "Door", "source": source}), 201)
    assert camera["source"]["transport"] == "udp"
    path = f"/v1/cameras/{camera['camera_id']}"
    assert answer(await client.patch(path, json={"name": "Gate"}), 200)["source"]["transport"] == "udp"
    over_tcp = {"source": source | {"transport": "tcp"}}
    assert answer(await client.patch(path, json=over_tcp), 200)["source"]["transport"] == "tcp"
    for other in (
        {"type": "rtsp", "address": "rtsps://10.0.0.9/live", "transport": "udp"},
        {"type": "hls", "address": "http://10.0.0.9/live.m3u8", "transport": "tcp"},
    ):
        assert code(await client.patch(path, json={"source": other}), 422) == "transport_invalid"
    encrypted = {"source": {"type": "rtsp", "address": "rtsps://10.0.0.9/live", "transport": "tcp"}}
    answer(await client.patch(path, json=encrypted), 200)
    events = await outbox_events(stage.pool, "camera.config")
    assert [each.event.source.transport for each in events] == ["udp", "udp", "tcp", "tcp"]


async def test_a_camera_changes_and_goes(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}"
    source = {"type": "rtsp", "address": "rtsp://10.0.0.9/live", "secret_ref": "front", "transport": None}
    changed = answer(await client.patch(path, json={"name": "door", "source": source}), 200)
    assert (changed["name"], changed["source"], changed["version"]) == ("door", source, 3)
    with_secret = {"source": {"type": "rtsp", "address": "rtsp://user:pass@10.0.0.9/live"}}
    refused = await client.patch(path, json=with_secret)
    assert code(refused, 422) == "address_has_credentials"
    assert "pass@" not in refused.text
    assert code(await client.patch(path, json={"source": {"type": "hls"}}), 422) == "address_required"
    for address in ("http://10.0.0.9/live", "rtsp://", "rtsp://2130706433/", "10.0.0.9"):
        unread = await client.patch(path, json={"source": {"type": "rtsp", "address": address}})
        assert code(unread, 422) == "address_invalid"
    for kind in ("snapshot", "hls"):
        for address in ("rtsp://10.0.0.9/live", "http://", "http://0x7f.1/", "file:///etc/passwd", "concat:http://h/a"):
            unread = await client.patch(path, json={"source": {"type": kind, "address": address}})
            assert code(unread, 422) == "address_invalid"
    for address in ("/etc/passwd", "../site_2/a.jpg", "a/../../b.jpg", "file:///etc/passwd", "a\\b"):
        unread = await client.patch(path, json={"source": {"type": "file", "address": address}})
        assert code(unread, 422) == "address_invalid"
    answer(await client.delete(path), 204)
    assert code(await client.get(path), 404) == "camera_not_found"
    events = await outbox_events(stage.pool, "camera.config")
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
    key, created = await ensure_admin_key(stage.pool, None, clock)
    assert created
    assert key is not None
    assert await ensure_admin_key(stage.pool, None, clock) == (None, False)
    given = "twk_given0_" + "s" * 32
    assert await ensure_admin_key(stage.pool, given, clock) == (given, True)
    assert await ensure_admin_key(stage.pool, given, clock) == (given, False)
    with pytest.raises(ValueError, match="form"):
        await ensure_admin_key(stage.pool, "not a key", clock)
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
    manifest = orjson.loads(await stage.deps.objects.get(keys.manifest(place.site_id, job["run_id"])))
    assert manifest.items() <= claims.items()
    # what an ingest of the first release reads
    assert claims["manifest_key"] == keys.manifest(place.site_id, job["run_id"])
    assert claims["create_url"] == job["upload"]["create_url"]
    assert claims.keys() >= {"video_id", "run_id", "site_id", "sampling", "make", "max_bytes", "max_duration_ms", "exp"}
    assert manifest["thresholds"]["ttl_ms"] == stage.deps.settings.api_state_ttl_ms
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


async def test_a_password_is_sealed_for_the_extractor_and_for_this_address(stage: Stage) -> None:
    client, address = await stage.client(), "rtsp://10.0.0.9/live"
    site = (await make_place(client)).site_id
    source = {"type": "rtsp", "address": address, "user": "admin", "password": "pässword-1"}
    early = await client.post("/v1/cameras", json={"site_id": site, "name": "door", "source": source})
    assert code(early, 503) == "credentials_unavailable"
    key = private_key("s" * 32)
    await stage.deps.objects.put(keys.EXTRACTOR_KEY, public_pem(key))
    made = answer(await client.post("/v1/cameras", json={"site_id": site, "name": "door", "source": source}), 201)
    ref = keys.camera_secret(site, made["camera_id"])
    assert made["source"] == {"type": "rtsp", "address": address, "secret_ref": ref, "transport": None}
    sealed = await stage.deps.objects.get(ref)
    assert unseal(key, made["camera_id"], address, sealed) == Credentials("admin", "pässword-1")
    path = f"/v1/cameras/{made['camera_id']}"
    kept = {"type": "rtsp", "address": address, "secret_ref": ref}
    assert answer(await client.patch(path, json={"source": kept}), 200)["source"] == kept | {"transport": None}
    changed = source | {"password": "another"}
    assert answer(await client.patch(path, json={"source": changed}), 200)["source"]["secret_ref"] == ref
    assert unseal(key, made["camera_id"], address, await stage.deps.objects.get(ref)).password == "another"
    alone = {"type": "rtsp", "address": address, "password": "pässword-1"}
    refused = await client.patch(path, json={"source": alone})
    assert code(refused, 422) == "user_required"
    rows = await stage.pool.fetch("SELECT * FROM cameras")
    told = [refused.text, str(rows), str([each.event for each in await outbox_events(stage.pool, "camera.config")])]
    assert not any("ssword-1" in each or "another" in each for each in told)


async def test_cameras_of_a_site_have_numbers_of_their_own_and_keep_their_ids(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client)
    new = {"site_id": place.site_id, "name": "Door"}
    five = answer(await client.post("/v1/cameras", json=new | {"number": 5}), 201)
    found = await asyncio.gather(*(client.post("/v1/cameras", json=new) for _ in range(4)))
    assert sorted(answer(each, 201)["number"] for each in found) == [2, 3, 4, 6]  # the camera of the place has 1
    assert answer(await client.get(f"/v1/cameras/{other.camera_id}"), 200)["number"] == 1
    taken = await client.post("/v1/cameras", json=new | {"number": 5})
    assert code(taken, 409) == "number_taken"
    assert (taken.json()["next_number"], taken.json()["pointer"]) == (7, "/number")
    path = f"/v1/cameras/{five['camera_id']}"
    assert code(await client.patch(path, json={"number": 1}), 409) == "number_taken"
    renumbered = answer(await client.patch(path, json={"number": 12}), 200)
    assert (renumbered["camera_id"], renumbered["number"]) == (five["camera_id"], 12)
    assert (await client.delete(path)).status_code == 204
    assert answer(await client.post("/v1/cameras", json=new | {"number": 12}), 201)["camera_id"] != five["camera_id"]


async def test_a_camera_hangs_in_a_section_and_has_notes(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client)
    sections = f"/v1/sites/{place.site_id}/sections"
    terrace = answer(await client.post(sections, json={"name": "Terrace"}), 201)["section_id"]
    path = f"/v1/cameras/{place.camera_id}"
    changed = answer(await client.patch(path, json={"section_id": terrace, "notes": "Ladder:\nin the cellar"}), 200)
    assert (changed["section_id"], changed["notes"]) == (terrace, "Ladder:\nin the cellar")
    assert code(await client.patch(path, json={"notes": "\x1b[2J"}), 422) == "invalid_request"
    foreign = await client.patch(f"/v1/cameras/{other.camera_id}", json={"section_id": terrace})
    assert code(foreign, 404) == "section_not_found"
    refused = await client.delete(f"{sections}/{terrace}")
    assert code(refused, 409) == "section_in_use"
    assert refused.json()["camera_ids"] == [place.camera_id]
    freed = answer(await client.patch(path, json={"section_id": None, "notes": None}), 200)
    assert (freed["section_id"], freed["notes"]) == (None, None)
    answer(await client.patch(path, json={"section_id": terrace}), 200)
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(f"{sections}/{terrace}")).status_code == 204
