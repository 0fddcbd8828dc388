"""Names that were read on a topic, exchanged for links: only of one's own sites, only of what is there."""

from dataclasses import replace as dataclass_replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace
from tests.integration.api.conftest import Stage
from tests.integration.api.place import Place, RunOf, answer, code, decoded_record, make_place, make_run

from api.project.apply import apply
from api.project.live_crops import LiveCrops
from chassis.kafka import KafkaBroker
from classifier_gateway.dispatch.events import verdict_events
from events.live_cuts import LiveCuts
from inference.protocol import Judgement, TableVerdict
from tablewatch_schemas import CropReady, CropReadyCrop, TableState, event_id, keys
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
        await stage.deps.objects.put(key, key.encode())
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
    await stage.deps.objects.put(forged, b"x")
    result = [await stranger.post("/v1/links", json=body) for body in [*bodies, {"object_key": forged}]]
    result += [await owner.post("/v1/links", json={"object_key": forged})]
    result += [await owner.post("/v1/links", json={"frame_id": frame_id(run.run_id, 4)})]
    result += [await owner.post("/v1/links", json={"object_key": "frames/site_x/run_x/000000001.jpg"})]
    assert {code(response, 404) for response in result} == {"object_gone"}
    assert len({response.text for response in result}) == 1


async def test_pictures_of_a_deleted_video_are_gone_at_once(stage: Stage) -> None:
    _, run, made = await _setting(stage)
    client = await stage.client()
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    assert code(await client.post("/v1/links", json={"object_key": made[0]}), 404) == "object_gone"
    assert code(await client.post("/v1/links", json={"frame_id": frame_id(run.run_id, 3)}), 404) == "object_gone"


@pytest.mark.parametrize("scope", ["upload", "nothing"])
async def test_the_scope_asset_is_needed(stage: Stage, scope: str) -> None:
    _, _, made = await _setting(stage)
    refused = await (await stage.client(scope)).post("/v1/links", json={"object_key": made[0]})
    assert code(refused, 403) == "scope_missing"


@pytest.mark.parametrize("scope", ["asset", "read", "write", "admin"])
async def test_a_key_with_the_scope_asset_or_more_has_links_of_its_own_sites(stage: Stage, scope: str) -> None:
    place, run, asked = await _of_a_run(stage)
    other = await make_place(await stage.client(), "Elsewhere")
    client = await stage.client(scope, sites=[place.site_id])
    stranger = await stage.client(scope, sites=[other.site_id])
    bodies = [
        *asked,
        {"frame_id": frame_id(run.run_id, 1), "table_id": place.tables[1]},
        {"object_key": keys.run_crops(place.site_id, run.run_id, 1), "offset": 10, "length": 6},
        {"object_key": keys.thumbnail(place.site_id, run.run_id, "best")},
    ]
    for body in bodies:
        link = answer(await client.post("/v1/links", json=body), 200)
        assert (await _open(stage, link["url"])).status_code in (200, 206)
        assert code(await stranger.post("/v1/links", json=body), 404) == "object_gone"


def _cut(run: RunOf, index: int) -> CropReady:
    """Two tables cut out of a frame of the run."""
    places = zip(run.place.tables, (0, 10), (10, 6), strict=True)
    cut = tuple(
        CropReadyCrop(table_id=table, offset=at, length=long, box=(0.1, 0.1, 0.2, 0.2), changed=None, change=None)
        for table, at, long in places
    )
    return replace(run.crops(index), crops=cut)


def _judged(cut: CropReady) -> list[str]:
    """Ids of the verdicts on its tables, as the classifier-gateway makes them."""
    verdicts = tuple(TableVerdict(each.table_id, "free", confidence=0.9, people=0, things=0) for each in cut.crops)
    result = Judgement(verdicts, (), model="m", version="1", rule="r", width=0, height=0)
    return [event_id(each) for each in verdict_events(cut, result, None)]


def _resting_on(state: TableState, evidence_ids: list[str], frame_ids: list[str]) -> TableState:
    result = replace(state.evidence, evidence_ids=tuple(evidence_ids), frame_ids=tuple(frame_ids))
    return replace(state, evidence=result)


async def _of_a_run(stage: Stage) -> tuple[Place, RunOf, list[dict[str, str]]]:
    """Frames 0 to 2 of a run with their crops; a state of its second table that rests on verdicts on them all.

    What is asked for: the evidence of each frame.
    """
    place, run, _ = await _setting(stage)
    cut = [_cut(run, index) for index in range(3)]
    ids = [_judged(each)[1] for each in cut]
    turned = _resting_on(run.state(1, 1, "free"), ids[:2], [each.frame_id for each in cut[:2]])
    held = _resting_on(run.state(1, 2, "free"), ids[2:], [cut[2].frame_id])
    events = [*(run.frame(index) for index in range(3)), *cut, turned, held]
    await apply(stage.pool, [decoded_record(event, offset) for offset, event in enumerate(events)])
    for index, each in enumerate(cut):
        await stage.deps.objects.put(each.crops_key or "", f"table one{index}two {index}.".encode())
    asked = [{"evidence_id": each, "table_id": place.tables[1], "run_id": run.run_id} for each in ids]
    return place, run, asked


async def test_a_crop_by_its_frame_and_table(stage: Stage) -> None:
    place, run, _ = await _of_a_run(stage)
    reader = await stage.client("read", sites=[place.site_id])
    asked = {"frame_id": frame_id(run.run_id, 1), "table_id": place.tables[1]}
    link = answer(await reader.post("/v1/links", json=asked), 200)
    assert (link["object_key"], link["size_bytes"]) == (keys.run_crops(place.site_id, run.run_id, 1), 6)
    assert (await _open(stage, link["url"])).content == b"two 1."
    not_cut = [asked | {"table_id": "tbl_none"}, asked | {"frame_id": frame_id(run.run_id, 3)}]
    live = asked | {"frame_id": live_frame_id(place.camera_id, LIGHT)}
    for body in [*not_cut, live]:
        assert code(await reader.post("/v1/links", json=body), 404) == "crops_not_found"


async def test_evidence_of_a_run_opens_the_crop_that_was_judged(stage: Stage) -> None:
    """The first two stand in the transition, the third in the newest record."""
    place, _, asked = await _of_a_run(stage)
    reader = await stage.client("read", sites=[place.site_id])
    for index, body in enumerate(asked):
        link = answer(await reader.post("/v1/links", json=body), 200)
        assert (await _open(stage, link["url"])).content == f"two {index}.".encode()


async def _live(stage: Stage, captured_at: datetime) -> tuple[Place, CropReady, dict[str, str]]:
    """A live frame with its crops, and the evidence of its second table that a state rests on."""
    place, run, _ = await _setting(stage)
    frame, key = (
        each(place.site_id, place.camera_id, captured_at) for each in (keys.live_frame, keys.live_crops)
    )  # fmt: skip
    await stage.deps.objects.put(frame, b"whole")
    await stage.deps.objects.put(key, b"table one.table 2.")
    cut = replace(
        _cut(run, 0), frame_id=live_frame_id(place.camera_id, captured_at), run_id=None, video_id=None, index=None,
        media_ms=None, captured_at=captured_at, frame_key=frame, crops_key=key,
    )  # fmt: skip
    cut = replace(cut, crops=(cut.crops[0], replace(cut.crops[1], length=8)))
    evidence_id = _judged(cut)[1]
    state = _resting_on(run.state(1, 1, "free", live=True), ["another", evidence_id], ["nonsense", cut.frame_id])
    await apply(stage.pool, [decoded_record(state, 0)])
    return place, cut, {"evidence_id": evidence_id, "table_id": place.tables[1]}


def _now() -> datetime:
    """To the millisecond, as frames are captured: records carry the broker's time, so the light is of now."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _with(stage: Stage, kafka: str) -> None:
    """From here on the api reads topics of this Kafka."""
    stage.deps = dataclass_replace(stage.deps, live_crops=LiveCrops(LiveCuts(KafkaBroker(kafka, "test-links"), 6)))
    stage.app = None


async def test_evidence_of_the_live_lane_opens_the_crop_that_was_judged(on_kafka: Stage) -> None:
    place, cut, asked = await _live(on_kafka, _now())
    others = [
        replace(cut, frame_id=live_frame_id(place.camera_id, at), captured_at=at)
        for at in (cut.captured_at + timedelta(milliseconds=n) for n in (-20, -10, 10))
    ]
    await on_kafka.send(*others[:2], cut, others[2])
    _with(on_kafka, on_kafka.kafka)
    reader = await on_kafka.client("asset", sites=[place.site_id])
    frame = {"frame_id": cut.frame_id, "table_id": place.tables[1]}
    for body in (asked, frame, asked):
        link = answer(await reader.post("/v1/links", json=body), 200)
        assert (link["object_key"], link["size_bytes"]) == (cut.crops_key, 8)
        assert (await _open(on_kafka, link["url"])).content == b"table 2."
    other = await make_place(await on_kafka.client(), "Elsewhere")
    stranger = await on_kafka.client("asset", sites=[other.site_id])
    for body in (asked, frame):
        assert code(await stranger.post("/v1/links", json=body), 404) == "object_gone"
    assert code(await reader.post("/v1/links", json=frame | {"table_id": "tbl_none"}), 404) == "crops_not_found"
    # The crops' time may be over before the frame's: then evidence is the frame
    await on_kafka.deps.objects.delete(cut.crops_key or "")
    assert answer(await reader.post("/v1/links", json=asked), 200)["object_key"] == cut.frame_key
    assert code(await reader.post("/v1/links", json=frame), 404) == "object_gone"


async def test_live_evidence_that_the_topic_does_not_know_opens_the_frame(on_kafka: Stage) -> None:
    place, cut, asked = await _live(on_kafka, LIGHT)
    _with(on_kafka, on_kafka.kafka)
    reader = await on_kafka.client("asset", sites=[place.site_id])
    assert answer(await reader.post("/v1/links", json=asked), 200)["object_key"] == cut.frame_key
    frame = {"frame_id": cut.frame_id, "table_id": place.tables[1]}
    assert code(await reader.post("/v1/links", json=frame), 404) == "crops_not_found"


async def test_while_kafka_is_away_live_evidence_opens_the_frame(stage: Stage) -> None:
    place, cut, asked = await _live(stage, LIGHT)
    _with(stage, "127.0.0.1:1")
    reader = await stage.client("asset", sites=[place.site_id])
    assert answer(await reader.post("/v1/links", json=asked), 200)["object_key"] == cut.frame_key
    frame = {"frame_id": cut.frame_id, "table_id": place.tables[1]}
    refused = await reader.post("/v1/links", json=frame)
    assert code(refused, 503) == "unavailable"
    assert refused.headers["retry-after"] == "1"
    absent = {"frame_id": live_frame_id(place.camera_id, LIGHT + timedelta(seconds=1)), "table_id": place.tables[1]}
    assert code(await reader.post("/v1/links", json=absent), 404) == "object_gone", "for that no topic is read"


async def test_evidence_that_no_state_names_or_of_another_site_is_gone(stage: Stage) -> None:
    place, run, asked = await _of_a_run(stage)
    other = await make_place(await stage.client(), "Elsewhere")
    stranger = await stage.client("read", sites=[other.site_id])
    owner = await stage.client("read", sites=[place.site_id])
    crop = {"frame_id": frame_id(run.run_id, 1), "table_id": place.tables[1]}
    result = [await stranger.post("/v1/links", json=body) for body in [*asked, crop]]
    unnamed = _judged(_cut(run, 1))[0]
    for changed in ({"evidence_id": unnamed}, {"table_id": place.tables[0]}, {"run_id": None}):
        result.append(await owner.post("/v1/links", json=asked[0] | changed))
    client = await stage.client()
    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    result += [await owner.post("/v1/links", json=body) for body in [*asked, crop]]
    assert {code(response, 404) for response in result} == {"object_gone"}
    assert len({response.text for response in result}) == 1


async def test_what_does_not_go_together_is_refused(stage: Stage) -> None:
    reader = await stage.client("read")
    some = {"evidence_id": "0f0c2ab3-6d0e-5a51-9c39-3f1c1c0f7a11"}
    frame = {"frame_id": "run_1-000000042"}
    for body in (
        some, some | frame | {"table_id": "tbl_1"}, frame | {"run_id": "run_1"}, frame | {"offset": 0, "length": 1},
        {"object_key": "frames/site_1/run_1/1.jpg", "table_id": "tbl_1"}, {"evidence_id": "x", "table_id": "tbl_1"},
    ):  # fmt: skip
        assert code(await reader.post("/v1/links", json=body), 422) == "invalid_request"
