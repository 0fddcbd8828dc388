"""Layouts that are pulled from an external cropper, which is a real server here."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.integration.api.conftest import LOG, Stage, until
from tests.integration.api.place import Place, answer, code, make_place
from tests.support.cropper import Cropper, serving, zone
from tests.support.doubles import ManualClock

from api.http.layout_pulls import LayoutPulls
from api.model.layout_sources import LEASE
from api.store import layout_sources
from outbound import Policy
from tablewatch_schemas import keys

ONE, TWO = zone("1", 128, 144, 512, 432), zone("2", 640, 144, 1024, 432)
"""As `place.LAYOUT` has them."""


@pytest.fixture
async def cropper() -> AsyncIterator[Cropper]:
    async with serving(Cropper([ONE, TWO])) as made:
        yield made


def pulls_of(stage: Stage, *croppers: Cropper) -> LayoutPulls:
    allowed = Policy.read("", ",".join(f"127.0.0.1:{each.port}" for each in croppers))
    return LayoutPulls(stage.deps, allowed, LOG)


async def pulled(stage: Stage, client: httpx.AsyncClient, place: Place, cropper: Cropper) -> Any:
    """The layout source after a pull, some seconds after the one before."""
    await stage.pool.execute("UPDATE layout_sources SET last_at = last_at - interval '1 minute', due_at = '-infinity'")
    answer(await client.post(f"/v1/cameras/{place.camera_id}/layout-source/pull"), 202)
    assert await pulls_of(stage, cropper).pull_one()
    return answer(await client.get(f"/v1/cameras/{place.camera_id}/layout-source"), 200)


async def made_source(client: httpx.AsyncClient, cropper: Cropper, **more: Any) -> tuple[Place, str]:
    """A camera with two tables that are pulled, and the path of its layout source."""
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/layout-source"
    answer(await client.put(path, json={"url": cropper.url} | more), 200)
    return place, path


async def test_a_cropper_that_loses_joins_and_splits_tables_is_followed(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    place, path = await made_source(client, cropper)
    cropper.tables = [ONE | {"label": "A"}, TWO, zone("3", 128, 500, 512, 700)]
    found = await pulled(stage, client, place, cropper)
    one, two = place.tables
    (three,) = found["made"]["new"]
    assert (found["last"]["code"], found["last"]["version"], found["pulls"], found["failures"]) == (
        "layout_pulled",
        2,
        1,
        0,
    )
    assert found["made"]["kept"] == [one, two] and found["made"]["version"] == 2

    cropper.tables = [zone("9", 128, 144, 1024, 432), zone("3", 128, 500, 512, 700)]  # 1 and 2 were pushed together
    joined = (await pulled(stage, client, place, cropper))["made"]
    assert joined["merged_from"] == {joined["kept"][0]: [one, two]} and len(joined["retired"]) == 1

    cropper.tables = [ONE, TWO, zone("3", 128, 500, 512, 700)]  # and apart again
    split = (await pulled(stage, client, place, cropper))["made"]
    assert set(split["split_from"].values()) == {joined["kept"][0]} and three in split["kept"]

    cropper.tables = [ONE, TWO]
    lost = (await pulled(stage, client, place, cropper))["made"]
    assert (lost["retired"], lost["new"], lost["version"]) == ([three], [], 5)

    versions = answer(await client.get(f"/v1/cameras/{place.camera_id}/layouts"), 200)["items"]
    newest = versions[0]
    assert (newest["author"], newest["author_key_id"], newest["origin"]) == ("pulled from 127.0.0.1", None, "pulled")
    diff = answer(await client.get(f"/v1/cameras/{place.camera_id}/layouts/3/diff"), 200)
    assert diff["merged_from"] == joined["merged_from"]
    assert answer(await client.get(f"/v1/cameras/{place.camera_id}"), 200)["layout_version"] == 5
    assert path.startswith(f"/v1/cameras/{place.camera_id}")


async def test_what_is_unchanged_makes_no_version(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    place, path = await made_source(client, cropper)
    first = await pulled(stage, client, place, cropper)
    assert first["last"]["code"] == "layout_unchanged"  # the tables are drawn just so, by hand
    second = await pulled(stage, client, place, cropper)
    assert (second["last"]["code"], cropper.not_modified, second["pulls"]) == ("layout_unchanged", 1, 2)
    cropper.body = b'{"width":1280,"height":720,"tables":[]}'
    emptied = await pulled(stage, client, place, cropper)
    assert (emptied["last"]["code"], emptied["failures"]) == ("layout_source_empty", 1)
    assert answer(await client.get(f"/v1/cameras/{place.camera_id}/layout"), 200)["version"] == 1
    assert (await client.delete(path)).status_code == 204
    assert code(await client.get(path), 404) == "layout_source_not_found"
    assert not await pulls_of(stage, cropper).pull_one()


async def test_only_the_id_and_the_size_are_sent_and_a_picture_when_asked_for(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    cropper.token = "secret-of-theirs"
    place, path = await made_source(client, cropper, token="secret-of-theirs")
    answer(await client.patch(f"/v1/cameras/{place.camera_id}", json={"source": {
        "type": "rtsp", "address": "rtsp://192.168.1.7/stream"}}), 200)  # fmt: skip
    shown = await pulled(stage, client, place, cropper)
    assert (shown["last"]["code"], shown["has_token"]) == ("layout_unchanged", True)
    request, body = cropper.requests[-1]
    assert (request.method, body) == ("GET", b"")
    assert dict(request.query) == {"room": "front", "camera_id": place.camera_id, "width": "1280", "height": "720"}
    assert set(request.headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection", "Authorization"}
    assert "192.168.1.7" not in str(request.raw_headers) and "secret" not in str(shown)

    answer(await client.put(path, json={"url": cropper.url, "send_picture": True}), 200)
    assert (await pulled(stage, client, place, cropper))["last"]["code"] == "layout_source_without_picture"
    key = keys.last_good_snapshot(place.site_id, place.camera_id)
    await stage.deps.objects.put(key, b"a picture")
    await stage.pool.execute(
        "INSERT INTO camera_statuses (camera_id, site_id, version, gone, document) VALUES ($1, $2, 1, false, $3)",
        place.camera_id, place.site_id, f'{{"snapshot_key": "{key}"}}',
    )  # fmt: skip
    assert (await pulled(stage, client, place, cropper))["last"]["code"] == "layout_unchanged"
    request, body = cropper.requests[-1]  # with the token that was stored, as the address is the same
    assert (request.method, body, request.headers["Content-Type"]) == ("POST", b"a picture", "image/jpeg")

    elsewhere = cropper.url.replace("127.0.0.1", "localhost")
    assert answer(await client.put(path, json={"url": elsewhere}), 200)["has_token"] is False


async def test_what_goes_wrong_is_an_outcome_and_the_layout_stays(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    place, path = await made_source(client, cropper)

    async def outcome(**more: Any) -> str:
        vars(cropper).update({"body": None, "status": 200, "token": None} | more)
        return str((await pulled(stage, client, place, cropper))["last"]["code"])

    assert await outcome(token="x") == "layout_source_refused"
    assert await outcome(status=500) == "layout_source_failed"
    assert await outcome(body=b"<html>") == "layout_source_invalid"
    assert await outcome(body=b"[]") == "layout_source_invalid"
    assert await outcome(body=b" " * (1024 * 1024 + 1)) == "layout_source_invalid"
    assert await outcome(body=b'{"tables":[]}') == "layout_format_invalid"
    assert await outcome(tables=[zone("1", 0, 0, 1281, 100)]) == "polygon_out_of_frame"
    blank = zone("\u200e", 0, 0, 100, 100)
    assert await outcome(tables=[blank]) == "invalid_request"
    assert await outcome(tables=[{"id": "a\0b"}]) == "layout_format_invalid"
    assert await outcome(tables=[zone("a\0b", 0, 0, 100, 100)]) == "invalid_request"
    found = answer(await client.get(path), 200)
    assert (found["failures"], found["made"], found["last"]["version"]) == (10, None, None)
    assert found["last"]["at"] < found["next_at"]
    answer(await client.put(path, json={"url": "http://127.0.0.1:1/"}), 200)
    assert await outcome() == "layout_source_not_allowed"
    gone = Cropper(port=1)
    await stage.pool.execute("UPDATE layout_sources SET due_at = '-infinity'")
    assert await pulls_of(stage, gone).pull_one()
    assert answer(await client.get(path), 200)["last"]["code"] == "layout_source_unreachable"
    assert answer(await client.get(f"/v1/cameras/{place.camera_id}/layout"), 200)["version"] == 1


async def test_two_processes_pull_once_and_a_dead_one_is_replaced(stage: Stage, cropper: Cropper) -> None:
    clock = ManualClock(stage.deps.now())
    stage.deps = replace(stage.deps, clock=clock)
    client = await stage.client()
    place, path = await made_source(client, cropper)
    cropper.tables = [ONE]
    done = await asyncio.gather(*(pulls_of(stage, cropper).pull_one() for _ in range(3)))
    assert sorted(done) == [False, False, True] and len(cropper.requests) == 1
    assert answer(await client.get(path), 200)["last"]["version"] == 2

    cropper.tables, cropper.held = [TWO], asyncio.Event()
    pulls = pulls_of(stage, cropper)
    for _ in range(2):
        answer(await client.post(f"{path}/pull"), 202)
        assert not await pulls.pull_one(), "a cropper is not asked in a loop"
        answer(await client.put(path, json={"url": cropper.url}), 200)
    clock.advance(layout_sources.LEAST_GAP.total_seconds())
    dead = asyncio.create_task(pulls.pull_one())
    await until(lambda: len(cropper.requests) == 2)
    dead.cancel()  # as kill -9 does: nothing is written any more
    await asyncio.gather(dead, return_exceptions=True)
    cropper.held.set()
    assert not await pulls.pull_one()
    clock.advance(LEASE.total_seconds())
    assert await pulls.pull_one()
    assert answer(await client.get(path), 200)["last"]["version"] == 3
    assert len(answer(await client.get(f"/v1/cameras/{place.camera_id}/layouts"), 200)["items"]) == 3


async def test_a_pull_whose_settings_were_changed_meanwhile_writes_nothing(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    place, path = await made_source(client, cropper)
    cropper.tables = [ONE]
    async with stage.pool.acquire() as conn:
        claimed = await layout_sources.claim(conn, "mine", stage.deps.now())
        assert claimed is not None
        answer(await client.put(path, json={"url": cropper.url, "every_s": 60}), 200)
        assert not await layout_sources.is_mine(conn, claimed)
    assert answer(await client.get(path), 200)["last"] is None
    assert answer(await client.get(f"/v1/cameras/{place.camera_id}/layout"), 200)["version"] == 1


async def test_a_site_has_two_pulls_at_once_and_one_of_no_camera_is_dropped(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    busy, (_, other) = [await made_source(client, cropper) for _ in range(3)], await made_source(client, cropper)
    site_id = busy[0][0].site_id
    await stage.pool.execute(
        "UPDATE layout_sources SET site_id = $1 WHERE camera_id = ANY ($2)",
        site_id,
        [place.camera_id for place, _ in busy],
    )
    async with stage.pool.acquire() as conn:
        claimed = [await layout_sources.claim(conn, f"pull {number}", stage.deps.now()) for number in range(4)]
    assert [each.site_id == site_id for each in claimed if each is not None] == [True, True, False]

    await stage.pool.execute("UPDATE layout_sources SET leased_until = NULL, due_at = 'infinity'")
    camera_id = other.split("/")[3]
    await stage.pool.execute("UPDATE layout_sources SET due_at = '-infinity' WHERE camera_id = $1", camera_id)
    await stage.pool.execute("UPDATE cameras SET deleted_at = now() WHERE camera_id = $1", camera_id)
    assert await pulls_of(stage, cropper).pull_one()
    assert await stage.pool.fetchval("SELECT count(*) FROM layout_sources WHERE camera_id = $1", camera_id) == 0
    assert cropper.requests == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"url": "ftp://x/"}, "address_invalid"), ({"url": "http://a:b@x/"}, "address_has_credentials"),
    ({"url": "http://x/?token=1"}, "address_has_credentials"), ({"url": "http://x/", "every_s": 59}, "invalid_request"),
    ({"url": "http://x/?X-Amz-Signature=1"}, "address_has_credentials"), ({"url": "http://x/#"}, "address_invalid"),
    ({"url": "http://x/", "token": "a\r\nb"}, "invalid_request"),
    ({"url": f"http://x/{'a' * 1900}"}, "invalid_request"),
]  # fmt: skip


async def test_what_cannot_be_a_source_is_refused_and_a_deleted_camera_has_none(stage: Stage, cropper: Cropper) -> None:
    client = await stage.client()
    place, path = await made_source(client, cropper)
    for body, expected in REFUSED:
        refused = await client.put(path, json=body)
        assert code(refused, 422) == expected and "\\r" not in refused.text
    assert (await client.delete(f"/v1/cameras/{place.camera_id}")).status_code == 204
    assert not await pulls_of(stage, cropper).pull_one()
    assert await stage.pool.fetchval("SELECT count(*) FROM layout_sources") == 0
