"""Dispatch with the in-memory broker and store and a scripted classifier."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from tests.support.doubles import ManualClock, MemoryProducer

from chassis.attempts import Attempts
from chassis.consume import ConsumeOptions, Invalid
from chassis.deadletters import DeadLetters
from chassis.metrics import Metrics
from chassis.partition_state import PartitionState
from chassis.records import Record, TopicPartition
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dispatch.deadlines import Deadlines
from classifier_gateway.dispatch.handle import Handler
from events.cameras import CameraLayouts
from events.runs import UnwantedRuns
from inference import Judgement, TableVerdict, Unavailable, Unreadable
from objects.testing import MemoryObjects
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
from tablewatch_schemas.judgement import FrameJudgement
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Manifest, Sampling, Thresholds

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # where ManualClock starts
SITE, RUN, CAMERA = "site_1", "run_1", "cam_1"
LAYOUT_KEY = keys.layout(SITE, CAMERA, 1)
TABLES = ("tbl_a", "tbl_b")


def layout() -> Layout:
    polygon = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4))
    tables = tuple(
        LayoutTable(table_id=name, label=f"Table {name[-1]}", seats=2, section_id=None, polygon=polygon, top=None)
        for name in TABLES
    )
    return Layout(
        layout_key=LAYOUT_KEY, site_id=SITE, camera_id=CAMERA, version=1, created_at=NOW, width=640, height=360,
        tables=tables, floor=(), ignore=(((0.5, 0.0), (0.9, 0.0), (0.9, 0.3)),),
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
        frame_key="frames/site_1/f.jpg", crops_key="crops/c.bin", layout_key=LAYOUT_KEY, layout_version=1, width=640,
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
        self.doubt: str | None = None
        self.requests = []

    async def classify(self, request):
        self.requests.append(request)
        if self.fail:
            raise self.fail
        label = "free" if self.doubt is None else "unknown"
        verdicts = tuple(TableVerdict(each.table_id, label, 0.8, 0, 1, self.doubt) for each in request.regions)
        return Judgement(verdicts, (), "m", "1", "none", 0, 0)

    async def close(self): ...


class Stage:
    def __init__(self, attempt_s: float = 0.001) -> None:
        self.clock, self.metrics, self.producer = ManualClock(), Metrics(), MemoryProducer()
        self.objects, self.classifier = MemoryObjects(), Scripted()
        self.objects.objects |= {
            LAYOUT_KEY: layout().to_json(),
            keys.manifest(SITE, RUN): manifest().to_json(),
            "frames/site_1/f.jpg": b"frame",
            "crops/c.bin": b"aaabbb",
        }
        log = structlog.get_logger()
        options = ClientOptions(in_flight=2, timeout_s=15)
        client = ClassifierClient(self.classifier, options, clock=self.clock, metrics=self.metrics, log=log)
        self.unwanted, self.layouts = UnwantedRuns(), CameraLayouts()
        self.handler = Handler(
            self.objects, client, self.producer, Deadlines(live_s=10, attempt_s=attempt_s, run_s=600), self.unwanted,
            self.layouts, clock=self.clock, metrics=self.metrics,
        )  # fmt: skip

    async def handle(self, event) -> list[TableEvidence]:
        """The evidence that the event leads to."""
        before = len(self.producer.sent)
        await self.handler.handle(record(event))
        return self.published(self.producer.sent[before:])

    def published(self, sent=None) -> list[TableEvidence]:
        """Evidence on its topic."""
        sent = self.producer.sent if sent is None else sent
        found = [decode_as(TableEvidence, each.key, each.value, each.headers).event for each in sent]
        return [each for each in found if each is not None]

    async def settle(self, event) -> None:
        """The event as a consumer handles it: retried until it is done with. A wait takes no time here."""

        async def passing(seconds):
            await asyncio.sleep(0)
            self.clock.advance(max(seconds, 0.01))

        self.clock.sleep = passing
        log = structlog.get_logger()
        attempts = Attempts(
            ConsumeOptions(group="g", topics=("t",), busy_on=(OSError,)), self.handler.handle,
            DeadLetters("g", self.producer, clock=self.clock, metrics=self.metrics, log=log),
            clock=self.clock, metrics=self.metrics, beat=lambda: None, log=log,
        )  # fmt: skip
        await attempts.process(PartitionState(TopicPartition("crop.ready", 0), live=False), record(event))


def record(event) -> Record:
    made = encode(event, source="tablewatch/test", time=NOW)
    return Record(made.topic, 0, 0, 0, made.key, made.value, made.headers)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_crops_become_a_verdict_for_each_table(stage):
    first, second = await stage.handle(ready())
    assert (first.kind, first.table_id, first.label, first.confidence) == ("verdict", "tbl_a", "free", 0.8)
    assert (second.crop.offset, second.crop.length, second.source_id) == (3, 3, RUN)
    assert (first.model.name, first.layout_version, first.things) == ("m", 1, 1)
    (request,) = stage.classifier.requests
    assert request.ignore == layout().ignore
    assert (request.jpeg, dict(request.crops)) == (b"frame", {"tbl_a": b"aaa", "tbl_b": b"bbb"})


async def test_the_reason_of_a_doubtful_verdict_is_published(stage):
    stage.classifier.doubt = "faint_person"
    assert {(each.label, each.reason) for each in await stage.handle(ready())} == {("unknown", "faint_person")}


async def test_what_was_seen_is_stored_before_the_evidence_that_names_it(stage):
    order = []
    put, send_all = stage.objects.put, stage.producer.send_all

    async def storing(key, data, content_type="application/octet-stream", *, final=False):
        order.append(key)
        await put(key, data, content_type, final=final)

    async def sending(messages):
        order.extend(message.topic for message in messages)
        await send_all(messages)

    stage.objects.put, stage.producer.send_all = storing, sending
    key = keys.run_judgement(SITE, RUN, 0)
    found = await stage.handle(ready())
    assert order == [key, "table.evidence", "table.evidence"]
    assert {each.judgement_key for each in found} == {key}
    judged = FrameJudgement.parse(stage.objects.objects[key])
    assert (judged.frame_key, judged.layout_key, judged.rule) == ("frames/site_1/f.jpg", LAYOUT_KEY, "none")
    assert (judged.width, judged.height, judged.model.name) == (640, 360, "m")
    assert [(each.table_id, each.label, each.confidence) for each in judged.tables] == [
        (each.table_id, each.label, each.confidence) for each in found
    ]
    first = stage.objects.objects[key]
    await stage.handle(ready())
    assert stage.objects.objects[key] == first, "a redelivery overwrites with the same bytes"


async def test_a_live_judgement_lies_beside_its_frame(stage):
    live = ready(run=None)
    (first, _) = await stage.handle(live)
    assert first.judgement_key == keys.live_judgement(SITE, CAMERA, live.captured_at)


async def test_no_judgement_of_what_was_not_judged(stage):
    del stage.objects.objects["crops/c.bin"]
    found = await stage.handle(ready(last=True))
    assert {each.judgement_key for each in found} == {None}
    assert not [key for key in stage.objects.objects if key.startswith("judgements/")]


async def test_while_the_store_takes_no_judgement_nothing_is_published_or_judged_again(stage):
    put = stage.objects.put

    async def full(key, data, content_type="application/octet-stream", *, final=False):
        if stage.clock.monotonic() < 700:
            assert not stage.producer.sent
            raise ConnectionError("object store: full")
        await put(key, data, content_type, final=final)

    stage.objects.put = full
    await stage.settle(ready())
    assert [each.kind for each in stage.published()] == ["verdict"] * 2, "although the deadline of the run is past"
    assert len(stage.classifier.requests) == 1


async def test_deleting_a_run_deletes_its_judgements(stage):
    await stage.handle(ready())
    stage.objects.objects[other := keys.run_judgement(SITE, "run_2", 0)] = b"{}"
    await stage.handle(command("cancel"))
    assert keys.run_judgement(SITE, RUN, 0) in stage.objects.objects
    await stage.handle(command("delete"))
    assert [key for key in stage.objects.objects if key.startswith("judgements/")] == [other]


async def test_a_frame_that_is_judged_while_its_run_is_deleted_leaves_no_judgement(monkeypatch):
    stage = Stage(attempt_s=15)  # of the real clock: in a millisecond a busy machine deletes nothing
    judge = stage.classifier.classify

    async def slowly(request):
        await stage.handle(command("delete"))
        return await judge(request)

    monkeypatch.setattr(stage.classifier, "classify", slowly)
    evidence = await stage.handle(ready())
    assert stage.classifier.requests
    assert {each.kind for each in evidence} == {"end"}, "of the deletion; nothing names what is not there"
    assert [key for key in stage.objects.objects if key.startswith("judgements/")] == []


async def test_a_run_brings_its_thresholds_and_holds_for_three_frames(stage):
    (first, _) = await stage.handle(ready())
    limits = first.thresholds
    assert (limits.enter_ms, limits.leave_ms, limits.hold_ms, limits.ttl_ms) == (1, 2, 3, 60_000)


async def test_evidence_of_a_run_names_its_video(stage):
    found = await stage.handle(ready(last=True)) + await stage.handle(command("cancel"))
    assert {each.kind for each in found} == {"verdict", "end"}
    assert {each.video_id for each in found} == {"vid_1"}
    assert {each.video_id for each in await stage.handle(ready(run=None, video_id=None))} == {None}


async def test_a_live_frame_has_its_camera_as_source_and_the_folds_thresholds(stage):
    (first, _) = await stage.handle(ready(run=None))
    assert (first.source_id, first.thresholds, first.run_id) == (CAMERA, None, None)


async def test_the_last_frame_ends_every_table_of_the_layout_after_its_verdicts(stage):
    found = await stage.handle(ready(last=True))
    assert [(each.kind, each.table_id) for each in found] == [
        ("verdict", "tbl_a"), ("verdict", "tbl_b"), ("end", "tbl_a"), ("end", "tbl_b"),
    ]  # fmt: skip


async def test_a_last_marker_without_picture_ends_too(stage):
    found = await stage.handle(ready(last=True, crops=(), crops_key=None, frame_key=None))
    assert [each.kind for each in found] == ["end", "end"]
    assert await stage.handle(ready(last=True, crops=(), crops_key=None, frame_key=None, make=("frames",))) == []


async def test_what_is_gone_is_unavailable_and_the_end_still_comes(stage):
    del stage.objects.objects["crops/c.bin"]
    found = await stage.handle(ready(last=True))
    assert [(each.kind, each.reason) for each in found] == [("unavailable", "gone")] * 2 + [("end", None)] * 2
    assert stage.metrics.value("objects_gone_total", what="crops") == 1


@pytest.mark.parametrize(
    ("key", "what"), [("frames/site_1/f.jpg", "frame"), ("crops/c.bin", "crops"), (LAYOUT_KEY, "layout")]
)
async def test_what_is_gone_is_counted_by_its_name(stage, key, what):
    del stage.objects.objects[key]
    found = await stage.handle(ready())
    assert [each.reason for each in found] == ["gone"] * 2
    counted = {each: stage.metrics.value("objects_gone_total", what=each) for each in ("frame", "crops", "layout")}
    assert {each for each, count in counted.items() if count} == {what}


async def test_an_unreadable_frame_is_invalid_and_the_end_still_comes(stage):
    stage.classifier.fail = Unreadable("no picture")
    with pytest.raises(Invalid, match="unreadable_frame"):
        await stage.handle(ready(last=True))
    assert len(stage.producer.sent) == 2


async def test_a_late_live_frame_is_unavailable_without_asking(stage):
    found = await stage.handle(ready(run=None, age_s=11))
    assert [(each.kind, each.reason) for each in found] == [("unavailable", "late")] * 2
    assert stage.classifier.requests == []


async def test_a_live_frame_that_nobody_answers_is_unavailable(stage):
    stage.handler._deadlines = Deadlines(live_s=1.001, run_s=600)
    stage.classifier.fail = Unavailable("down")

    async def later(seconds):
        stage.clock.advance(max(seconds, 0.01))

    stage.clock.sleep = later
    found = await stage.handle(ready(run=None))
    assert [each.kind for each in found] == ["unavailable"] * 2
    assert "down" in (found[0].reason or "")


async def test_a_run_waits_until_its_deadline_and_then_goes_on(stage):
    stage.classifier.fail = Unavailable("down")
    await stage.settle(ready())
    assert [each.kind for each in stage.published()] == ["unavailable"] * 2
    assert 600 <= stage.clock.monotonic() < 620


async def test_waiting_for_the_store_uses_up_no_time_of_the_deadline(stage):
    async def away(key):
        if stage.clock.monotonic() < 700:
            raise ConnectionError("object store: away")
        return stage.objects.objects[key]

    stage.objects.get = away
    await stage.settle(ready())
    assert [each.kind for each in stage.published()] == ["verdict"] * 2
    assert stage.clock.monotonic() < 706, "asked at least every five seconds"


async def test_the_deadline_of_a_redelivered_record_begins_anew(stage):
    stage.classifier.fail = Unavailable("down")
    waiting = asyncio.create_task(stage.settle(ready()))
    while not stage.clock.monotonic():
        await asyncio.sleep(0)
    waiting.cancel()  # as a consumer does whose partition is revoked: mostly between two tries
    await asyncio.gather(waiting, return_exceptions=True)
    stage.clock.advance(601)
    stage.classifier.fail = None
    await stage.settle(ready())
    assert [each.kind for each in stage.published()] == ["verdict"] * 2


async def test_a_deleted_run_is_ended_and_its_late_frames_are_dropped(stage):
    found = await stage.handle(command("delete"))
    assert [(each.kind, each.table_id, each.reason, each.run_id) for each in found] == [
        ("end", "tbl_a", "deleted", RUN), ("end", "tbl_b", "deleted", RUN),
    ]  # fmt: skip
    assert await stage.handle(ready(last=True)) == []
    assert stage.metrics.value("dropped_total", what="crops", reason="run_unwanted") == 1


async def test_a_cancel_ends_the_tables_and_a_retry_publishes_nothing(stage):
    assert {each.reason for each in await stage.handle(command("cancel"))} == {"cancelled"}
    assert await stage.handle(command("retry")) == []
    assert len(await stage.handle(ready())) == 2


async def test_a_command_for_a_run_without_manifest_or_tables_publishes_nothing(stage):
    stage.objects.objects[keys.manifest(SITE, RUN)] = manifest(make=("frames",)).to_json()
    assert await stage.handle(command("delete")) == []
    other = Stage()
    del other.objects.objects[keys.manifest(SITE, RUN)]
    assert await other.handle(command("delete")) == []
    assert other.metrics.value("objects_gone_total", what="manifest") == 1
    other.layouts.apply_record(record(camera(2)))
    assert [each.reason for each in await other.handle(command("delete"))] == ["deleted"] * 2


async def test_commands_of_before_a_restart_are_known(stage):
    stage.unwanted.apply_record(record(command("cancel")))
    stage.unwanted.apply_record(Record("video.command", 0, 0, 0, b"k", b"not json"))
    assert await stage.handle(ready()) == []


def camera(version=1) -> CameraConfig:
    return CameraConfig(
        camera_id=CAMERA, site_id=SITE, version=version, name="door", enabled=True,
        source=CameraConfigSource(type="file", address="x", secret_ref=None), cadence_ms=1000, max_age_ms=10_000,
        layout_key=LAYOUT_KEY if version > 1 else None, layout_version=1, updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(("status", "label"), [("dark", "unknown"), ("offline", "unknown"), ("live", None)])
async def test_health_reaches_the_tables_of_the_camera(stage, status, label):
    event = CameraStatus(
        camera_id=CAMERA, site_id=SITE, version=3, status=status, reason="why", since=NOW, observed_at=NOW,
        last_frame_at=None, snapshot_key=None,
    )  # fmt: skip
    assert await stage.handle(event) == []
    stage.layouts.apply_record(record(camera(2)))
    stage.layouts.apply_record(record(camera(1)))
    found = await stage.handle(event)
    assert [(each.kind, each.table_id, each.label, each.source_id) for each in found] == [
        ("camera", "tbl_a", label, CAMERA), ("camera", "tbl_b", label, CAMERA),
    ]  # fmt: skip


async def test_a_signal_reaches_its_table(stage):
    event = TableSignal(
        signal_id="sig_1", site_id=SITE, run_id=None, table_id="tbl_a", state="reserved", source="staff", reason=None,
        actor=None, signalled_at=NOW, expires_at=None,
    )  # fmt: skip
    (found,) = await stage.handle(event)
    assert (found.kind, found.label, found.source_id, found.table_id) == ("signal", "reserved", "staff", "tbl_a")


async def test_evidence_has_the_same_ids_when_it_is_made_again(stage):
    await stage.handle(ready(last=True))
    await stage.handle(ready(last=True))
    ids = [dict(each.headers)["ce_id"] for each in stage.producer.sent]
    assert ids[:4] == ids[4:] and len(set(ids)) == 4


@pytest.mark.parametrize(
    ("age_s", "waits", "kinds"),
    [(4, True, ["verdict"]), (6, True, ["unavailable"]), (6, False, ["verdict"]), (11, True, ["unavailable"])],
)
async def test_of_live_frames_that_wait_the_older_is_dropped_before_it_is_late(stage, age_s, waits, kinds):
    stage.handler._has_newer = lambda _record: waits
    found = await stage.handle(ready(None, age_s))
    assert sorted({each.kind for each in found}) == kinds
    if age_s == 6 and waits:
        assert {each.reason for each in found} == {"superseded"}
        assert stage.metrics.value("frames_total", outcome="dropped", reason="superseded", lane="live") == 1


async def test_a_run_is_never_superseded(stage):
    stage.handler._has_newer = lambda _record: True
    assert {each.kind for each in await stage.handle(ready(age_s=3600))} == {"verdict"}


async def test_every_frame_is_counted_by_its_end(stage):
    assert b'frames_total{lane="live",outcome="classified",reason=""} 0.0' in stage.metrics.exposition()
    await stage.handle(ready())
    assert stage.metrics.value("frames_total", outcome="classified", reason="", lane="run") == 1
    del stage.objects.objects["crops/c.bin"]
    await stage.handle(ready(frame_id="another"))
    assert stage.metrics.value("frames_total", outcome="dropped", reason="gone", lane="run") == 1
    await stage.handle(command("cancel"))
    await stage.handle(ready(frame_id="late"))
    assert stage.metrics.value("frames_total", outcome="dropped", reason="run_unwanted", lane="run") == 1
    assert stage.metrics.value("frames_total", outcome="classified", reason="", lane="run") == 1


async def test_every_kind_of_evidence_says_what_its_table_is_called(stage):
    stage.layouts.apply_record(record(camera(2)))
    status = CameraStatus(
        camera_id=CAMERA, site_id=SITE, version=3, status="dark", reason="why", since=NOW, observed_at=NOW,
        last_frame_at=None, snapshot_key=None,
    )  # fmt: skip
    found = await stage.handle(ready(last=True)) + await stage.handle(status) + await stage.handle(camera(3))
    found += await stage.handle(ready(run=None, age_s=11)) + await stage.handle(command("cancel"))
    assert {each.kind for each in found} == {"verdict", "unavailable", "end", "camera", "name"}
    assert {(each.table_id, each.table_label) for each in found} == {("tbl_a", "Table a"), ("tbl_b", "Table b")}


async def test_a_layout_gives_its_tables_their_names(stage):
    first, second = await stage.handle(camera(2))
    assert (first.kind, first.table_id, first.table_label, first.layout_version) == ("name", "tbl_a", "Table a", 1)
    assert (first.run_id, first.source_id, first.captured_at, second.table_label) == (None, CAMERA, NOW, "Table b")
    assert await stage.handle(camera(1)) == [], "a camera without a layout"
    del stage.objects.objects[LAYOUT_KEY]
    assert await Stage().handle(camera(1)) == []


async def test_where_the_layout_is_gone_evidence_has_no_name(stage):
    del stage.objects.objects[LAYOUT_KEY]
    assert [(each.kind, each.table_label) for each in await stage.handle(ready())] == [("unavailable", None)] * 2
    assert await stage.handle(camera(2)) == []


async def test_a_verdict_says_how_large_its_zone_is_and_when_its_layout_was_drawn(stage):
    published = await stage.handle(ready(run=None))
    assert [(each.zone_pixels, each.layout_created_at) for each in published] == [(192 * 108, NOW)] * 2
