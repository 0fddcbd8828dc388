"""The handler with the in-memory broker and store: what goes in, what comes out, what failure leads to."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
import structlog

from chassis.consume import Invalid
from chassis.metrics import Metrics
from chassis.records import Record
from chassis.testing import ManualClock, MemoryObjects, MemoryProducer
from cropper.handle import Handler
from cropper.pictures import Pictures
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


class Room:
    """A cropper with everything in memory; `restart` forgets what it remembers."""

    def __init__(self) -> None:
        self.objects, self.producer, self.metrics = MemoryObjects(), MemoryProducer(), Metrics()
        self.objects.objects[LAYOUT_KEY] = LAYOUT.to_json()
        for index in range(4):
            self.objects.objects[keys.run_frame(SITE, RUN, index)] = jpeg(index)
        self.restart()

    def restart(self) -> None:
        self.handler = Handler(
            self.objects, Pictures(self.objects, 2), self.producer, changed_at=0.02, clock=ManualClock(),
            metrics=self.metrics, log=structlog.get_logger(),
        )  # fmt: skip

    async def take(self, event) -> None:
        await self.handler.handle(record(event))

    @property
    def events(self) -> list[CropReady]:
        sent = [decode(each.topic, each.key, each.value, each.headers).event for each in self.producer.sent]
        return [event for event in sent if isinstance(event, CropReady)]


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_frame_becomes_one_object_and_one_event(room):
    await room.take(frame(0))
    (event,) = room.events
    assert event.crops_key == keys.run_crops(SITE, RUN, 0)
    assert event.layout_version == 3
    stored = room.objects.objects[event.crops_key]
    assert [crop.table_id for crop in event.crops] == ["tbl_a", "tbl_b"]
    assert sum(crop.length for crop in event.crops) == len(stored)
    for crop in event.crops:
        part = stored[crop.offset : crop.offset + crop.length]
        assert cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_COLOR) is not None
        assert crop.changed is None


async def test_change_is_measured_against_the_named_predecessor(room):
    await room.take(frame(0))
    await room.take(frame(1))
    first, second = room.events[1].crops
    assert (first.changed, second.changed) == (True, False)


async def test_a_restart_changes_no_byte(room):
    for index in range(3):
        await room.take(frame(index))
    objects, events = dict(room.objects.objects), room.events
    room.restart()
    await room.take(frame(2))
    assert room.objects.objects == objects
    assert room.events[-1] == events[-1]
    assert [dict(each.headers)["ce_id"] for each in room.producer.sent[-2:]] == [
        dict(room.producer.sent[-1].headers)["ce_id"]
    ] * 2


async def test_the_predecessor_is_not_fetched_again(room):
    await room.take(frame(0))
    del room.objects.objects[keys.run_frame(SITE, RUN, 0)]
    await room.take(frame(1))
    assert room.events[1].crops[0].changed is True


async def test_a_gone_frame_is_counted_and_told_without_crops(room):
    del room.objects.objects[keys.run_frame(SITE, RUN, 1)]
    await room.take(frame(1))
    (event,) = room.events
    assert (event.last, event.crops, event.crops_key) == (False, (), None)
    assert room.metrics.value("objects_gone_total", what="frame") == 1


async def test_last_passes_on_even_when_the_frame_is_gone(room):
    del room.objects.objects[keys.run_frame(SITE, RUN, 1)]
    await room.take(frame(1, last=True))
    (event,) = room.events
    assert (event.last, event.crops, event.crops_key, event.layout_key) == (True, (), None, LAYOUT_KEY)


@pytest.mark.parametrize("changes", [{"make": ("frames",)}, {"layout_key": None}])
async def test_without_tables_only_the_last_marker(room, changes):
    await room.take(frame(0, **changes))
    await room.take(frame(1, last=True, object_key=None, **changes))
    (event,) = room.events
    assert (event.last, event.crops, event.frame_key) == (True, (), None)


async def test_a_broken_picture_is_invalid_and_last_still_passes_on(room):
    room.objects.objects[keys.run_frame(SITE, RUN, 0)] = b"no picture"
    with pytest.raises(Invalid, match="unreadable_frame"):
        await room.take(frame(0, last=True))
    assert [event.last for event in room.events] == [True]


async def test_a_broken_predecessor_only_costs_the_comparison(room):
    room.objects.objects[keys.run_frame(SITE, RUN, 0)] = b"no picture"
    await room.take(frame(1))
    assert [crop.change for crop in room.events[0].crops] == [None, None]


async def test_a_record_that_is_none_of_ours_is_invalid(room):
    with pytest.raises(Invalid, match="missing_header"):
        await room.handler.handle(Record("frame.extracted", 0, 0, 0, b"k", b"{}"))


async def test_a_deleted_run_loses_its_crops_and_gets_no_more(room):
    await room.take(frame(0))
    delete = VideoCommand(
        command_id="cmd_1", video_id="vid_1", run_id=RUN, site_id=SITE, camera_id=None, action="delete", actor="key_1",
        requested_at=T0,
    )  # fmt: skip
    await room.take(delete)
    assert keys.run_crops(SITE, RUN, 0) not in room.objects.objects
    room.restart()
    room.handler.learn(record(delete))
    await room.take(frame(1, last=True))
    assert len(room.events) == 1


async def test_a_store_that_fails_tells_nobody(room):
    room.objects.fail = ConnectionError("down")
    with pytest.raises(ConnectionError):
        await room.take(frame(0))
    assert room.producer.sent == []


async def test_only_frames_that_are_wanted_for_tables_are_counted_by_their_end(room):
    del room.objects.objects[keys.run_frame(SITE, RUN, 1)]
    await room.take(frame(0))
    await room.take(frame(1))
    await room.take(frame(2, make=("frames",)))
    assert room.metrics.value("frames_total", outcome="dropped", reason="nothing_to_cut") == 1
