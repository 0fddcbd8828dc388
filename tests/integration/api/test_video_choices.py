"""What an upload may choose: which layout version applies, and how its frames are stored."""

from typing import Any

import jwt
from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place

from tablewatch_schemas import keys
from tablewatch_schemas.ids import frame_id
from tablewatch_schemas.manifest import Manifest, Picture

LONG_AGO = "2020-02-02T20:00:00Z"


async def test_the_layout_is_chosen_by_version_and_by_time(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    redrawn = LAYOUT | {"tables": [{"label": "9", "polygon": [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3], [0.1, 0.3]]}]}
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json=redrawn), 200)
    between = await _drawn_at(stage, place.camera_id, 1)
    await stage.pool.execute(
        "UPDATE layouts SET created_at = created_at + interval '1 hour' WHERE camera_id = $1 AND version = 2",
        place.camera_id,
    )
    for asked, version in (
        ({}, 2), ({"layout": "current"}, 2), ({"layout": 1}, 1), ({"layout": 2, "started_at": between}, 2),
        ({"started_at": between}, 1), ({"started_at": between, "layout": "at_time"}, 1), ({"started_at": LONG_AGO}, 2),
    ):  # fmt: skip
        job = answer(await client.post("/v1/videos", json={"camera_id": place.camera_id, **asked}), 201)
        manifest = Manifest.parse(await stage.deps.objects.get(keys.manifest(place.site_id, job["run_id"])))
        wanted = keys.layout(place.site_id, place.camera_id, version)
        assert (job["layout_version"], manifest.layout_key, _claims(job)["layout_key"]) == (version, wanted, wanted)
        assert answer(await client.get(f"/v1/videos/{job['video_id']}"), 200)["layout_version"] == version


async def test_a_layout_that_is_not_there_is_refused(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    for asked, status, why in (
        ({"layout": 2}, 404, "layout_not_found"),
        ({"layout": "at_time"}, 422, "started_at_required"),
        ({"layout": "at_time", "started_at": LONG_AGO}, 404, "layout_not_found"),
        ({"layout": "newest"}, 422, "invalid_request"),
        ({"layout": 0}, 422, "invalid_request"),
    ):
        result = await client.post("/v1/videos", json={"camera_id": place.camera_id, **asked})
        assert code(result, status) == why
    assert code(await client.post("/v1/videos", json={"site_id": place.site_id, "layout": 1}), 422) == "camera_required"


async def test_how_frames_are_stored(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    usual = {"format": "jpeg", "quality": None, "long_side": None}
    for asked in ({"format": "png", "long_side": 640}, {"quality": 70}, None):
        body = {"camera_id": place.camera_id} | ({"picture": asked} if asked else {})
        job = answer(await client.post("/v1/videos", json=body), 201)
        wanted: dict[str, Any] = usual | (asked or {})
        manifest = Manifest.parse(await stage.deps.objects.get(keys.manifest(place.site_id, job["run_id"])))
        assert (job["picture"], _claims(job)["picture"], manifest.picture) == (wanted, wanted, Picture(**wanted))
        assert answer(await client.get(f"/v1/videos/{job['video_id']}"), 200)["picture"] == wanted
    for wrong in ({"format": "gif"}, {"quality": 0}, {"long_side": 10}, {"size": 1}):
        result = await client.post("/v1/videos", json={"camera_id": place.camera_id, "picture": wrong})
        assert code(result, 422) == "invalid_request"
    lossless = {"camera_id": place.camera_id, "picture": {"format": "png", "quality": 90}}
    assert code(await client.post("/v1/videos", json=lossless), 422) == "picture_invalid"


async def test_a_link_to_a_png_frame_by_its_id(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {"camera_id": place.camera_id, "picture": {"format": "png"}}
    job = answer(await client.post("/v1/videos", json=body), 201)
    key = keys.run_frame(place.site_id, job["run_id"], 3, "png")
    await stage.deps.objects.put(key, b"a picture", "image/png")
    link = answer(await client.post("/v1/links", json={"frame_id": frame_id(job["run_id"], 3)}), 200)
    assert link["object_key"] == key
    got = await client.get(link["url"])
    assert (got.headers["content-type"], got.content) == ("image/png", b"a picture")


async def test_an_announced_size_is_signed_for_ingest_which_takes_no_other(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    for announced in (5000, None):
        job = answer(await client.post("/v1/videos", json={"site_id": place.site_id, "size_bytes": announced}), 201)
        assert _claims(job)["size_bytes"] == announced


def _claims(job: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(job["upload"]["token"], options={"verify_signature": False})
    return claims


async def _drawn_at(stage: Stage, camera_id: str, version: int) -> str:
    drawn = await stage.pool.fetchval(
        "SELECT created_at FROM layouts WHERE camera_id = $1 AND version = $2", camera_id, version
    )
    return str(drawn.isoformat())
