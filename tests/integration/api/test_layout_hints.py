"""Doubts that come from how a table is drawn are counted for each version of a layout, and told where it is drawn."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import LAYOUT, START, Place, RunOf, answer, code, make_place, make_run

from api.model.deletion import Deletion
from api.store import deletions
from tablewatch_schemas import TableEvidence, replace

OUTSIDE = {"label": "unknown", "reason": "person_outside_zone", "layout_version": 1}


def live(run: RunOf, at_s: int, table: int = 0, **changes: Any) -> TableEvidence:
    """One look of the camera itself at one of its tables."""
    camera = run.place.camera_id
    at = START + timedelta(seconds=at_s)
    one = replace(run.evidence(0, table), run_id=None, video_id=None, source_id=camera, captured_at=at)
    return replace(one, frame_id=f"{camera}-{at_s}", **changes)


async def hints(client: Any, place: Place) -> list[tuple[Any, ...]]:
    found = answer(await client.get(f"/v1/cameras/{place.camera_id}/layout/hints"), 200)
    assert (found["camera_id"], found["version"]) == (place.camera_id, 1)
    return [(each["table_id"], each["label"], each["reason"], each["looks"]) for each in found["hints"]]


async def test_looks_beside_a_zone_are_counted_live_and_of_runs_and_told(on_kafka: Stage) -> None:
    client = await on_kafka.client()
    run = await make_run(client, await make_place(client))
    one, two = run.place.tables
    elsewhere = await make_place(client)
    async with on_kafka.projecting():
        await on_kafka.send(
            run.uploaded(), *[live(run, at, **OUTSIDE) for at in range(5)],
            live(run, 5, label="occupied"), live(run, 6, label="unknown", reason="person_between_tables"),
            live(run, 7, 1, **(OUTSIDE | {"reason": "zone_too_small"})), live(run, 8, **(OUTSIDE | {"kind": "gated"})),
            live(run, 9, **(OUTSIDE | {"layout_version": 2})), live(run, 10, camera_id="cam_gone", **OUTSIDE),
            live(run, 11, site_id=elsewhere.site_id, **OUTSIDE),
        )  # fmt: skip
        await on_kafka.send(*[replace(run.evidence(index), **OUTSIDE) for index in range(3)])
        expected = [(one, "1", "person_outside_zone", 8), (two, "2", "zone_too_small", 1)]

        async def told() -> bool:
            return await hints(client, run.place) == expected

        await until(told)
        await asyncio.sleep(0.5)
        assert await hints(client, run.place) == expected, "nothing is counted twice"
    document = answer(await client.get(f"/v1/cameras/{run.place.camera_id}/layout/hints"), 200)["hints"][0]
    assert (document["first_at"], document["last_at"]) == ("2026-11-23T09:00:00.000Z", "2026-11-23T09:00:04.000Z")
    assert document["sentence"].startswith("Somebody is near the table but in no zone.")
    assert await hints(client, elsewhere) == []


async def test_a_look_that_comes_again_is_counted_once(on_kafka: Stage) -> None:
    """Published twice, it has two offsets: in one batch, in a later one, and judged again with another doubt."""
    client = await on_kafka.client()
    run = await make_run(client, await make_place(client))
    looks = [live(run, at, **OUTSIDE) for at in range(5)]
    of_run = [replace(run.evidence(index), **OUTSIDE) for index in range(3)]
    one = run.place.tables[0]
    async with on_kafka.projecting():
        await on_kafka.send(run.uploaded(), *looks, *looks[3:], *of_run, *of_run)

        async def told(count: int) -> bool:
            return await hints(client, run.place) == [(one, "1", "person_outside_zone", count)]

        await until(lambda: told(8))
        again = replace(looks[4], reason="zone_too_small")
        await on_kafka.send(*looks, again, *of_run, live(run, 5, **OUTSIDE))
        await until(lambda: told(9))
    deletion = Deletion(
        video_id=run.video_id, run_id=run.run_id, site_id=run.place.site_id, camera_id=run.place.camera_id,
        requested_at=START, clean_sweeps=0, objects=0, deleted_at=None,
    )  # fmt: skip
    async with on_kafka.pool.acquire() as conn:
        await deletions.delete_rows(conn, deletion)
        left = await conn.fetch("SELECT source_id FROM layout_hint_sources")
    assert [each["source_id"] for each in left] == [run.place.camera_id], "a deleted run leaves nothing"
    assert await told(9)


async def test_another_version_begins_anew_and_a_site_takes_its_hints_along(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    await stage.pool.execute(
        "INSERT INTO layout_hints VALUES ($1, 1, $2, 'person_outside_zone', $3, 7, now(), now())",
        place.camera_id, place.tables[0], place.site_id,
    )  # fmt: skip
    assert [each[3] for each in await hints(client, place)] == [7]
    path = f"/v1/cameras/{place.camera_id}/layout"
    answer(await client.put(path, json={**LAYOUT, "tables": []}), 200)
    found = answer(await client.get(f"{path}/hints"), 200)
    assert (found["version"], found["hints"]) == (2, [])
    assert (await client.delete(f"/v1/cameras/{place.camera_id}")).status_code == 204
    assert (await client.delete(f"/v1/sites/{place.site_id}")).status_code == 204
    assert await stage.pool.fetchval("SELECT count(*) FROM layout_hints") == 0


async def test_hints_are_of_a_layout_and_of_the_callers_sites(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {"site_id": place.site_id, "name": "not drawn"}
    camera = answer(await client.post("/v1/cameras", json=body), 201)["camera_id"]
    assert code(await client.get(f"/v1/cameras/{camera}/layout/hints"), 404) == "layout_not_found"
    stranger = await stage.client(sites=[(await make_place(client)).site_id])
    assert code(await stranger.get(f"/v1/cameras/{place.camera_id}/layout/hints"), 404) == "camera_not_found"
