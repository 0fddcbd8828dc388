"""Both services as they are deployed, on real Kafka: frames in, table states out, each killed with -9 on the way."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from pydantic import SecretStr

from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from objects.links import LinkSigner
from objects.local import LocalObjects
from tablewatch_schemas import (
    CameraConfig,
    CameraConfigSource,
    FrameExtracted,
    SiteConfig,
    TableSignal,
    VideoCommand,
    decode,
    encode,
    keys,
    new_id,
)
from tablewatch_schemas.judgement import FrameJudgement
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Manifest, Sampling, Thresholds

ROOT = Path(__file__).resolve().parents[3]
MODELS = Path(os.environ.get("MODELS_DIR") or ROOT / ".local" / "models")
T0 = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRAMES = 24
DETECTOR = "coco-ssd"
"""Which the site chose over REST; the settings name another one."""

pytestmark = pytest.mark.timeout(360)


class Published(NamedTuple):
    """One record of our run."""

    key: bytes
    ident: str
    value: bytes | None
    event: object


class Pipeline:
    """One run of one camera with two empty tables."""

    def __init__(self, bootstrap: str, home: Path) -> None:
        self.bootstrap, self.home = bootstrap, home
        self.run, self.video, self.site, self.camera = (new_id(kind) for kind in ("run", "vid", "site", "cam"))
        self.tables = tuple(new_id("tbl") for _ in range(2))
        self.layout_key = keys.layout(self.site, self.camera, 1)
        self.objects = LocalObjects(home / "objects", LinkSigner(SecretStr("s" * 32), "http://127.0.0.1"))
        self.producer = KafkaProducer(bootstrap, "pipeline", 6, Metrics())
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, module: str) -> None:
        environment = {
            "KAFKA_BOOTSTRAP": self.bootstrap, "TABLEWATCH_HOME": str(self.home), "MODELS_DIR": str(MODELS),
            "LOG_LEVEL": "warning",
        }  # fmt: skip
        self.processes[module] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, env=os.environ | environment
        )

    async def kill(self, module: str) -> None:
        self.processes[module].kill()
        await self.processes[module].wait()
        await self.start(module)

    async def close(self) -> list[int | None]:
        for process in self.processes.values():
            process.terminate()
        try:
            return [await asyncio.wait_for(process.wait(), 20) for process in self.processes.values()]
        finally:
            for process in self.processes.values():
                if process.returncode is None:
                    process.kill()
            await self.producer.stop()

    async def prepare(self) -> None:
        await self.producer.start()
        await self.objects.put(self.layout_key, self.layout().to_json())
        await self.objects.put(keys.manifest(self.site, self.run), self._manifest().to_json())
        for index in range(FRAMES):
            picture = np.full((360, 640, 3), 110, np.uint8)
            cv2.putText(picture, str(index), (20, 60), 0, 2, (255, 255, 255), 3)
            jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
            await self.objects.put(keys.run_frame(self.site, self.run, index), jpeg)
        chosen = SiteConfig(
            site_id=self.site, version=1, original_bytes=None, picture_bytes=None, detector=DETECTOR, updated_at=T0
        )
        await self.producer.send(encode(chosen, source="tablewatch/test", time=datetime.now(UTC)))

    async def publish(self, index: int) -> None:
        await self.producer.send(encode(self._frame(index), source="tablewatch/test", time=datetime.now(UTC)))

    async def rename(self, version: int) -> None:
        """A newer layout of the camera, as the api publishes it."""
        layout = self.layout(version)
        await self.objects.put(layout.layout_key, layout.to_json())
        config = CameraConfig(
            camera_id=self.camera, site_id=self.site, version=version, name="door", enabled=True,
            source=CameraConfigSource(type="none", address=None, secret_ref=None), cadence_ms=1000, max_age_ms=10_000,
            layout_key=layout.layout_key, layout_version=version, updated_at=T0 + timedelta(minutes=version),
        )  # fmt: skip
        await self.producer.send(encode(config, source="tablewatch/test", time=datetime.now(UTC)))

    async def signal(self, table: str) -> None:
        """Somebody reserves the live table."""
        event = TableSignal(
            signal_id=new_id("sig"), site_id=self.site, run_id=None, table_id=table, state="reserved", source="staff",
            reason=None, actor=None, signalled_at=datetime.now(UTC), expires_at=None,
        )  # fmt: skip
        await self.producer.send(encode(event, source="tablewatch/test", time=datetime.now(UTC)))

    async def records(self, topic: str, done, timeout_s: float = 120, *, live: bool = False) -> list[Published]:
        """The topic's records of our run, or live ones of our tables, until `done` with them: ordered within a key."""
        ours = {table.encode() for table in self.tables}
        subscription = await KafkaBroker(self.bootstrap, "pipeline").read(topic)
        found: list[Published] = []
        until = asyncio.get_running_loop().time() + timeout_s
        while not done(found):
            assert asyncio.get_running_loop().time() < until, [each.event for each in found][-3:]
            for each in await subscription.poll(0.3, 500):
                if each.key in ours if live else self.run.encode() in (each.key or b""):
                    event = decode(each.topic, each.key, each.value, each.headers).event
                    found.append(Published(each.key, dict(each.headers)["ce_id"].decode(), each.value, event))
        await subscription.close()
        return found

    def layout(self, version: int = 1) -> Layout:
        """The two tables, which are called by the version."""
        zones = [((x, 0.3), (x + 0.3, 0.3), (x + 0.3, 0.9), (x, 0.9)) for x in (0.1, 0.6)]
        tables = tuple(
            LayoutTable(table_id=name, label=f"Table {version}", seats=4, section_id=None, polygon=zone, top=None)
            for name, zone in zip(self.tables, zones, strict=True)
        )
        return Layout(
            layout_key=keys.layout(self.site, self.camera, version), site_id=self.site, camera_id=self.camera,
            version=version, created_at=T0, width=640,
            height=360, tables=tables, floor=(),
        )  # fmt: skip

    def _manifest(self) -> Manifest:
        return Manifest(
            run_id=self.run, video_id=self.video, site_id=self.site, camera_id=self.camera, layout_key=self.layout_key,
            sampling=Sampling(mode="cadence", every_ms=1000), make=("frames", "tables"), started_at=T0, model=None,
            thresholds=Thresholds(enter_ms=3000, leave_ms=8000, hold_ms=2000, ttl_ms=30_000), created_at=T0,
        )  # fmt: skip

    def _frame(self, index: int) -> FrameExtracted:
        before = index - 1 if index else None
        return FrameExtracted(
            frame_id=f"{self.run}-{index:09d}", site_id=self.site, camera_id=self.camera, run_id=self.run,
            video_id=self.video, index=index, media_ms=index * 1000, captured_at=T0 + timedelta(seconds=index),
            object_key=keys.run_frame(self.site, self.run, index), width=640, height=360, size_bytes=1000,
            keyframe=True, sharpness=1.0, brightness=0.4, layout_key=self.layout_key,
            previous_frame_id=None if before is None else f"{self.run}-{before:09d}",
            previous_object_key=None if before is None else keys.run_frame(self.site, self.run, before),
            make=("frames", "tables"), last=index == FRAMES - 1,
        )  # fmt: skip


@pytest.fixture
async def pipeline(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Pipeline]:
    made = Pipeline(kafka_bootstrap, tmp_path)
    await made.prepare()
    await made.start("cropper")
    await made.start("classifier_gateway")
    yield made
    assert await made.close() == [0, 0]


def lasts(count: int):
    return lambda found: (
        len({each.event.table_id for each in found if each.event is not None and each.event.last}) == count
    )


async def test_frames_become_states_whatever_is_killed(pipeline: Pipeline):
    for index in range(FRAMES):
        await pipeline.publish(index)
        if index == 8:
            await pipeline.records("crop.ready", lambda found: len(found) > 3)
            await pipeline.kill("cropper")
        if index == 16:
            await pipeline.records("table.evidence", lambda found: len(found) > 6)
            await pipeline.kill("classifier_gateway")
    states = await pipeline.records("table.state", lasts(2))
    assert len({each.ident for each in states}) == len({(each.ident, each.value) for each in states})
    for table in pipeline.tables:
        own = {each.event.version: each.event for each in states if each.event.table_id == table}
        assert sorted(own) == list(range(1, max(own) + 1))
        assert [own[1].state, own[max(own)].state, own[max(own)].last] == ["free", "free", True]
        assert own[1].since == T0
        assert {each.label for each in own.values()} == {"Table 1"}
    await judgements_stand_before_their_evidence(pipeline)
    await a_rename_shows(pipeline)
    crops = await pipeline.records("crop.ready", lambda found: any(each.event.last for each in found))
    assert len({each.ident for each in crops}) == FRAMES
    assert len({(each.ident, each.value) for each in crops}) == FRAMES, "one frame cut in two ways"
    await the_run_is_deleted(pipeline)


async def judgements_stand_before_their_evidence(pipeline: Pipeline) -> None:
    """Each verdict names the judgement of its frame, whatever was killed between the two."""
    evidence = await pipeline.records("table.evidence", lasts(2))
    verdicts = [each.event for each in evidence if each.event.kind == "verdict"]
    assert len({each.frame_id for each in verdicts}) == FRAMES
    for each in verdicts:
        judged = FrameJudgement.parse(await pipeline.objects.get(each.judgement_key))
        assert (judged.frame_id, judged.frame_key, judged.run_id) == (each.frame_id, each.frame_key, pipeline.run)
        assert judged.model.name == each.model.name == DETECTOR
        assert (each.label, each.confidence) in {
            (table.label, table.confidence) for table in judged.tables if table.table_id == each.table_id
        }


async def a_rename_shows(pipeline: Pipeline) -> None:
    """On the live table at once, though no picture comes of it; a kill in between loses no name and adds no record."""
    table = pipeline.tables[0]
    await pipeline.rename(2)
    await pipeline.records("table.evidence", lambda found: len(found) >= 2, live=True)
    await pipeline.signal(table)
    await pipeline.records("table.state", lambda found: bool(found), live=True)
    await pipeline.kill("classifier_gateway")
    await pipeline.rename(3)
    found = await pipeline.records(
        "table.state", lambda found: any(each.event.label == "Table 3" for each in found), live=True
    )
    own = {each.event.version: each.event for each in found}
    assert [(own[each].label, own[each].state, own[each].reason) for each in sorted(own)] == [
        ("Table 2", "reserved", "signal"), ("Table 3", "reserved", "refresh"),
    ]  # fmt: skip


async def the_run_is_deleted(pipeline: Pipeline) -> None:
    """A tombstone for each table, and no crops or judgements left."""
    command = VideoCommand(
        command_id=new_id("cmd"), video_id=pipeline.video, run_id=pipeline.run, site_id=pipeline.site,
        camera_id=pipeline.camera, action="delete", actor="key_1", requested_at=datetime.now(UTC),
    )  # fmt: skip
    await pipeline.producer.send(encode(command, source="tablewatch/test", time=datetime.now(UTC)))
    states = await pipeline.records("table.state", lambda found: sum(each.value is None for each in found) == 2)
    assert list({each.key: each.value for each in states}.values()) == [None, None], "the last record of each table"
    prefixes = keys.crops_prefix(pipeline.site, pipeline.run), keys.judgements_prefix(pipeline.site, pipeline.run)
    deadline = time.monotonic() + 60  # the cropper and the gateway delete them, each in its own time
    while left := [each.key for prefix in prefixes async for each in pipeline.objects.list(prefix)]:
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.2)
