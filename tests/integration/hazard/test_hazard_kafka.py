"""Both roles on real Kafka: one alert of a spill, the end of the run, restarts that change nothing, deletion."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.contract.chassis.broker_suite import PARTITIONS, until
from tests.integration.chassis.test_kafka_broker import create_topics
from tests.support.consumed import until_consumed
from tests.unit.hazard import scene

from chassis.clock import SystemClock
from chassis.consume import ConsumeOptions, Consumer
from chassis.health import Health
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from chassis.records import Record
from events.runs import UnwantedRuns
from events.table import TableReader
from folding.fold import Fold
from folding.options import FoldOptions
from hazard.detect.cameras import BlindCameras
from hazard.detect.floor import FloorOptions
from hazard.detect.handle import TOPICS, Handler
from hazard.detect.inspect import Inspector
from hazard.detect.judged import Judgements
from hazard.follow.rules import DEFAULT_TIMINGS
from hazard.follow.step import step
from objects.testing import MemoryObjects
from tablewatch_schemas import FrameExtracted, HazardAlert, HazardCommand, VideoCommand, decode, encode
from tablewatch_schemas.ids import end_hazard_id, new_id
from tablewatch_schemas.keys import lane_of_key

Alerts = list[tuple[str | None, HazardAlert | None]]


@dataclass
class Stage:
    """A broker, an object store, and groups of its own."""

    bootstrap: str
    objects: MemoryObjects
    producer: KafkaProducer
    name: str
    home: Path

    @asynccontextmanager
    async def role(self, *runs: Callable[[asyncio.Event], Any]) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(run(stop)) for run in runs]
        yield
        stop.set()
        await asyncio.gather(*tasks)

    def detect(self) -> Callable[[asyncio.Event], Any]:
        """A new process's worth of the detect role: nothing in memory."""
        metrics, health, log = Metrics(), Health(), structlog.get_logger()
        judgements = Judgements(self.objects, 2.0, SystemClock())
        options = FloorOptions(width=320)
        inspector = Inspector(self.objects, lambda _: [], judgements, ThreadPoolExecutor(1), options, metrics)
        broker = KafkaBroker(self.bootstrap, "hazard")
        handler = Handler(
            broker, inspector, self.producer, UnwantedRuns(), BlindCameras(),
            streams=8, rebuild_frames=500, beat=lambda: None, metrics=metrics, log=log,
        )  # fmt: skip
        options = ConsumeOptions(group=f"detect-{self.name}", topics=TOPICS)
        clock = SystemClock()
        consumer = Consumer(
            broker, options, handler.handle, self.producer, clock=clock, metrics=metrics, health=health, log=log
        )
        return consumer.run

    def follow(self) -> Callable[[asyncio.Event], Any]:
        options = FoldOptions(
            group=f"follow-{self.name}",
            topic="hazard.candidate",
            extra_topics=("hazard.command",),
            partitions=PARTITIONS,
            bootstrap=self.bootstrap,
            datadir=self.home,
            lane_of=lane_of_key,
        )
        fold = Fold(
            options,
            partial(step, timings=DEFAULT_TIMINGS),
            self.producer,
            clock=SystemClock(),
            metrics=Metrics(),
            health=Health(),
            log=structlog.get_logger(),
        )
        return fold.run

    async def publish(self, frames: Sequence[FrameExtracted]) -> None:
        await self.producer.send_all([encode(one, source="tablewatch/test", time=one.captured_at) for one in frames])


@pytest.fixture
async def stage(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Stage]:
    name = uuid.uuid4().hex
    dead = {f"{topic}.detect-{name}.dlq": 1 for topic in TOPICS}
    dead |= {f"{topic}.follow-{name}.dlq": 1 for topic in ("hazard.candidate", "hazard.command")}
    await create_topics(kafka_bootstrap, dead | {f"follow-{name}-rows-changelog": PARTITIONS})
    producer = KafkaProducer(kafka_bootstrap, "test", PARTITIONS, Metrics())
    await producer.start()
    yield Stage(kafka_bootstrap, MemoryObjects(), producer, name, tmp_path)
    await producer.stop()


@asynccontextmanager
async def alerts_of(bootstrap: str, run_id: str, topic: str = "hazard.alert") -> AsyncIterator[Alerts]:
    """The records of a topic about one run, their tombstones included."""
    alerts: Alerts = []
    keys: set[str] = set()

    def apply(record: Record) -> None:
        received: Any = decode(record.topic, record.key, record.value, record.headers)
        if received.event is not None and received.event.run_id == run_id:
            keys.add(received.key)
        if received.key in keys:
            alerts.append((received.key, received.event))

    stop = asyncio.Event()
    reading = asyncio.create_task(TableReader(KafkaBroker(bootstrap, "test"), topic, apply).run(stop))
    yield alerts
    stop.set()
    await reading


def story() -> list[Any]:
    """A spill at second 8 of 36."""
    return [scene.picture(second, puddle=scene.BROWN if second >= 8 else None) for second in range(36)]


def ended(alerts: Alerts, run_id: str) -> bool:
    return any(name == end_hazard_id(run_id) for name, _ in alerts)


def essence(alerts: Alerts) -> list[Any]:
    """Everything but ids, which name the run."""
    return [
        (event.status, event.version, event.box, event.confidence, event.opened_at, event.as_of, event.near_table_ids)
        for _, event in alerts
        if event is not None
    ]


async def test_a_spill_becomes_one_alert_and_the_run_ends(stage: Stage) -> None:
    frames = await scene.stored_run(stage.objects, story())
    run = frames[0].run_id or ""
    async with stage.role(stage.detect(), stage.follow()), alerts_of(stage.bootstrap, run) as alerts:
        await stage.publish(frames)
        await until(lambda: ended(alerts, run))
        (_, opened), (_, end) = alerts
        assert opened is not None and end is not None
        assert (opened.status, opened.kind, opened.severity) == ("opened", "spill", "warning")
        assert opened.opened_at == scene.START + timedelta(seconds=8)
        assert opened.as_of == scene.START + timedelta(seconds=23)
        assert opened.near_table_ids == ("tbl_left",)
        assert opened.near_table_labels == ("1",)
        assert (end.status, end.kind, end.last) == ("ended", "none", True)

        await command(stage, "delete", frames[0])
        await until(lambda: sum(event is None for _, event in alerts) == 2)
        assert {name for name, event in alerts if event is None} == {opened.hazard_id, end.hazard_id}


async def test_a_restart_in_the_middle_changes_nothing(stage: Stage) -> None:
    undisturbed = await scene.stored_run(stage.objects, story())
    disturbed = await scene.stored_run(stage.objects, story())
    run, other = undisturbed[0].run_id or "", disturbed[0].run_id or ""
    async with alerts_of(stage.bootstrap, run) as calm, alerts_of(stage.bootstrap, other) as alerts:
        async with stage.role(stage.follow()), stage.role(stage.detect()):
            await stage.publish([*undisturbed, *disturbed[:15]])
            await until(lambda: ended(calm, run))
            await asyncio.sleep(1)
        # Both roles anew, with nothing in memory.
        async with stage.role(stage.detect(), stage.follow()):
            await stage.publish(disturbed[15:])
            await until(lambda: ended(alerts, other))
    assert essence(alerts) == essence(calm)
    assert len(alerts) == 2


async def test_a_dismissed_hazard_is_not_opened_once_more(stage: Stage) -> None:
    frames = await scene.stored_run(stage.objects, story())
    run = frames[0].run_id or ""
    async with stage.role(stage.detect(), stage.follow()), alerts_of(stage.bootstrap, run) as alerts:
        await stage.publish(frames[:26])
        await until(lambda: len(alerts) == 1)
        opened = alerts[0][1]
        assert opened is not None
        await act(stage, opened, "dismiss", "a rug")
        await until(lambda: len(alerts) == 2)
        await stage.publish(frames[26:])
        await until(lambda: ended(alerts, run))
    assert [event.status for _, event in alerts if event] == ["opened", "dismissed", "ended"]
    assert alerts[1][1] is not None
    assert (alerts[1][1].actor, alerts[1][1].note, alerts[1][1].version) == ("key_1", "a rug", 2)


async def test_a_command_that_arrives_after_the_end_of_its_run_is_applied(stage: Stage) -> None:
    frames = await scene.stored_run(stage.objects, story())
    run = frames[0].run_id or ""
    async with alerts_of(stage.bootstrap, run) as alerts:
        async with stage.role(stage.detect(), stage.follow()):
            await stage.publish(frames)
            await until(lambda: ended(alerts, run))
        opened = next(event for _, event in alerts if event is not None and event.status == "opened")
        await act(stage, opened, "acknowledge", "on my way")
        # The api answered 202 before it knew of the end; the fold has restarted since.
        async with stage.role(stage.follow()):
            await until(lambda: len(alerts) == 3)
    _, changed = alerts[2]
    assert changed is not None
    assert (changed.hazard_id, changed.status, changed.version) == (opened.hazard_id, "acknowledged", 2)
    assert (changed.actor, changed.note) == ("key_1", "on my way")


async def act(stage: Stage, alert: HazardAlert, action: str, note: str) -> None:
    event = HazardCommand(
        command_id=new_id("cmd"),
        hazard_id=alert.hazard_id,
        site_id=alert.site_id,
        run_id=alert.run_id,
        action=action,
        actor="key_1",
        note=note,
        requested_at=SystemClock().now(),
    )
    await stage.producer.send(encode(event, source="tablewatch/test", time=event.requested_at))


async def test_a_run_without_hazards_publishes_nothing_and_a_cancelled_one_ends(stage: Stage) -> None:
    tables_only = await scene.stored_run(stage.objects, story()[:3], make=("frames", "tables"))
    cancelled = await scene.stored_run(stage.objects, story())
    run, other = tables_only[0].run_id or "", cancelled[0].run_id or ""
    async with (
        alerts_of(stage.bootstrap, run) as nothing,
        alerts_of(stage.bootstrap, other) as alerts,
        alerts_of(stage.bootstrap, other, "hazard.candidate") as candidates,
        stage.role(stage.detect(), stage.follow()),
    ):
        await stage.publish([*tables_only, *cancelled[:10]])
        await until(lambda: len(candidates) == 10)
        await command(stage, "cancel", cancelled[0])
        await until(lambda: ended(alerts, other))
        await stage.publish(cancelled[10:])
        await until_consumed(stage.bootstrap, f"detect-{stage.name}", *TOPICS)
    assert nothing == []
    assert len(alerts) == 1


async def command(stage: Stage, action: str, frame: FrameExtracted) -> None:
    event = VideoCommand(
        command_id=new_id("cmd"),
        video_id=frame.video_id or "",
        run_id=frame.run_id or "",
        site_id=frame.site_id,
        camera_id=frame.camera_id,
        action=action,
        actor="key_1",
        requested_at=SystemClock().now(),
    )
    await stage.producer.send(encode(event, source="tablewatch/test", time=event.requested_at))
