"""The detect role on the broker in memory: frames in, candidates out, restarts, unwanted runs, blind cameras."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from tests.unit.hazard import scene

from chassis.metrics import Metrics
from chassis.records import Record
from chassis.testing import MemoryBroker, MemoryObjects, MemoryProducer
from hazard.detect.floor import FloorOptions
from hazard.detect.handle import Detect
from hazard.detect.look import Looker
from tablewatch_schemas import CameraStatus, FrameExtracted, VideoCommand, decode, encode, keys, replace


class Stage:
    """One run with a spill from second 8, its records, and detectors to see them."""

    def __init__(self) -> None:
        self.broker, self.objects, self.metrics = MemoryBroker(), MemoryObjects(), Metrics()
        self.looked = 0

    async def run(self, seconds: int = 3) -> list[Record]:
        drawn = [scene.picture(second, puddle=scene.BROWN if second >= 8 else None) for second in range(seconds)]
        self.frames = await scene.stored_run(self.objects, drawn)
        return [await self.record(frame) for frame in self.frames]

    async def record(self, event: Any) -> Record:
        sent = encode(event, source="tablewatch/test", time=scene.START)
        partition, offset = await MemoryProducer(self.broker).send(sent)
        return Record(sent.topic, partition, offset, 0, sent.key, sent.value, sent.headers)

    def detect(self) -> tuple[Detect, MemoryProducer]:
        def find(_picture: Any) -> list[Any]:
            self.looked += 1
            return []

        producer = MemoryProducer(MemoryBroker())
        looker = Looker(self.objects, find, ThreadPoolExecutor(1), FloorOptions(width=320), self.metrics)
        detect = Detect(
            self.broker, looker, producer,
            streams=2, rebuild_frames=100, beat=lambda: None, metrics=self.metrics, log=structlog.get_logger(),
        )  # fmt: skip
        return detect, producer


@pytest.fixture
def stage() -> Stage:
    return Stage()


def said(producer: MemoryProducer) -> list[Any]:
    return [decode(one.topic, one.key, one.value, one.headers).event for one in producer.sent]


async def test_every_frame_is_answered_and_the_spill_is_seen(stage: Stage) -> None:
    records = await stage.run(24)
    detect, producer = stage.detect()
    for record in records:
        await detect.handle(record)
    told = said(producer)
    assert [one.frame_id for one in told] == [frame.frame_id for frame in stage.frames]
    assert [one.last for one in told] == [False] * 23 + [True]
    assert [one.suspended for one in told[:6]] == ["warming_up"] * 4 + [None] * 2
    (seen,) = told[-1].observations
    assert (seen.kind, seen.coloured, seen.stationary_ms) == ("spill", True, 15_000)
    assert seen.near_table_ids == ("tbl_left",)


async def test_after_a_kill_the_rest_is_said_as_if_nothing_was(stage: Stage) -> None:
    records = await stage.run(24)
    calm, calm_producer = stage.detect()
    for record in records:
        await calm.handle(record)
    again, again_producer = stage.detect()
    for record in records[15:]:
        await again.handle(record)
    assert [(one.value, one.headers) for one in again_producer.sent] == [
        (one.value, one.headers) for one in calm_producer.sent[15:]
    ], "the same bytes and event ids"


async def test_a_frame_that_comes_again_is_said_again_without_another_look(stage: Stage) -> None:
    records = await stage.run()
    detect, producer = stage.detect()
    for record in (records[0], records[1], records[1], records[0]):
        await detect.handle(record)
    assert [one.frame_id for one in said(producer)] == [stage.frames[n].frame_id for n in (0, 1, 1)]
    assert producer.sent[1] == producer.sent[2]
    assert stage.looked == 2


async def test_frames_that_ask_for_no_hazards_are_left_alone(stage: Stage) -> None:
    await stage.run()
    detect, producer = stage.detect()
    await detect.handle(await stage.record(replace(stage.frames[-1], make=("frames", "tables"))))
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
    detect, producer = stage.detect()
    alone = replace(stage.frames[-1], index=0, previous_frame_id=None, previous_object_key=None, **change)
    await detect.handle(await stage.record(alone))
    (told,) = said(producer)
    assert (told.suspended, told.last, told.observations) == (why, True, ())


async def test_a_picture_that_is_none_is_said_to_be_none(stage: Stage) -> None:
    await stage.run()
    await stage.objects.put(stage.frames[0].object_key or "", b"not a jpeg")
    detect, producer = stage.detect()
    await detect.handle(await stage.record(stage.frames[0]))
    assert said(producer)[0].suspended == "not_a_picture"


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
async def test_an_unwanted_run_is_forgotten_and_the_fold_is_told(stage: Stage, action: str, why: str) -> None:
    records = await stage.run()
    detect, producer = stage.detect()
    await detect.handle(records[0])
    await detect.handle(await stage.record(command(stage.frames[0], action)))
    await detect.handle(records[1])
    first, told = said(producer)
    assert first.frame_id == stage.frames[0].frame_id
    assert (told.suspended, told.last, told.run_id) == (why, True, stage.frames[0].run_id)
    assert producer.sent[0].key == producer.sent[1].key


async def test_a_restart_remembers_unwanted_runs_and_a_retry_wants_them_again(stage: Stage) -> None:
    records = await stage.run()
    detect, producer = stage.detect()
    detect.learn_command(await stage.record(command(stage.frames[0], "delete")))
    await detect.handle(records[0])
    assert producer.sent == []
    detect.learn_command(await stage.record(command(stage.frames[0], "retry")))
    await detect.handle(records[0])
    assert len(producer.sent) == 1


async def test_a_dark_camera_is_suspended_and_said_so_until_it_is_well(stage: Stage) -> None:
    await stage.run()
    detect, producer = stage.detect()
    for number, status in enumerate(("live", "dark", "live")):
        detect.learn_status(await stage.record(camera_status(stage.frames[0], status, number)))
        await detect.handle(await stage.record(live(stage.frames[number], number)))
    assert [one.suspended for one in said(producer)] == ["warming_up", "camera_dark", "warming_up"]


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
