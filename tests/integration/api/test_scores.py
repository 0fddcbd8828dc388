"""The score of a view, of what is stored."""

from datetime import UTC, datetime, timedelta

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record, make_place

from api.project.apply import apply
from tablewatch_schemas import CameraStatus, keys
from tablewatch_schemas.judgement import FrameJudgement, JudgedTable
from tablewatch_schemas.manifest import ModelRef


async def test_what_is_stored_makes_the_score(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/score"
    before = answer(await client.get(path), 200)
    by_name = {each["name"]: each["score"] for each in before["parts"]}
    assert by_name == {"light": None, "pixels": 100, "angle": 100, "keyframes": None, "stability": None, "doubt": None}
    now = datetime.now(UTC).replace(microsecond=0)
    status = CameraStatus(
        camera_id=place.camera_id, site_id=place.site_id, version=1, status="moved", reason="It was moved.",
        code="moved", since=now - timedelta(hours=2), observed_at=now, last_frame_at=None, snapshot_key=None,
    )  # fmt: skip
    await apply(stage.pool, [decoded_record(status, 1)])
    for number in range(4):
        at = now - timedelta(seconds=30 + number)
        verdict = JudgedTable(
            table_id=place.tables[0], label="unknown" if number else "free", confidence=0.5, people=0, things=0
        )
        made = FrameJudgement(
            judgement_key=keys.live_judgement(place.site_id, place.camera_id, at), site_id=place.site_id,
            camera_id=place.camera_id, run_id=None, video_id=None, frame_id=f"{place.camera_id}-{number}",
            frame_key=keys.live_frame(place.site_id, place.camera_id, at), captured_at=at, width=1280, height=720,
            layout_key=place.layout_key, layout_version=1, model=ModelRef(name="m", version="1"), rule="r", light=0.5,
            tables=(verdict,), seen=(),
        )  # fmt: skip
        await stage.deps.objects.put(made.judgement_key, made.to_json())
        await stage.deps.objects.put(made.frame_key, b"jpeg")
    found = answer(await client.get(path), 200)
    by_name = {each["name"]: each["score"] for each in found["parts"]}
    assert (by_name["light"], by_name["doubt"], by_name["stability"], found["total"]) == (100, 0, 0, 0)
    assert found["looks"] == 4
    assert code(await (await stage.client()).get("/v1/cameras/cam_none/score"), 404) == "camera_not_found"


async def test_tables_that_are_not_saved_have_a_score_too(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/score"
    narrow = {"label": "9", "polygon": [[0.1, 0.1], [0.13, 0.1], [0.13, 0.4], [0.1, 0.4]]}
    drawn = {"reference": {"width": 832, "height": 468}, "tables": [narrow]}
    found = answer(await client.post(path, json=drawn), 200)
    pixels = next(each for each in found["parts"] if each["name"] == "pixels")
    assert (found["total"], pixels["score"]) == (1, 1) and "Table 9 is 25 pixels" in pixels["sentence"]
    assert answer(await client.get(path), 200)["total"] == 100, "nothing is saved"
    crossing = narrow | {"polygon": [[0.1, 0.1], [0.4, 0.4], [0.4, 0.1], [0.1, 0.4]]}
    assert code(await client.post(path, json=drawn | {"tables": [crossing]}), 422) == "polygon_self_crossing"
    assert code(await client.post("/v1/cameras/cam_none/score", json=drawn), 404) == "camera_not_found"
