"""Cancel, retry, delete: the events, what is left, the receipt."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.api.conftest import LOG, Stage
from tests.integration.api.place import RunOf, answer, code, decoded_record, make_place, make_run, outbox_events
from tests.support.doubles import ManualClock

from api.model.deletion import SweepOptions
from api.project.apply import apply
from api.project.sweeper import Sweeper
from chassis.clock import Clock

TIMES = SweepOptions(
    every_s=1,
    owners_s=60,
    late=timedelta(hours=192),
    event_retention=timedelta(hours=48),
    history_retention=timedelta(days=9),
)


async def _video(stage: Stage, *, frames: int = 3) -> tuple[Any, RunOf]:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    if frames:
        await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(run.whole(frames))])
    return client, run


async def test_cancelling_tells_the_others_once(stage: Stage) -> None:
    client, run = await _video(stage, frames=0)
    path = f"/v1/videos/{run.video_id}"
    assert answer(await client.post(f"{path}/cancel"), 200)["status"] == "cancelled"
    assert answer(await client.post(f"{path}/cancel"), 200)["status"] == "cancelled"
    assert [each.event.action for each in await outbox_events(stage.pool, "video.command")] == ["cancel"]
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(run.whole())])
    assert answer(await client.get(path), 200)["status"] == "cancelled"


async def test_what_is_finished_cannot_be_cancelled(stage: Stage) -> None:
    client, run = await _video(stage)
    assert code(await client.post(f"/v1/videos/{run.video_id}/cancel"), 409) == "video_finished"


@pytest.mark.parametrize(("retryable", "expected"), [(True, 202), (False, 409)])
async def test_trying_again_where_it_can_help(stage: Stage, retryable: bool, expected: int) -> None:
    client, run = await _video(stage, frames=0)
    path = f"/v1/videos/{run.video_id}"
    assert code(await client.post(f"{path}/retry"), 409) == "video_not_failed"
    await apply(stage.pool, [decoded_record(run.uploaded(), 0), decoded_record(run.failed(1, retryable=retryable), 0)])
    job = answer(await client.get(path), 200)
    assert (job["status"], job["error"]["code"]) == ("failed", "decode_failed")
    assert (await client.post(f"{path}/retry")).status_code == expected
    await apply(stage.pool, [decoded_record(run.progress(2, 1, attempt=2), 1)])
    assert answer(await client.get(path), 200)["status"] == "processing"


async def _objects(stage: Stage, run: RunOf) -> list[str]:
    site = run.place.site_id
    keys = [
        f"originals/{site}/{run.video_id}/source.bin",
        *(f"frames/{site}/{run.run_id}/{index:09d}.jpg" for index in range(3)),
        f"crops/{site}/{run.run_id}/000000000.bin",
        f"thumbs/{site}/{run.run_id}/first.jpg",
    ]
    for key in keys:
        await stage.deps.objects.put(key, b"x")
    return keys


def _sweeper(stage: Stage, clock: Clock) -> Sweeper:
    return Sweeper(stage.pool, stage.deps.objects, TIMES, clock, LOG)


async def _sweep(sweeper: Sweeper, clock: ManualClock, seconds: float) -> None:
    """Sweep whatever is due, second by second."""
    for _ in range(int(seconds)):
        while await sweeper.sweep_one():
            pass
        clock.advance(1)


async def test_a_deleted_video_is_not_seen_from_then_on(stage: Stage) -> None:
    client, run = await _video(stage)
    result = answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert result["status"] == "deleting"
    assert answer(await client.delete(f"/v1/videos/{run.video_id}"), 202) == result
    for path in ("", "/job", "/frames", "/thumbnails"):
        assert code(await client.get(f"/v1/videos/{run.video_id}{path}"), 404) == "video_not_found"
    assert [each.event.action for each in await outbox_events(stage.pool, "video.command")] == ["delete"]
    await apply(stage.pool, [decoded_record(run.frame(9), 900), decoded_record(run.state(0, 99, "free"), 900)])
    assert await stage.pool.fetchval("SELECT count(*) FROM frames WHERE index = 9") == 0


async def test_the_receipt_comes_when_nothing_is_left(stage: Stage) -> None:
    client, run = await _video(stage)
    keys = await _objects(stage, run)
    neighbour = f"frames/{run.place.site_id}/{run.run_id}x/000000000.jpg"
    await stage.deps.objects.put(neighbour, b"not mine")
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    clock = ManualClock(datetime.now(UTC) + timedelta(seconds=1))
    sweeper = _sweeper(stage, clock)
    await _sweep(sweeper, clock, 5)
    assert await outbox_events(stage.pool, "asset.deleted") == []  # the owners' objects are still there
    for key in keys:
        await stage.deps.objects.delete(key)  # what ingest, extractor and cropper do at the command
    await _sweep(sweeper, clock, 40)
    (receipt,) = await outbox_events(stage.pool, "asset.deleted")
    assert (receipt.event.video_id, receipt.event.objects) == (run.video_id, 1)  # the manifest was ours
    assert await _left(stage, run) == 0
    assert await stage.deps.objects.stat(neighbour) is not None
    assert answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)["status"] == "deleted"


async def test_what_owners_leave_is_swept_and_what_comes_late_too(stage: Stage) -> None:
    client, run = await _video(stage)
    keys = await _objects(stage, run)
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    clock = ManualClock(datetime.now(UTC) + timedelta(seconds=61))
    sweeper = _sweeper(stage, clock)
    await _sweep(sweeper, clock, 60)
    (receipt,) = await outbox_events(stage.pool, "asset.deleted")
    assert receipt.event.objects == len(keys) + 1
    await stage.deps.objects.put(keys[1], b"a redelivered frame")
    clock.advance(193 * 3600)
    assert await sweeper.sweep_one()
    assert await stage.deps.objects.stat(keys[1]) is None
    assert await stage.pool.fetchval("SELECT count(*) FROM deletions") == 0
    assert len(await outbox_events(stage.pool, "asset.deleted")) == 1


async def _left(stage: Stage, run: RunOf) -> int:
    tables = ("videos", "frames", "states", "hazards", "site_events")
    counts = [
        await stage.pool.fetchval(f"SELECT count(*) FROM {table} WHERE run_id = $1", run.run_id)  # noqa: S608
        for table in tables
    ]
    deleted = "SELECT count(*) FROM site_events WHERE run_id = $1 AND type = 'video.deleted'"
    return sum(counts) - await stage.pool.fetchval(deleted, run.run_id)  # the event of the deletion stays told


async def test_hazard_actions_go_out_as_commands(stage: Stage) -> None:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    hazard = f"haz_{run.run_id[4:]}"
    begun = [run.uploaded(), run.progress(1, 1), run.hazard(hazard, 1)]
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(begun, 700)])
    result = answer(await client.post(f"/v1/hazards/{hazard}/acknowledge", json={"note": "on it"}), 202)
    answer(await client.post(f"/v1/hazards/{hazard}/clear"), 202)
    commands = await outbox_events(stage.pool, "hazard.command")
    assert [(each.event.action, each.event.note) for each in commands] == [("acknowledge", "on it"), ("clear", None)]
    assert commands[0].event.command_id == result["command_id"]
    assert (await client.post(f"/v1/hazards/{hazard}/explode")).status_code == 422
    for version, (status, refused) in enumerate(
        [("acknowledged", "acknowledge"), ("cleared", "acknowledge"), ("cleared", "clear")], 2
    ):
        await apply(stage.pool, [decoded_record(run.hazard(hazard, version, status), 800 + version)])
        again = await client.post(f"/v1/hazards/{hazard}/{refused}")
        assert code(again, 409) == "hazard_status_conflict"
        assert status in again.json()["detail"]
    await apply(stage.pool, [decoded_record(run.hazard(hazard, 9, "dismissed"), 900)])
    assert code(await client.post(f"/v1/hazards/{hazard}/clear"), 409) == "hazard_closed"
    assert code(await client.post("/v1/hazards/haz_none/clear"), 404) == "hazard_not_found"
    shown = answer(await client.get(f"/v1/hazards/{hazard}"), 200)
    assert (shown["status"], "/v1/objects/frames/" in shown["picture_url"]) == ("dismissed", True)
    assert len(await outbox_events(stage.pool, "hazard.command")) == 2


@pytest.mark.parametrize("action", ["acknowledge", "clear", "verify", "dismiss"])
async def test_alerts_of_a_run_that_has_ended_stay_as_they_are(stage: Stage, action: str) -> None:
    client, run = await _video(stage)
    path = f"/v1/hazards/haz_{run.run_id[4:]}"
    refused = await client.post(f"{path}/{action}")
    assert code(refused, 409) == "hazards_ended"
    assert refused.json()["detail"] == "The run has ended; its alerts stay as they are, this one opened."
    assert await outbox_events(stage.pool, "hazard.command") == []
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert code(await client.post(f"{path}/{action}"), 404) == "hazard_not_found"


async def test_alerts_of_a_cancelled_run_stay_as_they_are(stage: Stage) -> None:
    client = await stage.client()
    run = await make_run(client, await make_place(client))
    hazard = f"haz_{run.run_id[4:]}"
    await apply(stage.pool, [decoded_record(run.uploaded(), 700), decoded_record(run.hazard(hazard, 1), 701)])
    answer(await client.post(f"/v1/videos/{run.video_id}/cancel"), 200)
    assert code(await client.post(f"/v1/hazards/{hazard}/acknowledge"), 409) == "hazards_ended"


async def test_live_alerts_are_acted_on_as_before(stage: Stage) -> None:
    client, run = await _video(stage)
    await apply(stage.pool, [decoded_record(run.hazard("haz_live", 1, live=True), 800)])
    answer(await client.post("/v1/hazards/haz_live/acknowledge"), 202)


async def test_hazards_are_those_of_live_cameras_unless_a_run_is_named(stage: Stage) -> None:
    _, run = await _video(stage)
    await apply(stage.pool, [decoded_record(run.hazard(f"live_{run.run_id}", 1, live=True), 800)])
    client = await stage.client(sites=[run.place.site_id])

    async def listed(query: str) -> list[str | None]:
        return [each["run_id"] for each in answer(await client.get(f"/v1/hazards{query}"), 200)["items"]]

    assert await listed("") == [None], "now: not what a video shows"
    assert await listed("?live=true") == [None]
    assert await listed(f"?run_id={run.run_id}") == [run.run_id]
    assert await listed("?live=false") == [run.run_id]
    assert await listed(f"?run_id={run.run_id}&live=true") == []


async def test_live_states_expire_and_those_of_runs_do_not(stage: Stage) -> None:
    client, run = await _video(stage)
    await apply(stage.pool, [decoded_record(run.state(0, 1, "occupied", live=True), 800)])
    live = answer(await client.get("/v1/states"), 200)["items"]
    assert [state["run_id"] for state in live] == [None], "now: not what a video shows"
    assert [(state["state"], state["expired"], state["previous_state"]) for state in live] == [
        ("unknown", True, "occupied")
    ]
    assert {state["state"] for state in answer(await client.get("/v1/states?live=false"), 200)["items"]} == {
        "occupied",
        "free",
    }
    assert answer(await client.get("/v1/states?live=true"), 200)["items"] == live
    assert len(answer(await client.get(f"/v1/states?run_id={run.run_id}"), 200)["items"]) == 2
