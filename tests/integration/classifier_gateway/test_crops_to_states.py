"""Both services as they are deployed, on real Kafka: frames in, table states out, each killed with -9 on the way."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from pydantic import SecretStr

from chassis.kafka import KafkaBroker
from chassis.links import LinkSigner
from chassis.metrics import Metrics
from chassis.objects_local import LocalObjects
from chassis.produce import KafkaProducer
from tablewatch_schemas import FrameExtracted, VideoCommand, decode, encode, keys, new_id
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Manifest, Sampling, Thresholds

ROOT = Path(__file__).resolve().parents[3]
MODELS = Path(os.environ.get("MODELS_DIR") or ROOT / ".local" / "models")
T0 = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRAMES = 24

pytestmark = [
    pytest.mark.skipif(not list(MODELS.glob("*.onnx")), reason="no model: python -m inference.models brings it"),
    pytest.mark.timeout(360),
]


class Said(NamedTuple):
    """One record of our run."""

    key: bytes
    ident: str
    value: bytes | None
    event: object


class Road:
    """One run of one camera with two empty tables."""

    def __init__(self, bootstrap: str, home: Path) -> None:
        self.bootstrap, self.home = bootstrap, home
        self.run, self.video, self.site, self.camera = (new_id(kind) for kind in ("run", "vid", "site", "cam"))
        self.tables = tuple(new_id("tbl") for _ in range(2))
        self.layout_key = keys.layout(self.site, self.camera, 1)
        self.objects = LocalObjects(home / "objects", LinkSigner(SecretStr("s" * 32), "http://127.0.0.1"))
        self.producer = KafkaProducer(bootstrap, "road", 6, Metrics())
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
        await self.objects.put(self.layout_key, self._layout().to_json())
        await self.objects.put(keys.manifest(self.site, self.run), self._manifest().to_json())
        for index in range(FRAMES):
            picture = np.full((360, 640, 3), 110, np.uint8)
            cv2.putText(picture, str(index), (20, 60), 0, 2, (255, 255, 255), 3)
            jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
            await self.objects.put(keys.run_frame(self.site, self.run, index), jpeg)

    async def give(self, index: int) -> None:
        await self.producer.send(encode(self._frame(index), source="tablewatch/test", time=datetime.now(UTC)))

    async def said(self, topic: str, done, timeout_s: float = 120) -> list[Said]:
        """The topic's records of our run until `done` with them: in order within a key, the keys in any order."""
        subscription = await KafkaBroker(self.bootstrap, "road").read(topic)
        found: list[Said] = []
        until = asyncio.get_running_loop().time() + timeout_s
        while not done(found):
            assert asyncio.get_running_loop().time() < until, [each.event for each in found][-3:]
            for each in await subscription.poll(0.3, 500):
                if self.run.encode() in (each.key or b""):
                    event = decode(each.topic, each.key, each.value, each.headers).event
                    found.append(Said(each.key, dict(each.headers)["ce_id"].decode(), each.value, event))
        await subscription.close()
        return found

    def _layout(self) -> Layout:
        zones = [((x, 0.3), (x + 0.3, 0.3), (x + 0.3, 0.9), (x, 0.9)) for x in (0.1, 0.6)]
        tables = tuple(
            LayoutTable(table_id=name, label="1", seats=4, section_id=None, polygon=zone, top=None)
            for name, zone in zip(self.tables, zones, strict=True)
        )
        return Layout(
            layout_key=self.layout_key, site_id=self.site, camera_id=self.camera, version=1, created_at=T0, width=640,
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
async def road(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Road]:
    made = Road(kafka_bootstrap, tmp_path)
    await made.prepare()
    await made.start("cropper")
    await made.start("classifier_gateway")
    yield made
    assert await made.close() == [0, 0]


def lasts(count: int):
    return lambda found: (
        len({each.event.table_id for each in found if each.event is not None and each.event.last}) == count
    )


async def test_frames_become_states_whatever_is_killed(road: Road):
    for index in range(FRAMES):
        await road.give(index)
        if index == 8:
            await road.said("crop.ready", lambda found: len(found) > 3)
            await road.kill("cropper")
        if index == 16:
            await road.said("table.evidence", lambda found: len(found) > 6)
            await road.kill("classifier_gateway")
    states = await road.said("table.state", lasts(2))
    assert len({each.ident for each in states}) == len({(each.ident, each.value) for each in states})
    for table in road.tables:
        own = {each.event.version: each.event for each in states if each.event.table_id == table}
        assert sorted(own) == list(range(1, max(own) + 1))
        assert [own[1].state, own[max(own)].state, own[max(own)].last] == ["free", "free", True]
        assert own[1].since == T0
    crops = await road.said("crop.ready", lambda found: any(each.event.last for each in found))
    assert len({each.ident for each in crops}) == FRAMES
    assert len({(each.ident, each.value) for each in crops}) == FRAMES, "one frame cut in two ways"
    await the_run_is_deleted(road)


async def the_run_is_deleted(road: Road) -> None:
    """A tombstone for each table, and no crops left."""
    command = VideoCommand(
        command_id=new_id("cmd"), video_id=road.video, run_id=road.run, site_id=road.site, camera_id=road.camera,
        action="delete", actor="key_1", requested_at=datetime.now(UTC),
    )  # fmt: skip
    await road.producer.send(encode(command, source="tablewatch/test", time=datetime.now(UTC)))
    states = await road.said("table.state", lambda found: sum(each.value is None for each in found) == 2)
    assert list({each.key: each.value for each in states}.values()) == [None, None], "a table's last word"
    prefix = keys.crops_prefix(road.site, road.run)
    assert [each.key async for each in road.objects.list(prefix)] == []
