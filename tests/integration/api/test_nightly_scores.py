"""Scores that are made at night, and stay to be compared."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from tests.integration.api.conftest import LOG, Stage
from tests.integration.api.place import Place, answer, code, decoded_record, make_place
from tests.integration.api.test_layout_proposal import SWEEPS
from tests.support.doubles import ManualClock

from api.http.nightly_scores import NightlyScores
from api.model.score_days import newest_ended
from api.project.apply import apply
from api.project.sweeper import Sweeper
from api.store import camera_scores
from tablewatch_schemas import CameraStatus, keys
from tablewatch_schemas.judgement import FrameJudgement, JudgedTable
from tablewatch_schemas.manifest import ModelRef

EVENING = datetime(2026, 11, 23, 18, tzinfo=UTC)
RTSP = {"type": "rtsp", "address": "rtsp://192.168.1.7/stream"}
DAY_S = 86_400


async def _place(client: httpx.AsyncClient) -> Place:
    """A camera that is switched on, of a site in Vienna that is open in the evening."""
    place = await make_place(client)
    site = {"timezone": "Europe/Vienna", "opening_hours": {"monday": ["17:00-24:00"]}}
    answer(await client.patch(f"/v1/sites/{place.site_id}", json=site), 200)
    answer(await client.patch(f"/v1/cameras/{place.camera_id}", json={"source": RTSP}), 200)
    return place


async def _judge(stage: Stage, place: Place, at: datetime, light: float) -> None:
    key = keys.live_judgement(place.site_id, place.camera_id, at)
    verdict = JudgedTable(table_id=place.tables[0], label="free", confidence=0.9, people=0, things=0)
    made = FrameJudgement(
        judgement_key=key, site_id=place.site_id, camera_id=place.camera_id, run_id=None, video_id=None,
        frame_id=f"{place.camera_id}-{at.timestamp()}", frame_key=keys.live_frame(place.site_id, place.camera_id, at),
        captured_at=at, width=1280, height=720, layout_key=place.layout_key, layout_version=1,
        model=ModelRef(name="m", version="1"), rule="r", light=light, tables=(verdict,), seen=(),
    )  # fmt: skip
    await stage.deps.objects.put(key, made.to_json())


async def test_a_day_is_scored_once_when_it_has_ended(stage: Stage) -> None:
    clock = ManualClock(EVENING)
    stage.deps = replace(stage.deps, clock=clock)
    client = await stage.client()
    place = await _place(client)
    path = f"/v1/cameras/{place.camera_id}/scores"
    status = CameraStatus(
        camera_id=place.camera_id, site_id=place.site_id, version=1, status="live", reason="Well.", code="live",
        since=EVENING, observed_at=EVENING, last_frame_at=None, snapshot_key=None,
    )  # fmt: skip
    await apply(stage.pool, [decoded_record(status, 1)])
    for minutes in range(0, 30, 10):  # of the steps that are listed
        await _judge(stage, place, EVENING + timedelta(minutes=minutes, seconds=5), 0.25)
    first, second = NightlyScores(stage.deps, LOG), NightlyScores(stage.deps, LOG)
    clock.advance(8 * 3600 - 1)  # a second before three by the clock of Vienna
    assert not await first.score_next()
    clock.advance(1)
    assert any(await asyncio.gather(first.score_next(), second.score_next()))
    assert not await first.score_next()
    assert not await first.score_next()  # begun anew: nothing is due
    (found,) = answer(await client.get(path), 200)["items"]
    by_name = {each["name"]: each["score"] for each in found["parts"]}
    assert by_name == {
        "light": 50, "pixels": 100, "angle": 100, "keyframes": None, "stability": 100, "doubt": 100
    }  # fmt: skip
    assert (found["day"], found["total"], found["looks"]) == ("2026-11-23", 50, 3)
    assert found["sentence"].startswith("The brighter parts of the picture have 25%")

    clock.advance(3 * DAY_S)  # nobody was there for two nights
    assert await first.score_next()
    page = answer(await client.get(path, params={"limit": 1}), 200)
    assert [each["day"] for each in page["items"]] == ["2026-11-26"]
    assert (page["items"][0]["looks"], page["items"][0]["parts"][0]["score"]) == (0, None)
    rest = answer(await client.get(path, params={"cursor": page["next_cursor"]}), 200)
    assert [each["day"] for each in rest["items"]] == ["2026-11-23"]
    assert code(await client.get(path, params={"cursor": "eA"}), 400) == "invalid_cursor"


async def test_one_that_fails_holds_up_no_other_and_scores_go_with_time_and_camera(stage: Stage) -> None:
    clock = ManualClock(EVENING)
    stage.deps = replace(stage.deps, clock=clock)
    client = await stage.client()
    places = sorted([await _place(client) for _ in range(3)], key=lambda each: each.camera_id)
    broken, well, off = places
    answer(await client.patch(f"/v1/cameras/{off.camera_id}", json={"enabled": False}), 200)
    await stage.pool.execute("UPDATE layouts SET document = '[]' WHERE camera_id = $1", broken.camera_id)
    clock.advance(9 * 3600)
    async with stage.pool.acquire() as one, stage.pool.acquire() as other, one.transaction(), other.transaction():
        days = {"Europe/Vienna": newest_ended(ZoneInfo("Europe/Vienna"), clock.now())}
        due = await camera_scores.due(one, days, "")
        assert due is not None and due.camera_id == broken.camera_id
        assert await camera_scores.hold(one, due) and not await camera_scores.hold(other, due)
    stop = asyncio.Event()
    running = asyncio.create_task(NightlyScores(stage.deps, LOG).run(stop))
    async with asyncio.timeout(60):
        while not await stage.pool.fetchval("SELECT count(*) FROM camera_scores"):
            clock.advance(60)
            await asyncio.sleep(0.02)
    stop.set()
    await running
    rows = await stage.pool.fetch("SELECT camera_id FROM camera_scores")
    assert [row["camera_id"] for row in rows] == [well.camera_id]

    sweeper = Sweeper(stage.pool, stage.deps.objects, SWEEPS, clock, LOG)
    await stage.pool.execute(
        "INSERT INTO camera_scores SELECT camera_id, site_id, day - 401, made_at, document FROM camera_scores"
    )
    await sweeper.prune()
    assert await stage.pool.fetchval("SELECT count(*) FROM camera_scores") == 1
    answer(await client.delete(f"/v1/cameras/{well.camera_id}"), 204)
    assert await stage.pool.fetchval("SELECT count(*) FROM camera_scores") == 0
