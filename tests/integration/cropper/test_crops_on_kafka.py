"""The cropper as it is deployed, on real Kafka: frames of a still room in, crops out, killed with -9 on the way."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import SecretStr

from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from objects.links import LinkSigner
from objects.local import LocalObjects
from tablewatch_schemas import CropReady, FrameExtracted, decode, encode, keys, new_id
from tablewatch_schemas.layout import Layout, LayoutTable

T0 = datetime(2026, 11, 23, 12, tzinfo=UTC)
SITE, CAMERA, RUN = (new_id(kind) for kind in ("site", "cam", "run"))
ZONES = {"tbl_left": 0.05, "tbl_right": 0.55}
GUEST = range(8, 12)
"""Frames in which somebody is at the right table."""
FRAMES = 20

pytestmark = pytest.mark.timeout(180)


def picture(index: int) -> bytes:
    """A room with noise, differently each time; nobody can make a crop of another frame of it."""
    noise = np.random.default_rng(index).normal(0, 3, (360, 640, 3))
    room = np.clip(110 + noise, 0, 255).astype(np.uint8)
    if index in GUEST:
        cv2.circle(room, (480, 180), 40, (20, 30, 200), -1)
    return bytes(cv2.imencode(".jpg", room)[1])


def layout() -> Layout:
    tables = tuple(
        LayoutTable(
            table_id=table, label=table, seats=4, section_id=None, top=None,
            polygon=((x, 0.1), (x + 0.4, 0.1), (x + 0.4, 0.9), (x, 0.9)),
        )
        for table, x in ZONES.items()
    )  # fmt: skip
    return Layout(
        layout_key=keys.layout(SITE, CAMERA, 1), site_id=SITE, camera_id=CAMERA, version=1, created_at=T0, width=640,
        height=360, tables=tables, floor=(),
    )  # fmt: skip


def frame(index: int) -> FrameExtracted:
    before = index - 1 if index else None
    return FrameExtracted(
        frame_id=f"{RUN}-{index:09d}", site_id=SITE, camera_id=CAMERA, run_id=RUN, video_id="vid_1", index=index,
        media_ms=index * 1000, captured_at=T0 + timedelta(seconds=index), object_key=keys.run_frame(SITE, RUN, index),
        width=640, height=360, size_bytes=1000, keyframe=True, sharpness=10.0, brightness=0.4,
        layout_key=keys.layout(SITE, CAMERA, 1),
        previous_frame_id=None if before is None else f"{RUN}-{before:09d}",
        previous_object_key=None if before is None else keys.run_frame(SITE, RUN, before),
        make=("frames", "tables"), last=index == FRAMES - 1,
    )  # fmt: skip


class Kitchen:
    """The store, the topics and one cropper process."""

    def __init__(self, bootstrap: str, home: Path) -> None:
        self.bootstrap, self.home = bootstrap, home
        self.objects = LocalObjects(home / "objects", LinkSigner(SecretStr("s" * 32), "http://127.0.0.1"))
        self.producer = KafkaProducer(bootstrap, "kitchen", 6, Metrics())
        self.contents: dict[str, bytes | None] = {}
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environment = {"KAFKA_BOOTSTRAP": self.bootstrap, "TABLEWATCH_HOME": str(self.home), "LOG_LEVEL": "warning"}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cropper", env=os.environ | environment
        )

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def show(self, indexes: Sequence[int]) -> None:
        for index in indexes:
            await self.objects.put(keys.run_frame(SITE, RUN, index), picture(index))
            await self.producer.send(encode(frame(index), source="tablewatch/test", time=datetime.now(UTC)))

    async def crops_until(self, index: int) -> list[CropReady]:
        """Every record of the run, from the first, until that of a frame has come."""
        subscription = await KafkaBroker(self.bootstrap, "kitchen").read(CropReady.TOPIC)
        found: list[CropReady] = []
        try:
            while index not in [each.index for each in found]:
                records = await subscription.poll(0.3, 500)
                for each in records:
                    received = decode(each.topic, each.key, each.value, each.headers)
                    if isinstance(received.event, CropReady) and received.event.run_id == RUN:
                        assert self.contents.setdefault(received.id, each.value) == each.value
                        found.append(received.event)
        finally:
            await subscription.close()
        return found


@pytest.fixture
async def kitchen(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Kitchen]:
    made = Kitchen(kafka_bootstrap, tmp_path)
    await made.producer.start()
    await made.objects.put(keys.layout(SITE, CAMERA, 1), layout().to_json())
    yield made
    await made.kill()
    await made.producer.stop()


async def test_every_crop_that_is_announced_is_there_and_shows_what_its_frame_shows(kitchen: Kitchen) -> None:
    await kitchen.start()
    await kitchen.show(range(FRAMES // 2))
    await kitchen.crops_until(4)
    await kitchen.kill()  # anywhere: with crops stored and not announced, or announced and not committed
    await kitchen.show(range(FRAMES // 2, FRAMES))
    await kitchen.start()
    found = await kitchen.crops_until(FRAMES - 1)
    assert {each.index for each in found} == set(range(FRAMES))
    for event in found:
        await check(kitchen.objects, event)
    expected = [0] * 8 + [8] * 4 + [12] * 8  # as without the kill: cut when somebody comes, and goes
    assert {each.index: each.crops_key for each in found} == {
        index: keys.run_crops(SITE, RUN, at) for index, at in enumerate(expected)
    }
    stored = [each.key async for each in kitchen.objects.list(keys.crops_prefix(SITE, RUN))]
    assert stored == sorted({keys.run_crops(SITE, RUN, at) for at in expected})


async def check(objects: LocalObjects, event: CropReady) -> None:
    """The crop of each table is a part of the frame, but for what noise there is."""
    assert event.index is not None and event.crops_key is not None
    assert [crop.table_id for crop in event.crops] == list(ZONES)
    whole = decoded(picture(event.index))
    for crop in event.crops:
        shown = decoded(await objects.get_range(event.crops_key, crop.offset, crop.length))
        left, top = round(crop.box[0] * 640), round(crop.box[1] * 360)
        there = whole[top : top + shown.shape[0], left : left + shown.shape[1]]
        assert shown.shape == there.shape
        assert cv2.absdiff(shown, there).mean() < 8
        assert has_guest(shown) == (event.index in GUEST and crop.table_id == "tbl_right")


def decoded(jpeg: bytes) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found


def has_guest(pixels: np.ndarray) -> bool:
    return bool((pixels[:, :, 2].astype(int) - pixels[:, :, 0] > 90).sum() > 500)
