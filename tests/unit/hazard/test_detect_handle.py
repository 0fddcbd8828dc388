"""The detect role on the broker in memory: frames in, candidates out, restarts, unwanted runs, blind cameras."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from tests.support.doubles import ManualClock, MemoryBroker, MemoryProducer
from tests.unit.hazard import scene

from chassis.metrics import Metrics
from chassis.records import Record
from events.runs import UnwantedRuns
from hazard.detect.cameras import BlindCameras
from hazard.detect.floor import FloorOptions
from hazard.detect.handle import Handler
from hazard.detect.inspect import Inspector
from hazard.detect.judged import Judgements
from objects.testing import MemoryObjects
from tablewatch_schemas import CameraStatus, FrameExtracted, VideoCommand, decode, encode, keys, replace
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen, judgement_key
from tablewatch_schemas.manifest import ModelRef


class Stage:
    """One run with a spill from second 8, its records, and handlers for them."""

    def __init__(self) -> None:
        self.broker, self.objects, self.metrics = MemoryBroker(), MemoryObjects(), Metrics()
        self.clock = ManualClock()
        self.unwanted, self.blind, self.inspected = UnwantedRuns(), BlindCameras(), 0

    async def run(self, seconds: int = 3) -> list[Record]:
        drawn = [scene.picture(second, puddle=scene.BROWN if second >= 8 else None) for second in range(seconds)]
        self.frames = await scene.stored_run(self.objects, drawn)
        return [await self.record(frame) for frame in self.frames]

    async def record(self, event: Any) -> Record:
        sent = encode(event, source="tablewatch/test", time=scene.START)
        partition, offset = await MemoryProducer(self.broker).send(sent)
        return Record(sent.topic, partition, offset, 0, sent.key, sent.value, sent.headers)

    def handler(self) -> tuple[Handler, MemoryProducer]:
        def detect(_picture: Any) -> list[Any]:
            self.inspected += 1
            return []

        producer = MemoryProducer(MemoryBroker())
        judgements = Judgements(self.objects, 0.0, self.clock)
        inspector = Inspector(
            self.objects, detect, judgements, ThreadPoolExecutor(1), FloorOptions(width=320), self.metrics
        )
        handler = Handler(
            self.broker, inspector, producer, self.unwanted, self.blind,
            streams=2, rebuild_frames=100, beat=lambda: None, metrics=self.metrics, log=structlog.get_logger(),
        )  # fmt: skip
        return handler, producer


@pytest.fixture
def stage() -> Stage:
    return Stage()


def published(producer: MemoryProducer) -> list[Any]:
    return [decode(one.topic, one.key, one.value, one.headers).event for one in producer.sent]


async def test_every_frame_has_a_candidate_and_the_spill_is_observed(stage: Stage) -> None:
    records = await stage.run(24)
    handler, producer = stage.handler()
    for record in records:
        await handler.handle(record)
    events = published(producer)
    assert [one.frame_id for one in events] == [frame.frame_id for frame in stage.frames]
    assert [one.last for one in events] == [False] * 23 + [True]
    assert [one.suspended for one in events[:6]] == ["warming_up"] * 4 + [None] * 2
    (seen,) = events[-1].observations
    assert (seen.kind, seen.coloured, seen.stationary_ms) == ("spill", True, 15_000)
    assert seen.near_table_ids == ("tbl_left",)
    assert seen.near_table_labels == ("1",)


async def test_after_a_kill_the_rest_is_published_as_if_nothing_had_happened(stage: Stage) -> None:
    records = await stage.run(24)
    calm, calm_producer = stage.handler()
    for record in records:
        await calm.handle(record)
    restarted, restarted_producer = stage.handler()
    for record in records[15:]:
        await restarted.handle(record)
    assert [(one.value, one.headers) for one in restarted_producer.sent] == [
        (one.value, one.headers) for one in calm_producer.sent[15:]
    ], "the same bytes and event ids"


async def test_a_redelivered_frame_is_republished_without_another_inspection(stage: Stage) -> None:
    records = await stage.run()
    handler, producer = stage.handler()
    for record in (records[0], records[1], records[1], records[0]):
        await handler.handle(record)
    assert [one.frame_id for one in published(producer)] == [stage.frames[n].frame_id for n in (0, 1, 1)]
    assert producer.sent[1] == producer.sent[2]
    assert stage.inspected == 2


async def test_frames_without_hazards_in_make_are_ignored(stage: Stage) -> None:
    await stage.run()
    handler, producer = stage.handler()
    await handler.handle(await stage.record(replace(stage.frames[-1], make=("frames", "tables"))))
    assert producer.sent == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"object_key": None}, "no_picture"),
        ({"layout_key": None}, "no_floor"),
        ({"layout_key": "layouts/gone.json"}, "no_floor"),
        ({"object_key": "frames/gone.jpg"}, "picture_gone"),
    ],
)
async def test_the_last_frame_is_passed_on_even_when_nothing_can_be_seen(
    stage: Stage, change: dict[str, Any], why: str
) -> None:
    await stage.run()
    handler, producer = stage.handler()
    alone = replace(stage.frames[-1], index=0, previous_frame_id=None, previous_object_key=None, **change)
    await handler.handle(await stage.record(alone))
    (event,) = published(producer)
    assert (event.suspended, event.last, event.observations) == (why, True, ())


@pytest.mark.parametrize(("stored", "gone"), [(None, 1), (b"{}", 0)])
async def test_a_broken_layout_is_not_counted_as_gone(stage: Stage, stored: bytes | None, gone: int) -> None:
    await stage.run()
    if stored is not None:
        await stage.objects.put("layouts/other.json", stored)
    handler, producer = stage.handler()
    await handler.handle(await stage.record(replace(stage.frames[0], layout_key="layouts/other.json")))
    assert published(producer)[0].suspended == "no_floor"
    assert (stage.metrics.value("objects_gone_total", what="layout") or 0) == gone


async def test_a_picture_that_is_none_suspends(stage: Stage) -> None:
    await stage.run()
    await stage.objects.put(stage.frames[0].object_key or "", b"not a jpeg")
    handler, producer = stage.handler()
    await handler.handle(await stage.record(stage.frames[0]))
    assert published(producer)[0].suspended == "not_a_picture"


def command(frame: FrameExtracted, action: str) -> VideoCommand:
    return VideoCommand(
        command_id=f"cmd_{action}",
        video_id="vid_1",
        run_id=frame.run_id or "",
        site_id=frame.site_id,
        camera_id=frame.camera_id,
        action=action,
        actor="key_1",
        requested_at=scene.START,
    )


@pytest.mark.parametrize(("action", "why"), [("cancel", "run_cancelled"), ("delete", "run_deleted")])
async def test_an_unwanted_run_ends_and_its_frames_are_dropped(stage: Stage, action: str, why: str) -> None:
    records = await stage.run()
    handler, producer = stage.handler()
    await handler.handle(records[0])
    await handler.handle(await stage.record(command(stage.frames[0], action)))
    await handler.handle(records[1])
    first, end = published(producer)
    assert first.frame_id == stage.frames[0].frame_id
    assert (end.suspended, end.last, end.run_id) == (why, True, stage.frames[0].run_id)
    assert producer.sent[0].key == producer.sent[1].key


@pytest.mark.parametrize(("action", "published"), [("cancel", 1), ("delete", 0)])
async def test_commands_of_before_a_restart_are_known_and_a_retry_undoes_a_cancel_only(
    stage: Stage, action: str, published: int
) -> None:
    records = await stage.run()
    handler, producer = stage.handler()
    stage.unwanted.apply_record(await stage.record(command(stage.frames[0], action)))
    await handler.handle(records[0])
    assert producer.sent == []
    stage.unwanted.apply_record(await stage.record(command(stage.frames[0], "retry")))
    await handler.handle(records[0])
    assert len(producer.sent) == published


async def test_a_dark_camera_is_suspended_until_it_is_well(stage: Stage) -> None:
    await stage.run()
    handler, producer = stage.handler()
    for number, status in enumerate(("live", "dark", "live")):
        stage.blind.apply_record(await stage.record(camera_status(stage.frames[0], status, number)))
        await handler.handle(await stage.record(live(stage.frames[number], number)))
    assert [one.suspended for one in published(producer)] == ["warming_up", "camera_dark", "warming_up"]


def live(frame: FrameExtracted, number: int) -> FrameExtracted:
    return replace(
        frame,
        run_id=None,
        video_id=None,
        index=None,
        media_ms=None,
        frame_id=f"{frame.camera_id}-{number}",
        previous_frame_id=None,
    )


def camera_status(frame: FrameExtracted, status: str, version: int) -> CameraStatus:
    return CameraStatus(
        camera_id=frame.camera_id or "",
        site_id=frame.site_id,
        version=version,
        status=status,
        reason="",
        since=scene.START,
        observed_at=scene.START,
        last_frame_at=None,
        snapshot_key=keys.last_good_snapshot(frame.site_id, frame.camera_id or ""),
    )


def judged_puddle(frame: FrameExtracted) -> FrameJudgement:
    """A person stands where the spill is: seen in the judgement alone, so that nothing is observed there."""
    return FrameJudgement(
        judgement_key=judgement_key(frame), site_id=frame.site_id, camera_id=frame.camera_id, run_id=frame.run_id,
        video_id=None, frame_id=frame.frame_id, frame_key=frame.object_key or "", captured_at=frame.captured_at,
        width=scene.WIDTH, height=scene.HEIGHT, layout_key=frame.layout_key or "", layout_version=1,
        model=ModelRef(name="m", version="1"), rule="r", complete=True, tables=(),
        seen=(JudgedSeen(label="person", score=0.9, box=scene.PUDDLE_BOX),),
    )  # fmt: skip


async def spilled(stage: Stage) -> list[Record]:
    """A run with a spill, whose tables are judged."""
    drawn = [scene.picture(second, puddle=scene.BROWN if second >= 8 else None) for second in range(24)]
    stage.frames = await scene.stored_run(stage.objects, drawn, make=("frames", "tables", "hazards"))
    return [await stage.record(frame) for frame in stage.frames]


async def judge(stage: Stage, frames: Iterable[FrameExtracted]) -> None:
    for made in map(judged_puddle, frames):
        await stage.objects.put(made.judgement_key, made.to_json())


async def test_people_that_were_judged_are_masked_without_a_look_of_our_own(stage: Stage) -> None:
    records = await spilled(stage)
    await judge(stage, stage.frames)
    handler, producer = stage.handler()
    for record in records:
        await handler.handle(record)
    assert stage.inspected == 0
    assert [one.observations for one in published(producer)] == [()] * 24
    assert stage.metrics.value("work_total", stage="hazard_people", outcome="judged")


@pytest.mark.parametrize("killed_after", [9, 15, 23])
async def test_judgements_that_come_after_a_look_of_our_own_change_nothing_after_a_kill(
    stage: Stage, killed_after: int
) -> None:
    """A look of our own is another detector's; what it found is masked again, though a judgement is there by now."""
    records = await spilled(stage)
    await judge(stage, stage.frames[:6])
    calm, calm_producer = stage.handler()
    for record in records:
        await calm.handle(record)
    looked = stage.inspected
    assert looked > 10
    assert published(calm_producer)[-1].observations
    await judge(stage, stage.frames)
    restarted, restarted_producer = stage.handler()
    for record in records[killed_after:]:
        await restarted.handle(record)
    assert [one.value for one in restarted_producer.sent] == [one.value for one in calm_producer.sent[killed_after:]]
    assert stage.inspected == looked
    assert stage.metrics.value("work_total", stage="hazard_people", outcome="recorded")


@pytest.mark.parametrize(
    "damaged", [b"{", b"{}", b'[{"label":"person","score":2,"box":[0,0,9,9]}]', b"[" + b" " * 2_000_000]
)
async def test_a_damaged_look_is_made_again(stage: Stage, damaged: bytes) -> None:
    records = await spilled(stage)
    handler, _ = stage.handler()
    key = keys.look_beside(judgement_key(stage.frames[0]))
    await stage.objects.put(key, damaged)
    await handler.handle(records[0])
    assert stage.inspected == 1
    assert await stage.objects.get(key) == b"[]"
