"""Names that were read on a topic, exchanged for links: only of one's own sites, only of what is there."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import Place, RunOf, answer, code, make_place, make_run

from tablewatch_schemas import keys
from tablewatch_schemas.ids import frame_id, live_frame_id
from tablewatch_schemas.times import read_time

LIGHT = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)


async def _setting(stage: Stage) -> tuple[Place, RunOf, list[str]]:
    """A site with a run, and every kind of picture of both."""
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    made = [
        keys.run_frame(place.site_id, run.run_id, 3), keys.run_crops(place.site_id, run.run_id, 3),
        keys.live_frame(place.site_id, place.camera_id, LIGHT), keys.live_crops(place.site_id, place.camera_id, LIGHT),
        keys.thumbnail(place.site_id, run.run_id, "best"),
    ]  # fmt: skip
    for key in made:
        await stage.parts.objects.put(key, key.encode())
    return place, run, made


async def _open(stage: Stage, url: str, **headers: str) -> httpx.Response:
    found = urlsplit(url)
    return await stage.client_of(None).get(f"{found.path}?{found.query}", headers=headers)


async def test_a_key_of_a_topic_becomes_a_link_that_opens_it(stage: Stage) -> None:
    place, _, made = await _setting(stage)
    reader = await stage.client("read", sites=[place.site_id])
    for key in made:
        link = answer(await reader.post("/v1/links", json={"object_key": key}), 200)
        assert (link["object_key"], link["size_bytes"]) == (key, len(key))
        assert 3590 < (read_time(link["expires_at"]) - datetime.now(UTC)).total_seconds() <= 3600
        assert (await _open(stage, link["url"])).content == key.encode()
        crop = await _open(stage, link["url"], Range="bytes=2-5")
        assert (crop.status_code, crop.content) == (206, key.encode()[2:6])


async def test_a_frame_by_its_id(stage: Stage) -> None:
    place, run, made = await _setting(stage)
    reader = await stage.client("read")
    ids = {frame_id(run.run_id, 3): made[0], live_frame_id(place.camera_id, LIGHT): made[2]}
    for each, key in ids.items():
        assert answer(await reader.post("/v1/links", json={"frame_id": each}), 200)["object_key"] == key


async def test_the_wall_and_what_is_not_there_look_the_same(stage: Stage) -> None:
    place, run, made = await _setting(stage)
    other = await make_place(await stage.client(), "Elsewhere")
    stranger = await stage.client("read", sites=[other.site_id])
    owner = await stage.client("read", sites=[place.site_id])
    bodies = [{"object_key": key} for key in made]
    bodies += [{"frame_id": frame_id(run.run_id, 3)}, {"frame_id": live_frame_id(place.camera_id, LIGHT)}]
    # Its own site in the key does not make another site's run its own, wherever the bytes may lie
    forged = keys.run_frame(other.site_id, run.run_id, 3)
    await stage.parts.objects.put(forged, b"x")
    said = [await stranger.post("/v1/links", json=body) for body in [*bodies, {"object_key": forged}]]
    said += [await owner.post("/v1/links", json={"object_key": forged})]
    said += [await owner.post("/v1/links", json={"frame_id": frame_id(run.run_id, 4)})]
    said += [await owner.post("/v1/links", json={"object_key": "frames/site_x/run_x/000000001.jpg"})]
    assert {code(response, 404) for response in said} == {"object_gone"}
    assert len({response.text for response in said}) == 1


async def test_pictures_of_a_deleted_video_are_gone_at_once(stage: Stage) -> None:
    _, run, made = await _setting(stage)
    client = await stage.client()
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert code(await client.post("/v1/links", json={"object_key": made[0]}), 404) == "object_gone"
    assert code(await client.post("/v1/links", json={"frame_id": frame_id(run.run_id, 3)}), 404) == "object_gone"


@pytest.mark.parametrize("scope", ["upload", "nothing"])
async def test_the_scope_to_read_is_needed(stage: Stage, scope: str) -> None:
    _, _, made = await _setting(stage)
    refused = await (await stage.client(scope)).post("/v1/links", json={"object_key": made[0]})
    assert code(refused, 403) == "scope_missing"
