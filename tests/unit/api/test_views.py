"""Live views: which frames are waited for, that the newest wins, and where the newest is found."""

import asyncio
import errno
import itertools
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import structlog
from cachetools import TTLCache
from tests.support.doubles import ManualClock, MemoryBroker, MemoryProducer
from tests.support.doubles.broker import MemorySubscription

from api.events.camera_source import Newest
from api.events.judged import FRESH_S, Judged
from api.events.views import Slot, Views, Watched
from api.model.views import MOST_WAITING, WAIT_MS, WaitingFrames, view_document
from chassis.broker import BrokerError
from chassis.health import Health
from chassis.records import Record, TopicPartition
from events.live_cuts import LiveCuts
from objects.testing import MemoryObjects
from tablewatch_schemas import CropReady, encode, keys
from tablewatch_schemas.judgement import FrameJudgement, JudgedTable, judgement_key
from tablewatch_schemas.manifest import ModelRef
from tablewatch_schemas.times import to_ms

SITE, CAMERA, RUN = "site_1", "cam_1", "run_1"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LAYOUT_KEY = keys.layout(SITE, CAMERA, 1)


def cut(second: int, run: str | None = None, *, crops: bool = True) -> CropReady:
    at = NOW + timedelta(seconds=second)
    frame = f"{run}-{second:09d}" if run else f"{CAMERA}-{to_ms(at)}"
    return CropReady(
        frame_id=frame, site_id=SITE, camera_id=CAMERA, run_id=run, video_id=None, index=second if run else None,
        media_ms=None, captured_at=at, frame_key=f"frames/{SITE}/{frame}.jpg",
        crops_key="crops/x.bin" if crops else None,
        layout_key=LAYOUT_KEY, layout_version=1, width=640, height=360, crops=(), make=("tables",), last=False,
    )  # fmt: skip


def judged(ready: CropReady, **changes: Any) -> FrameJudgement:
    table = JudgedTable(table_id="tbl_1", label="unknown", confidence=0.5, people=0, things=0, reason="doubtful")
    values: dict[str, Any] = {
        "judgement_key": judgement_key(ready), "site_id": SITE, "camera_id": CAMERA, "run_id": ready.run_id,
        "video_id": None, "frame_id": ready.frame_id, "frame_key": ready.frame_key, "captured_at": ready.captured_at,
        "width": 640, "height": 360, "layout_key": LAYOUT_KEY, "layout_version": 1,
        "model": ModelRef(name="m", version="1"), "rule": "share", "tables": (table,), "seen": (),
    }  # fmt: skip
    return FrameJudgement(**values | changes)


def store(*ready: CropReady) -> MemoryObjects:
    objects = MemoryObjects()
    for each in ready:
        objects.objects[judgement_key(each)] = judged(each).to_json()
    return objects


class Ear:
    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class Counting(MemoryObjects):
    """Counts what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def get(self, key: str) -> bytes:
        self.asked.append(key)
        return await super().get(key)


def test_a_frame_that_nobody_judges_stands_in_the_way_of_none() -> None:
    """Most frames of a quiet camera are gated: nobody looks at them, and no judgement comes."""
    waiting = WaitingFrames()
    for number in range(10):
        waiting.add(f"k{number}", 0)
    assert waiting.due(0) == [f"k{number}" for number in range(9, -1, -1)], "all of them, the newest first"
    waiting.found("k7")
    assert waiting.due(0) == ["k9", "k8"], "nothing before it is waited for"
    waiting.found("unknown")
    waiting.add("k9", 5)
    assert waiting.due(0) == ["k9", "k8"]


def test_each_frame_is_asked_for_a_few_times_with_pauses_that_grow_and_once_at_the_end() -> None:
    waiting, asked = WaitingFrames(), []
    waiting.add("k", 1000)
    for now in range(1000, 1000 + 2 * WAIT_MS, 250):
        if waiting.due(now):
            asked.append(now - 1000)
            waiting.asked("k", now)
    assert (asked[:3], asked[-1], len(asked) < 15) == ([0, 250, 500], WAIT_MS, True)
    pauses = [later - before for before, later in itertools.pairwise(asked)]
    assert pauses[:-1] == sorted(pauses[:-1])
    assert waiting.frames == {}
    waiting.asked("k", 0)


def test_of_many_frames_that_wait_every_other_is_passed_over() -> None:
    waiting = WaitingFrames()
    for number in range(10 * MOST_WAITING):
        waiting.add(f"k{number}", 0)
    assert len(waiting.frames) <= MOST_WAITING
    assert next(iter(waiting.frames)) == "k0"
    assert waiting.due(0)[0] == f"k{10 * MOST_WAITING - 1}"


def test_a_document_tells_the_verdict_apart_from_the_name() -> None:
    document = view_document(judged(cut(1)), {"tbl_1": "Table 7"}, "http://x")
    (table,) = document["tables"]
    assert (table["label"], table["verdict"], table["reason"]) == ("Table 7", "unknown", "doubtful")
    assert table["reason_text"].startswith("The classifier cannot tell")
    assert (document["url"], document["captured_at"]) == ("http://x", "2026-11-23T09:00:01.000Z")
    assert "judgement_key" not in document
    assert view_document(judged(cut(1)), {}, "")["tables"][0]["label"] is None


def test_the_newest_takes_the_place_of_those_before_and_none_goes_back() -> None:
    slot, ear = Slot(CAMERA), Ear()
    slot.listeners.add(ear)
    watched = Watched(None, {})
    watched._slots = [slot]
    for second in (1, 2, 3):
        assert slot.next(judged(cut(second)), 0) is not None
        slot.put(judged(cut(second)), {"n": second}, 30)
    assert watched.has_newer
    assert list(watched.take()) == [b'event: camera.view\ndata: {"n":3}\n\n'], "a slow reader has no backlog"
    assert slot.next(judged(cut(2)), 0) is None
    assert (watched.has_newer, list(watched.take()), ear.woken) == (False, [], 3)


class Written:
    """A topic of records; counts the reads."""

    def __init__(self, *ready: CropReady) -> None:
        self.ready, self.reads = list(ready), 0

    async def read_between(
        self, partition: TopicPartition, since_ms: int, until_ms: int
    ) -> AsyncGenerator[Record, None]:
        self.reads += 1
        for number, each in enumerate(self.ready):
            sent = encode(each, source="tablewatch/test", time=NOW)
            yield Record(sent.topic, 0, number, 0, sent.key, sent.value, tuple(sent.headers))


async def test_nothing_is_the_newest_without_a_topic() -> None:
    assert await Judged(None, MemoryObjects()).newest_live(CAMERA, NOW) is None


async def test_the_newest_of_a_camera_is_the_last_cut_one_that_was_judged() -> None:
    later = [cut(second) for second in range(5, 25)]
    topic = Written(cut(1), cut(2), cut(3), cut(4, RUN), *later, cut(26, crops=False))
    found = Judged(LiveCuts(topic, 6), store(cut(1), cut(2), cut(3)))
    newest = await found.newest_live(CAMERA, NOW)
    assert newest is not None
    assert newest.captured_at == NOW + timedelta(seconds=3)
    await found.newest_live(CAMERA, NOW)
    assert topic.reads == 1, "a second who asks at once is answered with the same"
    recent = await found.recent(CAMERA, NOW)
    assert recent.unjudged == tuple(judgement_key(each) for each in later)


async def test_what_was_found_a_moment_ago_may_end_while_somebody_asks() -> None:
    """Every look at the time finds it half a second later, so that an answer ends between two of them."""
    found, time = Judged(LiveCuts(Written(cut(1)), 6), store(cut(1))), itertools.count(0, 0.5)
    found._fresh = TTLCache(10, FRESH_S, timer=lambda: next(time))
    for _ in range(10):
        assert await found.newest_live(CAMERA, NOW) is not None


async def test_who_polls_is_not_sent_back_while_there_is_the_picture() -> None:
    objects = store()
    found = Judged(None, objects)
    newer, older = judged(cut(5)), judged(cut(3))
    await objects.put(newer.frame_key, b"jpeg")
    assert await found.no_older(CAMERA, newer) == newer
    assert [await found.no_older(CAMERA, each) for each in (older, None, newer)] == [newer] * 3
    await objects.delete(newer.frame_key)
    assert await found.no_older(CAMERA, older) == older
    assert await found.no_older("cam_2", None) is None


async def test_what_is_no_judgement_is_none() -> None:
    objects = MemoryObjects()
    objects.objects[judgement_key(cut(1))] = b"{"
    assert await Judged(None, objects).at(judgement_key(cut(1))) is None


class Broker(MemoryBroker):
    """A topic that cannot be followed while `shut`, or that fails to be."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.fail: Exception | None = None

    async def read(self, topic: str, *, newest: bool = False) -> MemorySubscription:
        if self.fail is not None:
            raise self.fail
        await self.open.wait()
        return await super().read(topic, newest=newest)


class Stage:
    """Views that run, and one stream that watches."""

    def __init__(self, topic: Written | None = None, objects: MemoryObjects | None = None) -> None:
        self.clock, self.broker, self.health, self.ear = ManualClock(NOW), Broker(), Health(), Ear()
        self.objects = objects or MemoryObjects(self.clock)
        self.judged = Judged(None if topic is None else LiveCuts(topic, 6), self.objects)
        self.views = Views(self.broker, self.judged, 60, self.health, self.clock, structlog.get_logger())
        self.shown: dict[str, dict[str, Any]] = {}
        self.sent = 0
        self.watched = Watched(None, {})
        self.running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Stage":
        self.running = asyncio.create_task(self.views.run(asyncio.Event()))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.running is not None
        assert not self.running.done(), "no view ends the process"
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def watch(self, **newest: Newest) -> None:
        self.watched = Watched(self.views, newest)
        self.watched.join(self.ear)

    async def send(self, ready: CropReady) -> None:
        await MemoryProducer(self.broker).send(encode(ready, source="tablewatch/test", time=NOW))

    async def until(self, true: Callable[[], Any], step_s: float = 0.25) -> None:
        """Let time pass until it is true."""
        async with asyncio.timeout(20):
            while not true():
                self.clock.advance(step_s)
                await asyncio.sleep(0.005)
                for data in self.watched.take():
                    document = orjson.loads(data.split(b"data: ")[1])
                    self.shown[document["run_id"] or document["camera_id"]] = document
                    self.sent += 1

    async def until_shown(self, ready: CropReady) -> None:
        await self.until(lambda: self.shown.get(ready.run_id or CAMERA, {}).get("frame_id") == ready.frame_id)


async def nothing() -> None:
    """What the tables lead to."""


def always(ready: CropReady) -> Newest:
    async def newest() -> FrameJudgement:
        return judged(ready)

    return newest


async def test_a_watched_camera_is_shown_when_its_frame_is_judged_and_others_are_not_read() -> None:
    objects = Counting()
    async with Stage(objects=objects) as stage:
        await stage.send(cut(0))
        stage.watch(cam_1=always(cut(1)))
        await stage.until_shown(cut(1))  # what was there before somebody watched
        await stage.until(lambda: stage.views._follower.opened)
        for second in (2, 3):
            await stage.send(cut(second))
        await stage.send(cut(9, RUN))
        objects.objects |= store(cut(3), cut(9, RUN)).objects
        await stage.until_shown(cut(3))
        assert keys.run_judgement(SITE, RUN, 9) not in objects.asked
        stage.watched.leave(stage.ear)
        await stage.until(lambda: not stage.views._slots and stage.views._follower._subscription is None)


async def test_a_frame_that_was_cut_before_somebody_watched_and_judged_afterwards_is_shown() -> None:
    async with Stage(Written(cut(1), cut(2)), store(cut(1))) as stage:
        stage.watch(cam_1=nothing)
        await stage.until_shown(cut(1))
        stage.objects.objects |= store(cut(2)).objects
        await stage.until_shown(cut(2))


async def test_a_frame_that_was_cut_while_the_topic_was_being_opened_is_shown() -> None:
    """The last minute is read once more after the topic is followed: what fell between is in it."""
    topic = Written(cut(1))
    async with Stage(topic, store(cut(1))) as stage:
        stage.broker.open.clear()
        stage.watch(cam_1=nothing)
        await stage.until_shown(cut(1))
        topic.ready.append(cut(2))
        stage.broker.open.set()
        await stage.until(lambda: topic.reads > 1)
        stage.objects.objects |= store(cut(2)).objects
        await stage.until_shown(cut(2))


async def test_a_run_moves_for_as_long_as_it_takes() -> None:
    """Its frames may all be cut long before they are judged, and some never are."""
    newest: list[FrameJudgement | None] = [None]

    async def known() -> FrameJudgement | None:
        return newest[0]

    async with Stage() as stage:
        stage.watch(run_1=known)
        for index in (0, 7, 199):
            stage.clock.advance(3600)
            newest[0] = judged(cut(index, RUN))
            await stage.until_shown(cut(index, RUN))


async def test_a_link_is_renewed_before_it_ends_and_what_is_gone_has_none() -> None:
    newest: list[FrameJudgement | None] = [judged(cut(1))]

    async def known() -> FrameJudgement | None:
        return newest[0]

    async with Stage() as stage:
        stage.watch(run_1=known)
        for _ in range(3):
            sent = stage.sent
            await stage.until(lambda before=sent: stage.sent > before, 2)
            ends = float(stage.shown[CAMERA]["url"].rpartition("=")[2])
            assert ends - stage.clock.now().timestamp() > 25, "it holds for a minute, and is renewed after half of it"
        newest[0], sent = None, stage.sent
        later = stage.clock.monotonic() + 120
        await stage.until(lambda: stage.clock.monotonic() > later, 2)
        assert stage.sent == sent


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "too many files"), ValueError("of its own"), TimeoutError()])
async def test_a_view_that_fails_or_waits_holds_up_no_other_and_is_tried_again(error: Exception) -> None:
    failing = [error] * 3

    async def fails() -> FrameJudgement:
        if failing:
            raise failing.pop()
        return judged(cut(1, "run_fails"))

    async def waits() -> None:
        await asyncio.Event().wait()

    async with Stage() as stage:
        stage.watch(run_waits=waits, run_fails=fails, run_1=always(cut(1, RUN)))
        await stage.until_shown(cut(1, RUN))
        await stage.until_shown(cut(1, "run_fails"))


async def test_a_view_whose_document_cannot_be_made_at_once_is_shown_later() -> None:
    class Failing(MemoryObjects):
        failures = 2

        async def link(self, key: str, expires_s: int, filename: str | None = None) -> str:
            self.failures -= 1
            if self.failures >= 0:
                raise ConnectionError("away")
            return await super().link(key, expires_s, filename)

    objects = Failing()
    async with Stage(objects=objects) as stage:
        stage.watch(cam_1=nothing)
        await stage.until(lambda: stage.views._follower.opened)
        await stage.send(cut(1))
        objects.objects |= store(cut(1)).objects
        await stage.until_shown(cut(1))
        assert stage.clock.monotonic() < 30, "at the next look, and not when its link would be renewed"


async def test_a_topic_that_cannot_be_followed_is_a_complaint_while_somebody_watches() -> None:
    async with Stage() as stage:
        assert stage.health.unready() == {}
        stage.broker.waits_for = "no such topics: ['crop.ready']"
        stage.broker.open.clear()
        assert stage.health.unready() == {}
        stage.watch(cam_1=nothing)
        assert stage.health.unready() == {"views": "no such topics: ['crop.ready']"}
        stage.broker.waits_for = None
        stage.broker.open.set()
        await stage.until(lambda: stage.views._follower.opened)
        assert stage.health.unready() == {}


@pytest.mark.parametrize("error", [BrokerError("left"), RuntimeError("of a client")])
async def test_a_broker_that_fails_is_joined_again(error: Exception) -> None:
    async with Stage() as stage:
        stage.broker.fail = error
        stage.watch(cam_1=nothing)
        await stage.until(lambda: stage.health.unready())
        stage.broker.fail = None
        await stage.until(lambda: stage.views._follower.opened)
        assert stage.health.unready() == {}


async def test_a_broken_judgement_is_passed_over_told_once_and_not_read_again() -> None:
    """Whoever watches asks for it again and again, and it may be of any size."""
    ready = cut(1, RUN)
    objects = store(ready, cut(2, RUN))
    objects.objects[judgement_key(ready)] = judged(ready, site_id="site_2").to_json()
    found = Judged(None, objects)
    with structlog.testing.capture_logs() as lines:
        assert [await found.at(judgement_key(ready)) for _ in range(3)] == [None] * 3
        assert await found.at(judgement_key(cut(2, RUN))) is not None
    assert [(each["event"], each["key"], each["code"]) for each in lines] == [
        ("judgement_broken", judgement_key(ready), "wrong_schema")
    ]
