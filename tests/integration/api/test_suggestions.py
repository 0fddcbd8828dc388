"""Tables that are suggested out of stored pictures of a camera."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.integration.api.conftest import Stage
from tests.integration.api.place import LAYOUT, answer, code, make_place, outbox_events

from tablewatch_schemas import FrameCommand, keys
from tablewatch_schemas.ids import live_frame_id
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen
from tablewatch_schemas.manifest import ModelRef

GUEST = JudgedSeen(label="person", score=0.8, box=(0.4, 0.3, 0.48, 0.55))


def judgement(command: FrameCommand) -> FrameJudgement:
    """As the gateway stores it."""
    return FrameJudgement(
        judgement_key=keys.live_judgement(command.site_id, command.camera_id, command.captured_at),
        site_id=command.site_id, camera_id=command.camera_id, run_id=None, video_id=None, frame_id=command.frame_id,
        frame_key=command.object_key, captured_at=command.captured_at, width=1280, height=720, layout_key=None,
        layout_version=None, model=ModelRef(name="m", version="1"), rule="none", complete=True, tables=(),
        seen=(GUEST,),
    )  # fmt: skip


async def test_pictures_of_a_camera_without_a_layout_are_looked_at_and_give_tables(stage: Stage) -> None:
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Harbour"}), 201)["site_id"]
    camera = answer(await client.post("/v1/cameras", json={"name": "Door", "site_id": site}), 201)["camera_id"]
    path = f"/v1/cameras/{camera}/layout/suggestions"
    assert code(await client.post(path, json={}), 409) == "no_pictures"
    times = [datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=20 + 10 * number) for number in range(50)]
    for at in times:
        await stage.deps.objects.put(keys.live_frame(site, camera, at), b"jpeg")
    given = await client.post(path, json={"minutes": 10})
    asked = answer(given, 202)
    assert (asked["frames"], asked["looked"], asked["tables"], asked["reference"]) == (40, 0, [], None)
    commands = await _commands(stage)
    assert len(commands) == 40 and {each.camera_id for each in commands} == {camera}
    assert commands[0].frame_id == live_frame_id(camera, commands[0].captured_at)
    for command in commands:
        made = judgement(command)
        await stage.deps.objects.put(made.judgement_key, made.to_json())
    found = answer(await client.get(given.headers["location"]), 200)
    assert (found["frames"], found["looked"], found["reference"]) == (40, 40, {"width": 1280, "height": 720})
    (table,) = found["tables"]
    assert (table["label"], table["top"], table["people"]) == ("1", None, 1)
    drawing = {"reference": found["reference"], "tables": found["tables"]}
    saved = answer(await client.put(f"/v1/cameras/{camera}/layout", json=drawing), 200)
    assert saved["tables"][0]["polygon"] == table["polygon"]
    answer(await client.post(path, json={"minutes": 10}), 202)
    assert len(await _commands(stage)) < 90, "what was looked at is not asked for again"


async def test_of_a_camera_with_tables_the_judgements_that_are_there_count(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(6):
        at = now - timedelta(seconds=30 + 10 * number)
        key = keys.live_frame(place.site_id, place.camera_id, at)
        await stage.deps.objects.put(key, b"jpeg")
        command = FrameCommand(
            frame_id=live_frame_id(place.camera_id, at), site_id=place.site_id, camera_id=place.camera_id,
            action="look", object_key=key, captured_at=at, actor="a", requested_at=now, expires_at=now,
        )  # fmt: skip
        made = replace(judgement(command), layout_key=place.layout_key, layout_version=1)
        await stage.deps.objects.put(made.judgement_key, made.to_json())
    found = answer(await client.get(f"/v1/cameras/{place.camera_id}/layout/suggestions"), 200)
    assert (found["frames"], found["looked"], len(found["tables"])) == (6, 6, 1)
    assert len(LAYOUT["tables"]) == 2, "the layout is another thing"
    hour = f"/v1/cameras/{place.camera_id}/layout/suggestions?minutes=61"
    assert code(await client.get(hour), 422) == "invalid_request"
    assert code(await client.get(hour.replace("minutes=61", "until=0.5")), 422) == "invalid_request"


async def test_pictures_of_a_camera_are_looked_at_some_times_a_minute_and_no_more(stage: Stage) -> None:
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Harbour"}), 201)["site_id"]
    cameras = [
        answer(await client.post("/v1/cameras", json={"name": name, "site_id": site}), 201)["camera_id"]
        for name in ("Door", "Bar")
    ]
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
    for camera in cameras:
        await stage.deps.objects.put(keys.live_frame(site, camera, then), b"jpeg")
    path, other = (f"/v1/cameras/{camera}/layout/suggestions" for camera in cameras)
    for _ in range(6):
        answer(await client.post(path, json={}), 202)
    refused = await client.post(path, json={})
    assert code(refused, 429) == "too_many_suggestions" and int(refused.headers["retry-after"]) > 0
    answer(await client.get(path), 200)
    answer(await client.post(other, json={}), 202)
    for command in [each for each in await _commands(stage) if each.camera_id == cameras[0]]:
        made = judgement(command)
        await stage.deps.objects.put(made.judgement_key, made.to_json())
    assert answer(await client.post(path, json={}), 202)["looked"] == 1, "nothing is looked at for it"


async def _commands(stage: Stage) -> list[FrameCommand]:
    return [each.event for each in await outbox_events(stage.pool, "frame.command")]
