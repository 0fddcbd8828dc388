"""What tables went through, frames and their crops, tables across layouts: read from the records of topics."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, START, Place, RunOf, answer, code, decoded_record, make_place, make_run

from api.project.apply import apply
from api.store import state_history
from tablewatch_schemas import CropReadyCrop, TableState
from tablewatch_schemas import keys as object_keys

BYTES = b"first jpeg" + b"second"


def _turn(run: RunOf, table: int, version: int, state: str, since: int, *, live: bool = True) -> TableState:
    result = run.state(table, version, state, live=live)
    return replace(result, since=START + timedelta(seconds=since), as_of=START + timedelta(seconds=since + version))


@pytest.fixture
async def applied(stage: Stage) -> AsyncIterator[tuple[httpx.AsyncClient, Place, RunOf]]:
    """A table that was free, was confirmed free twice, then occupied, then free; another in a run."""
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    live = [
        _turn(run, 0, 1, "free", 0), _turn(run, 0, 2, "free", 0), _turn(run, 0, 3, "free", 0),
        _turn(run, 0, 4, "occupied", 60), _turn(run, 0, 5, "occupied", 60), _turn(run, 0, 6, "free", 300),
    ]  # fmt: skip
    ran = [_turn(run, 1, 1, "dirty", 10, live=False), _turn(run, 1, 2, "free", 20, live=False)]
    await _apply(stage, [*live[:2], *ran, *live[2:]])
    yield client, place, run


async def _apply(stage: Stage, events: list[Any], start: int = 0) -> None:
    await apply(stage.pool, [decoded_record(event, start + n) for n, event in enumerate(events)])


async def _items(client: httpx.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer(await client.get(path, params=query), 200)["items"]
    return items


async def test_a_row_when_a_state_began_and_none_when_it_was_confirmed(
    stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]
) -> None:
    client, place, run = applied
    items = await _items(client, f"/v1/tables/{place.tables[0]}/states")
    assert [(each["state"], each["version"], each["duration_ms"]) for each in items] == [
        ("free", 6, None), ("occupied", 4, 240_000), ("free", 1, 60_000),
    ]  # fmt: skip
    assert items[1]["until"] == items[0]["since"]
    await _apply(stage, [_turn(run, 0, 6, "free", 300), _turn(run, 0, 7, "free", 300)], 100)
    assert len(await _items(client, f"/v1/tables/{place.tables[0]}/states")) == 3


async def test_history_by_run_time_state_and_page(
    stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]
) -> None:
    client, place, run = applied
    path = "/v1/states/history"
    assert [each["state"] for each in await _items(client, path, run_id=run.run_id)] == ["free", "dirty"]
    assert {each["run_id"] for each in await _items(client, path, live=True)} == {None}
    after = (START + timedelta(seconds=60)).isoformat()
    assert [each["version"] for each in await _items(client, path, live=True, **{"from": after})] == [6, 4]
    assert [each["version"] for each in await _items(client, path, live=True, to=after)] == [1]
    assert len(await _items(client, path, state="occupied", camera_id=place.camera_id)) == 1
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = answer(await client.get(path, params=query), 200)
        seen += [(each["table_id"], each["run_id"], each["version"]) for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert code(await client.get(path, params={"cursor": "bm8"}), 400) == "invalid_cursor"


async def test_history_of_a_run_goes_with_its_video_and_live_ones_with_their_age(
    stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]
) -> None:
    client, place, run = applied
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert await _items(client, "/v1/states/history", run_id=run.run_id) == []
    async with stage.pool.acquire() as conn:
        assert await state_history.prune(conn, START + timedelta(seconds=60)) == 1
        assert await state_history.prune(conn, datetime.now(UTC)) == 2
    assert await _items(client, f"/v1/tables/{place.tables[0]}/states") == []


async def test_a_table_keeps_its_id_across_layouts(
    stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]
) -> None:
    client, place, _ = applied
    left = LAYOUT | {"tables": LAYOUT["tables"][:1]}
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json=left), 200)
    versions = await _items(client, f"/v1/cameras/{place.camera_id}/layouts")
    assert [(each["version"], each["tables"], each["newest"]) for each in versions] == [(2, 1, True), (1, 2, False)]
    stays = answer(await client.get(f"/v1/tables/{place.tables[0]}"), 200)
    assert ([each["version"] for each in stays["layouts"]], stays["retired_at"]) == ([2, 1], None)
    assert stays["state"]["table_id"] == place.tables[0]
    gone = await _items(client, "/v1/tables", retired=True)
    assert [each["table_id"] for each in gone] == [place.tables[1]]
    assert len(await _items(client, "/v1/tables", camera_id=place.camera_id)) == 2


async def test_a_crops_link_opens_its_bytes_and_nothing_around_them(
    stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]
) -> None:
    client, place, run = applied
    key = object_keys.run_crops(place.site_id, run.run_id, 0)
    crops = tuple(
        CropReadyCrop(table_id=table, offset=at, length=long, box=(0.1, 0.1, 0.2, 0.2), changed=None, change=None)
        for table, at, long in zip(place.tables, (0, 10), (10, 6), strict=True)
    )
    await _apply(stage, [run.frame(0), replace(run.crops(0), crops_key=key, crops=crops)], 200)
    await stage.deps.objects.put(key, BYTES)
    frame = run.frame(0).frame_id
    assert answer(await client.get(f"/v1/frames/{frame}"), 200)["video_id"] == run.video_id
    items = await _items(client, f"/v1/frames/{frame}/crops")
    assert [each["table_id"] for each in items] == list(place.tables)
    stranger = stage.client_of(None)
    first, second = [await stranger.get(each["url"]) for each in items]
    assert (first.content, second.content) == (BYTES[:10], BYTES[10:])
    assert second.headers["content-type"] == "image/jpeg"
    some = await stranger.get(items[1]["url"], headers={"Range": "bytes=2-3"})
    assert (some.status_code, some.content, some.headers["content-range"]) == (206, b"co", "bytes 2-3/6")
    wider = items[1]["url"].replace("part=10-6", "part=0-16")
    assert code(await stranger.get(wider), 403) == "link_invalid"
    whole = items[1]["url"].replace("&part=10-6", "")
    assert code(await stranger.get(whole), 403) == "link_invalid"
    asked = {"object_key": key, "offset": 10, "length": 6}
    link = answer(await client.post("/v1/links", json=asked), 200)
    assert ((await stranger.get(link["url"])).content, link["size_bytes"]) == (BYTES[10:], 6)
    assert code(await client.post("/v1/links", json=asked | {"length": 7}), 404) == "object_gone"
    assert code(await client.post("/v1/links", json={"object_key": key, "offset": 1}), 422) == "invalid_request"


async def test_what_is_not_there_is_said(stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]) -> None:
    client, _, run = applied
    await _apply(stage, [run.frame(0)], 300)
    assert code(await client.get(f"/v1/frames/{run.frame(0).frame_id}/crops"), 404) == "crops_not_found"
    for frame in (run.frame(1).frame_id, "nonsense", f"{run.run_id}-0"):
        assert code(await client.get(f"/v1/frames/{frame}"), 404) == "frame_not_found"
    assert code(await client.get("/v1/tables/tbl_none"), 404) == "table_not_found"


async def test_a_job_says_what_can_be_done_next(stage: Stage, applied: tuple[httpx.AsyncClient, Place, RunOf]) -> None:
    client, _, run = applied

    async def steps() -> list[str]:
        job = answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)
        return [each["action"] for each in job["next"]]

    assert await steps() == ["cancel", "delete"]
    await _apply(stage, [run.uploaded(), run.failed(5)], 400)
    assert await steps() == ["retry", "delete"]
    await _apply(stage, [run.progress(6, 3), run.crops(0)], 410)
    assert await steps() == ["cancel", "frames", "states", "delete"]
    job = answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)
    for step in job["next"]:
        if step["method"] == "GET":
            answer(await client.get(step["href"]), 200)


async def test_a_state_says_what_its_table_is_called(stage: Stage) -> None:
    """As its record does; one of before there were labels as the newest layout does."""
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    named = replace(run.state(0, 1, "free", live=True), label="As drawn then")
    await _apply(stage, [named, run.state(1, 1, "free", live=True)])
    states = await _items(client, "/v1/states", live="true")
    assert {each["table_id"]: each["label"] for each in states} == {
        place.tables[0]: "As drawn then", place.tables[1]: "2",
    }  # fmt: skip
    (transition,) = await _items(client, f"/v1/tables/{place.tables[0]}/states")
    assert transition["label"] == "As drawn then"
