"""The newest judged frame of a camera or run: by REST, and to the streams that ask for it."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from dataclasses import replace as dataclass_replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec.structs import replace
from tests.integration.api.conftest import Stage, until
from tests.integration.api.place import Place, RunOf, answer, code, decoded_record, make_place, make_run
from tests.integration.api.sse import listening

from api.events.judged import Judged
from api.project.apply import apply
from chassis.kafka import KafkaBroker
from chassis.records import Record, TopicPartition
from events.live_cuts import LiveCuts
from tablewatch_schemas import CropReady, CropReadyCrop
from tablewatch_schemas.ids import live_frame_id
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen, JudgedTable, judgement_key
from tablewatch_schemas.manifest import ModelRef

PERSON = JudgedSeen(label="person", score=0.91, box=(0.1, 0.2, 0.3, 0.6), table_id=None, share=0.93)


def _now() -> datetime:
    """To the millisecond, as events have it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _live(place: Place, at: datetime) -> CropReady:
    frame = live_frame_id(place.camera_id, at)
    crop = CropReadyCrop(
        table_id=place.tables[0], offset=0, length=1, box=(0.1, 0.1, 0.2, 0.2), changed=None, change=None
    )
    return CropReady(
        frame_id=frame, site_id=place.site_id, camera_id=place.camera_id, run_id=None, video_id=None, index=None,
        media_ms=None, captured_at=at, frame_key=f"frames/{place.site_id}/{place.camera_id}/{frame}.jpg",
        crops_key="crops/x/y/z.bin", layout_key=place.layout_key, layout_version=1, width=1280, height=720,
        crops=(crop,), make=("tables",), last=False,
    )  # fmt: skip


def _of_run(run: RunOf, index: int) -> CropReady:
    return replace(run.crops(index), frame_key=run.frame(index).object_key, layout_key=run.place.layout_key)


async def _judge(stage: Stage, place: Place, ready: CropReady) -> FrameJudgement:
    """As the gateway does: the judgement stands in the store."""
    table = JudgedTable(table_id=place.tables[0], label="occupied", confidence=0.9, people=1, things=0)
    doubt = JudgedTable(
        table_id=place.tables[1], label="unknown", confidence=0.5, people=0, things=0, reason="person_outside_zone"
    )
    made = FrameJudgement(
        judgement_key=judgement_key(ready), site_id=place.site_id, camera_id=place.camera_id, run_id=ready.run_id,
        video_id=ready.video_id, frame_id=ready.frame_id, frame_key=ready.frame_key or "",
        captured_at=ready.captured_at, width=1280, height=720, layout_key=place.layout_key, layout_version=1,
        model=ModelRef(name="m", version="1"), rule="share", tables=(table, doubt),
        seen=(dataclass_replace(PERSON, table_id=place.tables[0]),),
    )  # fmt: skip
    await stage.deps.objects.put(made.judgement_key, made.to_json())
    await stage.deps.objects.put(made.frame_key, b"jpeg")
    return made


async def _see(client: httpx.AsyncClient, place: Place, run: RunOf | None = None) -> Any:
    query = {} if run is None else {"run_id": run.run_id}
    return answer(await client.get(f"/v1/cameras/{place.camera_id}/view", params=query), 200)


async def test_the_newest_judged_frame_of_a_camera(on_kafka: Stage) -> None:
    cuts = LiveCuts(KafkaBroker(on_kafka.kafka, "test-view"), 6)
    on_kafka.deps = dataclass_replace(on_kafka.deps, judged=Judged(cuts, on_kafka.deps.objects))
    client = await on_kafka.client()
    place = await make_place(client)
    view = f"/v1/cameras/{place.camera_id}/view"

    async def read() -> httpx.Response | None:
        """Unavailable while a broker that has just begun elects the leaders of its partitions."""
        given = await client.get(view)
        return None if given.status_code == 503 else given

    assert code(await until(read), 404) == "view_not_found"
    await asyncio.sleep(1.1)  # what is known of a camera is a second old at most
    now = _now()
    ready = [_live(place, now - timedelta(seconds=age)) for age in (3, 2, 1)]
    for each in ready[:2]:
        await _judge(on_kafka, place, each)
    await on_kafka.send(*ready)
    seen = await _see(client, place)
    assert seen["frame_id"] == ready[1].frame_id, "of the newest frame there is no judgement yet"
    assert [(each["label"], each["verdict"], each["reason"]) for each in seen["tables"]] == [
        ("1", "occupied", None), ("2", "unknown", "person_outside_zone"),
    ]  # fmt: skip
    assert seen["tables"][1]["reason_text"].startswith("Somebody is near")
    assert (seen["layout_version"], seen["rule"], seen["model"]) == (1, "share", {"name": "m", "version": "1"})
    assert (seen["seen"][0]["box"], seen["seen"][0]["share"]) == ([0.1, 0.2, 0.3, 0.6], 0.93)
    path = seen["url"].removeprefix("http://api.test")
    assert (await on_kafka.client_of(None).get(path)).content == b"jpeg"


async def test_a_run_is_seen_to_move_and_a_poll_costs_nothing_meanwhile(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    view = f"/v1/cameras/{place.camera_id}/view?run_id={run.run_id}"
    assert code(await client.get(view), 404) == "view_not_found"
    frames = [run.frame(0), *(_of_run(run, index) for index in range(6)), run.state(0, 1, "occupied")]
    await apply(stage.pool, [decoded_record(each, offset) for offset, each in enumerate([run.uploaded(), *frames])])
    assert code(await client.get(view), 404) == "view_not_found", "cut, and not judged"
    for index in range(4):
        await _judge(stage, place, _of_run(run, index))
    told = (run.evidence(3, 1), run.evidence(0), run.evidence(5, kind="gated"))  # frames 1 and 2 were not looked at
    await apply(stage.pool, [decoded_record(each, offset) for offset, each in enumerate(told, 10)])
    seen = await _see(client, place, run)
    assert (seen["frame_id"], seen["run_id"]) == (run.frame(3).frame_id, run.run_id)
    assert [each["state"] and each["state"]["state"] for each in seen["tables"]] == ["occupied", None]
    first = await client.get(view)
    again = await client.get(view, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    await apply(stage.pool, [decoded_record(run.state(0, 2, "free"), 20)])
    changed = await client.get(view, headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json()["tables"][0]["state"]["state"]) == (200, "free")


async def test_what_the_states_were_concluded_from_is_shown_when_the_topic_has_nothing(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    ready = _live(place, _now() - timedelta(hours=1))
    await _judge(stage, place, ready)
    state = run.state(0, 1, "occupied", live=True)
    named = replace(state, evidence=replace(state.evidence, frame_ids=(f"{place.camera_id}-1", ready.frame_id)))
    await apply(stage.pool, [decoded_record(named, 0)])
    assert (await _see(client, place))["frame_id"] == ready.frame_id


class Away:
    """A broker that is away."""

    async def read_between(
        self, partition: TopicPartition, since_ms: int, until_ms: int
    ) -> AsyncGenerator[Record, None]:
        raise ConnectionError("away")
        yield


async def test_what_only_the_topic_could_tell_is_unavailable_while_it_cannot_be_read(stage: Stage) -> None:
    stage.deps = dataclass_replace(stage.deps, judged=Judged(LiveCuts(Away(), 6), stage.deps.objects))
    client = await stage.client()
    place = await make_place(client)
    view = f"/v1/cameras/{place.camera_id}/view"
    refused = await client.get(view)
    assert (code(refused, 503), refused.json()["cause"]) == ("unavailable", "broker_unreachable")
    run = await make_run(client, place)
    ready = _live(place, _now())
    await _judge(stage, place, ready)
    state = run.state(0, 1, "occupied", live=True)
    named = replace(state, evidence=replace(state.evidence, frame_ids=(ready.frame_id,)))
    await apply(stage.pool, [decoded_record(named, 0)])
    assert (await _see(client, place))["frame_id"] == ready.frame_id


async def test_another_site_sees_no_view_by_any_way(lane: Stage) -> None:
    client = await lane.client()
    place, other = await make_place(client), await make_place(client, "Elsewhere")
    run = await make_run(client, place)
    await apply(lane.pool, [decoded_record(each, n) for n, each in enumerate([run.uploaded(), _of_run(run, 0)])])
    await _judge(lane, place, _of_run(run, 0))
    key = await lane.key("read", sites=[other.site_id])
    stranger = lane.client_of(key)
    assert code(await stranger.get(f"/v1/cameras/{place.camera_id}/view"), 404) == "camera_not_found"
    for camera in (place.camera_id, other.camera_id):
        view = f"/v1/cameras/{camera}/view?run_id={run.run_id}"
        assert code(await stranger.get(view), 404) == "video_not_found"
    async with lane.serving() as address:
        for asked, wrong in ((place.camera_id, "camera_not_found"), (run.run_id, "video_not_found")):
            async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {key}"}) as over_http:
                refused = await over_http.get("/v1/events", params={"view": asked})
            assert code(refused, 404) == wrong
            # Nor may a key of both sites have the view of one in the stream of the other
            both = await lane.client("read", sites=[place.site_id, other.site_id])
            query = {"view": asked, "site_id": other.site_id}
            assert code(await both.get("/v1/events", params=query), 404) == wrong


async def test_a_stream_that_asks_is_shown_the_newest_without_an_id_and_others_are_not(on_kafka: Stage) -> None:
    """Its one frame may be cut before the topic is followed, and is judged after that: it is not missed."""
    client, key = await on_kafka.client(), await on_kafka.key()
    place = await make_place(client)
    cuts = LiveCuts(KafkaBroker(on_kafka.kafka, "test-view"), 6)
    on_kafka.deps = dataclass_replace(on_kafka.deps, judged=Judged(cuts, on_kafka.deps.objects))
    async with (
        on_kafka.serving() as address,
        listening(address, key, view=place.camera_id) as ear,
        listening(address, key) as other,
    ):
        assert (await ear.next()).type == (await other.next()).type == "snapshot"
        ready = _live(place, _now())
        await on_kafka.send(ready)
        await asyncio.sleep(0.5)
        await _judge(on_kafka, place, ready)
        shown = await ear.next()
        assert (shown.type, shown.data["camera_id"]) == ("camera.view", place.camera_id)
        assert [each["verdict"] for each in shown.data["tables"]] == ["occupied", "unknown"]
        assert "state" not in shown.data["tables"][0]
        assert shown.id == ""
        answer(await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "Terrace"}), 201)
        following = [await ear.next() for _ in range(1)]
        while following[-1].type == "camera.view":
            following.append(await ear.next())
        assert following[-1].type == (await other.next()).type == "section.changed"
        assert following[-1].seq, "the log goes on beside it"


async def test_a_run_is_watched_like_a_camera_however_long_ago_its_frames_were_cut(lane: Stage) -> None:
    client, key = await lane.client(), await lane.key()
    place = await make_place(client)
    run = await make_run(client, place)
    offsets = itertools.count()

    async def judge(index: int) -> None:
        await _judge(lane, place, _of_run(run, index))
        await apply(lane.pool, [decoded_record(run.evidence(index), next(offsets))])

    await apply(lane.pool, [decoded_record(run.uploaded(), next(offsets))])
    await apply(lane.pool, [decoded_record(_of_run(run, index), next(offsets)) for index in range(200)])
    await judge(0)
    async with lane.serving() as address, listening(address, key, view=run.run_id, topic="table.state") as ear:
        assert (await ear.next()).type == "snapshot"
        for index in (0, 1, 150):  # those between were never judged
            if index:
                await judge(index)
            shown = await ear.next()
            assert (shown.type, shown.data["frame_id"]) == ("camera.view", run.frame(index).frame_id)


async def test_what_is_no_camera_or_run_is_refused(stage: Stage) -> None:
    client = await stage.client()
    await make_place(client)
    assert code(await client.get("/v1/events", params={"view": "tbl_1"}), 422) == "invalid_request"


async def test_why_a_table_is_in_its_state_is_told_by_the_frames_that_the_state_names(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    why = f"/v1/tables/{place.tables[0]}/why"
    assert answer(await client.get(why), 200) == {"table_id": place.tables[0], "state": None, "looks": []}
    for index in (0, 1):
        await _judge(stage, place, _of_run(run, index))
    state = run.state(0, 1, "occupied")
    ids = ("", *(run.frame(index).frame_id for index in (0, 1, 2)))
    named = replace(state, evidence=replace(state.evidence, frame_ids=ids))
    await apply(stage.pool, [decoded_record(each, offset) for offset, each in enumerate([run.uploaded(), named])])
    told = answer(await client.get(why, params={"run_id": run.run_id}), 200)
    assert told["state"]["state"] == "occupied"
    assert [each["frame_id"] for each in told["looks"]] == [run.frame(index).frame_id for index in (1, 0)]
    assert told["looks"][0]["why"] == "A person (score 0.91, 93 % of the box in its zone)."
    assert told["looks"][0]["seen"][0]["box"] == [0.1, 0.2, 0.3, 0.6]
    other = await make_place(client, "Elsewhere")
    stranger = await stage.client("read", sites=[other.site_id])
    assert code(await stranger.get(why), 404) == "table_not_found"
