"""The handler with the in-memory broker and store: what goes in, what comes out, what failure leads to."""

import dataclasses
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
import structlog
from tests.support.doubles import ManualClock, MemoryProducer

from chassis.consume import Invalid
from chassis.metrics import Metrics
from chassis.records import Record
from cropper import frame_crops
from cropper.crop import decode as decode_picture
from cropper.events import Limits
from cropper.frame_crops import FrameCropper
from cropper.handle import Handler
from events.runs import UnwantedRuns
from objects.testing import MemoryObjects
from tablewatch_schemas import CropReady, FrameExtracted, VideoCommand, decode, encode, keys, replace
from tablewatch_schemas.layout import Layout, LayoutTable

T0 = datetime(2026, 11, 23, 12, tzinfo=UTC)
SITE, RUN = "site_1", "run_1"
LAYOUT_KEY = "layouts/site_1/cam_1/3.json"


def table(table_id: str, x: float) -> LayoutTable:
    polygon = ((x, 0.2), (x + 0.3, 0.2), (x + 0.3, 0.9), (x, 0.9))
    return LayoutTable(table_id=table_id, label=table_id, seats=4, section_id=None, polygon=polygon, top=None)


LAYOUT = Layout(
    layout_key=LAYOUT_KEY, site_id=SITE, camera_id="cam_1", version=3, created_at=T0, width=640, height=360,
    tables=(table("tbl_a", 0.1), table("tbl_b", 0.6)), floor=(),
)  # fmt: skip


def jpeg(index: int) -> bytes:
    picture = np.full((360, 640, 3), 100, np.uint8)
    cv2.rectangle(picture, (70 + index * 20, 100), (170 + index * 20, 250), (30, 200, 90), -1)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def still(seed: int) -> bytes:
    """An empty room, with the noise of a camera."""
    noise = np.random.default_rng(seed).normal(0, 4, (360, 640, 3))
    return cv2.imencode(".jpg", np.clip(100 + noise, 0, 255).astype(np.uint8))[1].tobytes()


def frame(index: int, **changes) -> FrameExtracted:
    made = FrameExtracted(
        frame_id=f"{RUN}-{index:09d}", site_id=SITE, camera_id="cam_1", run_id=RUN, video_id="vid_1", index=index,
        media_ms=index * 1000, captured_at=T0 + timedelta(seconds=index), object_key=keys.run_frame(SITE, RUN, index),
        width=640, height=360, size_bytes=1000, keyframe=True, sharpness=10.0, brightness=0.4, layout_key=LAYOUT_KEY,
        previous_frame_id=f"{RUN}-{index - 1:09d}" if index else None,
        previous_object_key=keys.run_frame(SITE, RUN, index - 1) if index else None,
        make=("frames", "tables"), last=False,
    )  # fmt: skip
    return replace(made, **changes)


def record(event) -> Record:
    made = encode(event, source="tablewatch/test", time=T0)
    return Record(made.topic, 0, 0, 0, made.key, made.value, made.headers)


def deletion() -> VideoCommand:
    return VideoCommand(
        command_id="cmd_1", video_id="vid_1", run_id=RUN, site_id=SITE, camera_id=None, action="delete", actor="key_1",
        requested_at=T0,
    )  # fmt: skip


class Stage:
    """A cropper with everything in memory; `restart` empties its caches and registries."""

    def __init__(self) -> None:
        self.objects, self.producer, self.metrics = MemoryObjects(), MemoryProducer(), Metrics()
        self.objects.objects[LAYOUT_KEY] = LAYOUT.to_json()
        for index in range(4):
            self.objects.objects[keys.run_frame(SITE, RUN, index)] = jpeg(index)
        self.restart()

    def restart(self, reused_ms: int = 60_000) -> None:
        self.unwanted, self.clock = UnwantedRuns(), ManualClock()
        cropper = FrameCropper(
            self.objects, 2, limits=Limits(mean=0.02, spot=0.06), reused_ms=reused_ms, clock=self.clock
        )
        self.handler = Handler(
            self.objects, cropper, self.producer, self.unwanted, clock=self.clock, metrics=self.metrics,
            log=structlog.get_logger(),
        )  # fmt: skip

    def show(self, *pictures: bytes) -> None:
        """What the camera saw, from the first frame on."""
        for index, picture in enumerate(pictures):
            self.objects.objects[keys.run_frame(SITE, RUN, index)] = picture

    async def handle(self, event) -> None:
        await self.handler.handle(record(event))

    @property
    def events(self) -> list[CropReady]:
        sent = [decode(each.topic, each.key, each.value, each.headers).event for each in self.producer.sent]
        return [event for event in sent if isinstance(event, CropReady)]


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_a_frame_becomes_one_object_and_one_event(stage):
    await stage.handle(frame(0))
    (event,) = stage.events
    assert event.crops_key == keys.run_crops(SITE, RUN, 0)
    assert event.layout_version == 3
    stored = stage.objects.objects[event.crops_key]
    assert [crop.table_id for crop in event.crops] == ["tbl_a", "tbl_b"]
    assert sum(crop.length for crop in event.crops) == len(stored)
    for crop in event.crops:
        part = stored[crop.offset : crop.offset + crop.length]
        assert cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_COLOR) is not None
        assert crop.changed is None


async def test_change_is_measured_against_the_named_predecessor(stage):
    await stage.handle(frame(0))
    await stage.handle(frame(1))
    first, second = stage.events[1].crops
    assert (first.changed, second.changed) == (True, False)


async def test_a_restart_changes_no_byte(stage):
    for index in range(3):
        await stage.handle(frame(index))
    objects, events = dict(stage.objects.objects), stage.events
    stage.restart()
    await stage.handle(frame(2))
    assert stage.objects.objects == objects
    assert stage.events[-1] == events[-1]
    assert [dict(each.headers)["ce_id"] for each in stage.producer.sent[-2:]] == [
        dict(stage.producer.sent[-1].headers)["ce_id"]
    ] * 2


async def test_the_predecessor_is_not_fetched_again(stage):
    await stage.handle(frame(0))
    del stage.objects.objects[keys.run_frame(SITE, RUN, 0)]
    await stage.handle(frame(1))
    assert stage.events[1].crops[0].changed is True


async def test_a_gone_frame_is_counted_and_published_without_crops(stage):
    del stage.objects.objects[keys.run_frame(SITE, RUN, 1)]
    await stage.handle(frame(1))
    (event,) = stage.events
    assert (event.last, event.crops, event.crops_key) == (False, (), None)
    assert stage.metrics.value("objects_gone_total", what="frame") == 1


async def test_a_gone_layout_is_counted_as_one(stage):
    del stage.objects.objects[LAYOUT_KEY]
    await stage.handle(frame(0))
    counted = {what: stage.metrics.value("objects_gone_total", what=what) for what in ("frame", "layout")}
    assert counted == {"frame": 0, "layout": 1}


async def test_last_passes_on_even_when_the_frame_is_gone(stage):
    del stage.objects.objects[keys.run_frame(SITE, RUN, 1)]
    await stage.handle(frame(1, last=True))
    (event,) = stage.events
    assert (event.last, event.crops, event.crops_key, event.layout_key) == (True, (), None, LAYOUT_KEY)


@pytest.mark.parametrize("changes", [{"make": ("frames",)}, {"layout_key": None}])
async def test_without_tables_only_the_last_marker(stage, changes):
    await stage.handle(frame(0, **changes))
    await stage.handle(frame(1, last=True, object_key=None, **changes))
    (event,) = stage.events
    assert (event.last, event.crops, event.frame_key) == (True, (), None)


async def test_a_broken_picture_is_invalid_and_last_still_passes_on(stage):
    stage.objects.objects[keys.run_frame(SITE, RUN, 0)] = b"no picture"
    with pytest.raises(Invalid, match="unreadable_frame"):
        await stage.handle(frame(0, last=True))
    assert [event.last for event in stage.events] == [True]


async def test_a_broken_predecessor_only_costs_the_comparison(stage):
    stage.objects.objects[keys.run_frame(SITE, RUN, 0)] = b"no picture"
    await stage.handle(frame(1))
    assert [crop.change for crop in stage.events[0].crops] == [None, None]


async def test_a_record_that_cannot_be_decoded_is_invalid(stage):
    with pytest.raises(Invalid, match="missing_header"):
        await stage.handler.handle(Record("frame.extracted", 0, 0, 0, b"k", b"{}"))


async def test_a_deleted_run_loses_its_crops_and_gets_no_more(stage):
    await stage.handle(frame(0))
    delete = deletion()
    await stage.handle(delete)
    assert keys.run_crops(SITE, RUN, 0) not in stage.objects.objects
    stage.restart()
    stage.unwanted.apply_record(record(delete))
    await stage.handle(frame(1, last=True))
    assert len(stage.events) == 1


async def test_a_frame_that_is_cut_while_its_run_is_deleted_leaves_no_crops(stage, monkeypatch):
    put = stage.objects.put

    async def slowly(*args):
        stage.unwanted.apply(deletion())
        await put(*args)

    monkeypatch.setattr(stage.objects, "put", slowly)
    await stage.handle(frame(0))
    assert keys.run_crops(SITE, RUN, 0) not in stage.objects.objects
    assert stage.producer.sent == []


async def test_nothing_is_published_while_the_store_fails(stage):
    stage.objects.fail = ConnectionError("down")
    with pytest.raises(ConnectionError):
        await stage.handle(frame(0))
    assert stage.producer.sent == []


async def test_only_frames_with_tables_to_crop_are_counted_as_dropped(stage):
    del stage.objects.objects[keys.run_frame(SITE, RUN, 1)]
    await stage.handle(frame(0))
    await stage.handle(frame(1))
    await stage.handle(frame(2, make=("frames",)))
    assert stage.metrics.value("frames_total", outcome="dropped", reason="nothing_to_cut", lane="run") == 1


def crops_keys(stage) -> list[str | None]:
    return [event.crops_key for event in stage.events]


async def test_a_frame_in_which_nothing_changed_names_the_crops_that_are_there(stage):
    stage.show(still(0), still(1), still(2))
    for index in range(3):
        await stage.handle(frame(index))
    first = keys.run_crops(SITE, RUN, 0)
    assert crops_keys(stage) == [first] * 3
    assert [key for key in stage.objects.objects if key.startswith("crops/")] == [first]
    assert [[crop.changed for crop in event.crops] for event in stage.events] == [[None] * 2, [False] * 2, [False] * 2]
    assert [(crop.offset, crop.length, crop.box) for crop in stage.events[2].crops] == [
        (crop.offset, crop.length, crop.box) for crop in stage.events[0].crops
    ]
    counted = {
        outcome: stage.metrics.value("work_total", stage="crop", outcome=outcome) for outcome in ("cut", "reused")
    }
    assert counted == {"cut": 1, "reused": 2}


async def test_it_is_not_decoded_in_full(stage, monkeypatch):
    stage.show(still(0), still(1), jpeg(2))
    decoded = []
    monkeypatch.setattr(frame_crops, "decode", lambda data: decoded.append(data) or decode_picture(data))
    for index in range(3):
        await stage.handle(frame(index))
    assert decoded == [still(0), jpeg(2)]


async def test_who_comes_and_goes_is_cut_each_time(stage):
    stage.show(still(0), jpeg(1), still(2))
    for index in range(3):
        await stage.handle(frame(index))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, index) for index in range(3)]


async def test_what_changes_slowly_is_cut_once_it_differs_from_what_was_cut(stage):
    """A lamp that is dimmed: no two neighbours differ by as much as counts."""
    shades = [cv2.imencode(".jpg", np.full((360, 640, 3), 100 + 2 * step, np.uint8))[1].tobytes() for step in range(5)]
    stage.show(*shades)
    for index in range(5):
        await stage.handle(frame(index))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, index) for index in (0, 0, 0, 3, 3)]
    assert [event.crops[0].changed for event in stage.events] == [None, False, False, True, False]
    assert all(event.crops[0].change < 0.02 for event in stage.events[1:])


def live(index: int, second: float, before: float | None) -> FrameExtracted:
    at, times = T0 + timedelta(seconds=second), {"run_id": None, "video_id": None, "index": None, "media_ms": None}
    previous = None if before is None else keys.live_frame(SITE, "cam_1", T0 + timedelta(seconds=before))
    return replace(
        frame(0), frame_id=f"cam_1-{index}", captured_at=at, object_key=keys.live_frame(SITE, "cam_1", at),
        previous_object_key=previous, **times,
    )  # fmt: skip


@pytest.mark.parametrize("restarted", [False, True])
async def test_crops_of_a_camera_stand_for_a_minute(stage, restarted):
    seconds = (-13, 46.9, 47)  # T0 is midday: the second and third are in another stretch of 100 s
    frames = [live(n, second, seconds[n - 1] if n else None) for n, second in enumerate(seconds)]
    for index, each in enumerate(frames):
        stage.objects.objects[each.object_key] = still(index)
        if restarted:
            stage.restart()
        await stage.handle(each)
    first, last = (keys.live_crops(SITE, "cam_1", frames[index].captured_at) for index in (0, 2))
    assert crops_keys(stage) == [first, first, last]


@pytest.mark.parametrize("restarted", [False, True])
async def test_crops_of_a_run_stand_for_sixty_frames(stage, restarted):
    stage.show(*[still(0)] * 62)
    for index in range(62):
        if restarted and index in (59, 60):
            stage.restart()
        await stage.handle(frame(index))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, 0 if index < 60 else 60) for index in range(62)]


async def test_a_run_that_stood_still_does_not_name_crops_that_were_deleted_meanwhile(stage):
    stage.show(still(0), still(1), still(2))
    await stage.handle(frame(0))
    stage.clock.advance(3600)
    await stage.handle(frame(1))
    stage.clock.advance(3600)
    del stage.objects.objects[keys.run_crops(SITE, RUN, 0)]
    await stage.handle(frame(2))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, index) for index in (0, 0, 2)]


@pytest.mark.parametrize("restarted", [False, True])
async def test_other_tables_are_cut(stage, restarted):
    redrawn = dataclasses.replace(LAYOUT, layout_key="layouts/site_1/cam_1/4.json", tables=(table("tbl_a", 0.15),))
    stage.objects.objects[redrawn.layout_key] = redrawn.to_json()
    stage.show(still(0), still(1))
    await stage.handle(frame(0))
    if restarted:
        stage.restart()
    await stage.handle(frame(1, layout_key=redrawn.layout_key))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, index) for index in (0, 1)]


async def test_a_layout_that_only_names_a_table_anew_lets_crops_stand(stage):
    renamed = dataclasses.replace(LAYOUT, layout_key="layouts/site_1/cam_1/4.json", version=4)
    stage.objects.objects[renamed.layout_key] = renamed.to_json()
    stage.show(still(0), still(1))
    await stage.handle(frame(0))
    await stage.handle(frame(1, layout_key=renamed.layout_key))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, 0)] * 2
    assert [event.layout_version for event in stage.events] == [3, 4]


async def test_a_frame_with_nothing_to_compare_with_is_cut(stage):
    stage.show(still(0), still(1))
    await stage.handle(frame(0))
    await stage.handle(frame(1, previous_object_key=None))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, index) for index in (0, 1)]


async def test_another_camera_does_not_name_them(stage):
    stage.show(still(0), still(1))
    await stage.handle(frame(0))
    other = replace(live(1, 1, 0), camera_id="cam_2", object_key=keys.run_frame(SITE, RUN, 1))
    await stage.handle(replace(other, previous_object_key=keys.run_frame(SITE, RUN, 0)))
    assert stage.events[1].crops_key == keys.live_crops(SITE, "cam_2", other.captured_at)


SCENE = [still(0), still(1), jpeg(1), jpeg(1), still(2), still(3), still(4), jpeg(3)]


async def played(*deliveries: tuple[int, int]) -> tuple[dict, dict]:
    """The scene in parts, each by a process of its own: objects, and what was published under each id."""
    stage, contents = Stage(), {}
    stage.show(*SCENE)
    for begin, end in deliveries:
        stage.restart()
        for index in range(begin, end):
            await stage.handle(frame(index))
    for sent in stage.producer.sent:
        assert contents.setdefault(dict(sent.headers)["ce_id"], sent.value) == sent.value
    return stage.objects.objects, contents


@pytest.mark.parametrize("killed", range(1, len(SCENE)))
@pytest.mark.parametrize("again", [0, 1, 3])
async def test_whoever_dies_wherever_nothing_is_published_with_two_contents(killed, again):
    undisturbed = await played((0, len(SCENE)))
    assert await played((0, killed), (max(0, killed - again), len(SCENE))) == undisturbed


async def test_a_process_that_had_the_partition_before_does_not_go_by_what_it_remembers(stage):
    """It cut the first frame; another one cut the third, in which somebody came, and the fourth is its own again."""
    stage.show(still(0), still(1), jpeg(2), jpeg(2), still(5))
    first = stage.handler
    await stage.handle(frame(0))
    stage.restart()
    for index in (1, 2):
        await stage.handle(frame(index))
    stage.handler = first
    await stage.handle(frame(3))
    assert stage.events[-1].crops_key == keys.run_crops(SITE, RUN, 2)


async def test_a_frame_is_tried_again_with_the_same_result(stage, monkeypatch):
    stage.show(still(0), jpeg(1))
    await stage.handle(frame(0))
    send, failures = stage.producer.send, [ConnectionError("down")]

    async def fails_once(message):
        if failures:
            raise failures.pop()
        await send(message)

    monkeypatch.setattr(stage.producer, "send", fails_once)
    with pytest.raises(ConnectionError):
        await stage.handle(frame(1))
    await stage.handle(frame(1))
    await stage.handle(frame(1))
    assert stage.events[1] == stage.events[2]
    assert stage.events[1].crops_key == keys.run_crops(SITE, RUN, 1)


async def test_crops_that_could_not_be_stored_are_named_by_nobody(stage):
    stage.show(still(0), still(1))
    put, stage.objects.put = stage.objects.put, _refuse
    with pytest.raises(ConnectionError):
        await stage.handle(frame(0))
    stage.objects.put = put
    await stage.handle(frame(1))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, 1)]


async def _refuse(*args) -> None:
    raise ConnectionError("full")


async def test_a_frame_that_names_earlier_crops_is_not_published_once_its_run_is_deleted(stage, monkeypatch):
    stage.show(still(0), still(1))
    await stage.handle(frame(0))
    crop = stage.handler._cropper.crop

    async def while_it_is_deleted(*args):
        made = await crop(*args)
        stage.unwanted.apply(deletion())
        return made

    monkeypatch.setattr(stage.handler._cropper, "crop", while_it_is_deleted)
    await stage.handle(frame(1))
    assert len(stage.events) == 1


async def test_it_may_be_turned_off(stage):
    stage.restart(reused_ms=0)
    stage.show(still(0), still(1))
    for index in range(2):
        await stage.handle(frame(index))
    assert crops_keys(stage) == [keys.run_crops(SITE, RUN, index) for index in (0, 1)]
