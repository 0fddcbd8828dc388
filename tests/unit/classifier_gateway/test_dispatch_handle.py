"""Dispatch with the in-memory broker and store and a scripted classifier."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from chassis.attempts import Attempts
from chassis.consume import ConsumeOptions, Invalid
from chassis.flow import Flow
from chassis.metrics import Metrics
from chassis.records import Partition, Record
from chassis.testing import ManualClock, MemoryObjects, MemoryProducer
from classifier_gateway.dispatch.ask import Asker, AskOptions
from classifier_gateway.dispatch.handle import Dispatch
from classifier_gateway.dispatch.patience import Patience
from inference import TableVerdict, Unavailable, Unreadable
from tablewatch_schemas import (
    CameraConfig,
    CameraConfigSource,
    CameraStatus,
    CropReady,
    CropReadyCrop,
    TableEvidence,
    TableSignal,
    VideoCommand,
    decode_as,
    encode,
    keys,
    replace,
)
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Manifest, Sampling, Thresholds

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # where ManualClock starts
SITE, RUN, CAMERA = "site_1", "run_1", "cam_1"
LAYOUT_KEY = keys.layout(SITE, CAMERA, 1)
TABLES = ("tbl_a", "tbl_b")


def layout() -> Layout:
    polygon = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4))
    tables = tuple(
        LayoutTable(table_id=name, label=name, seats=2, section_id=None, polygon=polygon, top=None) for name in TABLES
    )
    return Layout(
        layout_key=LAYOUT_KEY, site_id=SITE, camera_id=CAMERA, version=1, created_at=NOW, width=640, height=360,
        tables=tables, floor=(),
    )  # fmt: skip


def manifest(**changes) -> Manifest:
    made = Manifest(
        run_id=RUN, video_id="vid_1", site_id=SITE, camera_id=CAMERA, layout_key=LAYOUT_KEY,
        sampling=Sampling(mode="cadence", every_ms=20_000), make=("tables",), started_at=NOW, model=None,
        thresholds=Thresholds(enter_ms=1, leave_ms=2, hold_ms=3, ttl_ms=4), created_at=NOW,
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def ready(run=RUN, age_s=1.0, **changes) -> CropReady:
    crops = tuple(
        CropReadyCrop(table_id=name, offset=3 * index, length=3, box=(0.1, 0.1, 0.4, 0.4), changed=None, change=None)
        for index, name in enumerate(TABLES)
    )
    made = CropReady(
        frame_id="frame_1", site_id=SITE, camera_id=CAMERA, run_id=run, video_id=run and "vid_1",
        index=0 if run else None, media_ms=0 if run else None, captured_at=NOW - timedelta(seconds=age_s),
        frame_key="frames/f.jpg", crops_key="crops/c.bin", layout_key=LAYOUT_KEY, layout_version=1, width=640,
        height=360, crops=crops, make=("tables",), last=False,
    )  # fmt: skip
    return replace(made, **changes)


def command(action: str) -> VideoCommand:
    return VideoCommand(
        command_id="cmd_1", video_id="vid_1", run_id=RUN, site_id=SITE, camera_id=CAMERA, action=action, actor="key_1",
        requested_at=NOW,
    )  # fmt: skip


class Scripted:
    name, version = "scripted", "1"

    def __init__(self) -> None:
        self.fail: Exception | None = None
        self.requests = []

    async def classify(self, request):
        self.requests.append(request)
        if self.fail:
            raise self.fail
        return [TableVerdict(each.table_id, "free", 0.8, 0, 1, "m", "1") for each in request.regions]

    async def close(self): ...


class Room:
    def __init__(self) -> None:
        self.clock, self.metrics, self.producer = ManualClock(), Metrics(), MemoryProducer()
        self.objects, self.classifier = MemoryObjects(), Scripted()
        self.objects.objects |= {
            LAYOUT_KEY: layout().to_json(),
            keys.manifest(SITE, RUN): manifest().to_json(),
            "frames/f.jpg": b"frame",
            "crops/c.bin": b"aaabbb",
        }
        log = structlog.get_logger()
        asker = Asker(self.classifier, AskOptions(), clock=self.clock, metrics=self.metrics, log=log)
        self.dispatch = Dispatch(
            self.objects, asker, self.producer, Patience(live_s=10, turn_s=0.001, run_s=600),
            clock=self.clock, metrics=self.metrics, log=log,
        )  # fmt: skip

    async def take(self, event) -> list[TableEvidence]:
        """What the event leads to."""
        before = len(self.producer.sent)
        await self.dispatch.handle(record(event))
        sent = self.producer.sent[before:]
        return self.said(sent)

    def said(self, sent=None) -> list[TableEvidence]:
        """Evidence on its topic."""
        sent = self.producer.sent if sent is None else sent
        found = [decode_as(TableEvidence, each.key, each.value, each.headers).event for each in sent]
        return [each for each in found if each is not None]

    async def settle(self, event) -> None:
        """The event as a consumer handles it: again and again until it is done with. A wait takes no time here."""

        async def passing(seconds):
            await asyncio.sleep(0)
            self.clock.advance(max(seconds, 0.01))

        self.clock.sleep = passing
        attempts = Attempts(
            ConsumeOptions(group="g", topics=("t",), busy_on=(OSError,)), self.dispatch.handle, self.producer,
            clock=self.clock, metrics=self.metrics, beat=lambda: None, log=structlog.get_logger(),
        )  # fmt: skip
        await attempts.settle(Flow(Partition("crop.ready", 0), live=False), record(event))


def record(event) -> Record:
    made = encode(event, source="tablewatch/test", time=NOW)
    return Record(made.topic, 0, 0, 0, made.key, made.value, made.headers)


@pytest.fixture
def room() -> Room:
    return Room()


async def test_crops_become_a_verdict_for_each_table(room):
    first, second = await room.take(ready())
    assert (first.kind, first.table_id, first.label, first.confidence) == ("verdict", "tbl_a", "free", 0.8)
    assert (second.crop.offset, second.crop.length, second.source_id) == (3, 3, RUN)
    assert (first.model.name, first.layout_version, first.things) == ("m", 1, 1)
    (request,) = room.classifier.requests
    assert (request.jpeg, dict(request.crops)) == (b"frame", {"tbl_a": b"aaa", "tbl_b": b"bbb"})


async def test_a_run_brings_its_thresholds_and_holds_for_three_frames(room):
    (first, _) = await room.take(ready())
    limits = first.thresholds
    assert (limits.enter_ms, limits.leave_ms, limits.hold_ms, limits.ttl_ms) == (1, 2, 3, 60_000)


async def test_what_is_said_of_a_run_names_its_video(room):
    said = await room.take(ready(last=True)) + await room.take(command("cancel"))
    assert {each.kind for each in said} == {"verdict", "end"}
    assert {each.video_id for each in said} == {"vid_1"}
    assert {each.video_id for each in await room.take(ready(run=None, video_id=None))} == {None}


async def test_a_live_frame_has_its_camera_as_source_and_the_folds_thresholds(room):
    (first, _) = await room.take(ready(run=None))
    assert (first.source_id, first.thresholds, first.run_id) == (CAMERA, None, None)


async def test_the_last_frame_ends_every_table_of_the_layout_after_its_verdicts(room):
    found = await room.take(ready(last=True))
    assert [(each.kind, each.table_id) for each in found] == [
        ("verdict", "tbl_a"), ("verdict", "tbl_b"), ("end", "tbl_a"), ("end", "tbl_b"),
    ]  # fmt: skip


async def test_a_last_marker_without_picture_ends_too(room):
    found = await room.take(ready(last=True, crops=(), crops_key=None, frame_key=None))
    assert [each.kind for each in found] == ["end", "end"]
    assert await room.take(ready(last=True, crops=(), crops_key=None, frame_key=None, make=("frames",))) == []


async def test_what_is_gone_is_unavailable_and_the_end_still_comes(room):
    del room.objects.objects["crops/c.bin"]
    found = await room.take(ready(last=True))
    assert [(each.kind, each.reason) for each in found] == [("unavailable", "gone")] * 2 + [("end", None)] * 2
    assert room.metrics.value("objects_gone_total", what="crops") == 1


async def test_an_unreadable_frame_is_invalid_and_the_end_still_comes(room):
    room.classifier.fail = Unreadable("no picture")
    with pytest.raises(Invalid, match="unreadable_frame"):
        await room.take(ready(last=True))
    assert len(room.producer.sent) == 2


async def test_a_late_live_frame_is_unavailable_without_asking(room):
    found = await room.take(ready(run=None, age_s=11))
    assert [(each.kind, each.reason) for each in found] == [("unavailable", "late")] * 2
    assert room.classifier.requests == []


async def test_a_live_frame_that_nobody_answers_is_unavailable(room):
    room.dispatch._patience = Patience(live_s=1.001)
    room.classifier.fail = Unavailable("down")

    async def later(seconds):
        room.clock.advance(max(seconds, 0.01))

    room.clock.sleep = later
    found = await room.take(ready(run=None))
    assert [each.kind for each in found] == ["unavailable"] * 2
    assert "down" in (found[0].reason or "")


async def test_a_run_waits_and_then_goes_on(room):
    room.classifier.fail = Unavailable("down")
    await room.settle(ready())
    assert [each.kind for each in room.said()] == ["unavailable"] * 2
    assert 600 <= room.clock.monotonic() < 620


async def test_waiting_for_the_store_uses_up_no_patience(room):
    async def away(key):
        if room.clock.monotonic() < 700:
            raise ConnectionError("object store: away")
        return room.objects.objects[key]

    room.objects.get = away
    await room.settle(ready())
    assert [each.kind for each in room.said()] == ["verdict"] * 2
    assert room.clock.monotonic() < 706, "asked at least every five seconds"


async def test_a_record_that_was_taken_away_while_it_waited_begins_anew_when_it_comes_back(room):
    room.classifier.fail = Unavailable("down")
    waiting = asyncio.create_task(room.settle(ready()))
    while not room.clock.monotonic():
        await asyncio.sleep(0)
    waiting.cancel()  # as a consumer does whose partition is revoked: mostly between two tries
    await asyncio.gather(waiting, return_exceptions=True)
    room.clock.advance(601)
    room.classifier.fail = None
    await room.settle(ready())
    assert [each.kind for each in room.said()] == ["verdict"] * 2


async def test_a_deleted_run_is_ended_and_its_late_frames_are_dropped(room):
    found = await room.take(command("delete"))
    assert [(each.kind, each.table_id, each.reason, each.run_id) for each in found] == [
        ("end", "tbl_a", "deleted", RUN), ("end", "tbl_b", "deleted", RUN),
    ]  # fmt: skip
    assert await room.take(ready(last=True)) == []
    assert room.metrics.value("dropped_total", what="crops", reason="run_unwanted") == 1


async def test_a_cancel_says_so_and_a_retry_says_nothing(room):
    assert {each.reason for each in await room.take(command("cancel"))} == {"cancelled"}
    assert await room.take(command("retry")) == []
    assert len(await room.take(ready())) == 2


async def test_a_command_for_a_run_without_manifest_or_tables_says_nothing(room):
    room.objects.objects[keys.manifest(SITE, RUN)] = manifest(make=("frames",)).to_json()
    assert await room.take(command("delete")) == []
    other = Room()
    del other.objects.objects[keys.manifest(SITE, RUN)]
    assert await other.take(command("delete")) == []
    assert other.metrics.value("objects_gone_total", what="manifest") == 1
    other.dispatch.learn(record(camera(2)))
    assert [each.reason for each in await other.take(command("delete"))] == ["deleted"] * 2


async def test_what_was_commanded_before_a_restart_is_known(room):
    room.dispatch.learn(record(command("cancel")))
    room.dispatch.learn(Record("video.command", 0, 0, 0, b"k", b"not json"))
    assert await room.take(ready()) == []


def camera(version=1) -> CameraConfig:
    return CameraConfig(
        camera_id=CAMERA, site_id=SITE, version=version, name="door", enabled=True,
        source=CameraConfigSource(type="file", address="x", secret_ref=None), cadence_ms=1000, max_age_ms=10_000,
        layout_key=LAYOUT_KEY if version > 1 else None, layout_version=1, updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(("status", "label"), [("dark", "unknown"), ("offline", "unknown"), ("live", None)])
async def test_health_reaches_the_tables_of_the_camera(room, status, label):
    said = CameraStatus(
        camera_id=CAMERA, site_id=SITE, version=3, status=status, reason="why", since=NOW, observed_at=NOW,
        last_frame_at=None, snapshot_key=None,
    )  # fmt: skip
    assert await room.take(said) == []
    room.dispatch.learn(record(camera(2)))
    room.dispatch.learn(record(camera(1)))
    found = await room.take(said)
    assert [(each.kind, each.table_id, each.label, each.source_id) for each in found] == [
        ("camera", "tbl_a", label, CAMERA), ("camera", "tbl_b", label, CAMERA),
    ]  # fmt: skip


async def test_a_signal_reaches_its_table(room):
    said = TableSignal(
        signal_id="sig_1", site_id=SITE, run_id=None, table_id="tbl_a", state="reserved", source="staff", reason=None,
        actor=None, signalled_at=NOW, expires_at=None,
    )  # fmt: skip
    (found,) = await room.take(said)
    assert (found.kind, found.label, found.source_id, found.table_id) == ("signal", "reserved", "staff", "tbl_a")


async def test_evidence_has_the_same_ids_when_it_is_made_again(room):
    await room.take(ready(last=True))
    await room.take(ready(last=True))
    ids = [dict(each.headers)["ce_id"] for each in room.producer.sent]
    assert ids[:4] == ids[4:] and len(set(ids)) == 4


async def test_every_frame_is_counted_by_its_end(room):
    assert b'frames_total{outcome="classified",reason=""} 0.0' in room.metrics.exposition()
    await room.take(ready())
    assert room.metrics.value("frames_total", outcome="classified", reason="") == 1
    del room.objects.objects["crops/c.bin"]
    await room.take(ready(frame_id="another"))
    assert room.metrics.value("frames_total", outcome="dropped", reason="gone") == 1
    await room.take(command("cancel"))
    await room.take(ready(frame_id="late"))
    assert room.metrics.value("frames_total", outcome="dropped", reason="run_unwanted") == 1
    assert room.metrics.value("frames_total", outcome="classified", reason="") == 1
