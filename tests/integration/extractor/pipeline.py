"""Driving the file side of the extractor in a test, and reading what it publishes on real topics."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.clock import SystemClock
from chassis.metrics import Metrics
from chassis.outbox import Relay
from chassis.produce import Producer
from chassis.records import Record
from extractor.files.flow_control import PublishWindow
from extractor.files.housekeeping import Housekeeping
from extractor.files.intake import Intake
from extractor.files.publisher import Publisher
from objects.store import ObjectStore
from tablewatch_schemas import (
    Encoded,
    FrameExtracted,
    Received,
    VideoCommand,
    VideoProgress,
    VideoUploaded,
    VideoUploadedSampling,
    decode,
    encode,
    keys,
    new_id,
)

E = TypeVar("E")
UPLOADED_AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


class NoLag:
    """Everything is consumed."""

    async def lag(self) -> int | None:
        return 0


def upload_event(path: Path, mode: str = "cadence", every_ms: int | None = 1000, **more: Any) -> VideoUploaded:
    """A video.uploaded for a clip, under ids of its own."""
    site, video = new_id("site"), new_id("vid")
    fields: dict[str, Any] = {
        "video_id": video,
        "site_id": site,
        "run_id": new_id("run"),
        "camera_id": None,
        "object_key": keys.original(site, video),
        "manifest_key": "manifests/none.json",
        "size_bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "container": "mp4",
        "codec": "h264",
        "width": 192,
        "height": 108,
        "rotation_degrees": 0,
        "duration_ms": 6000,
        "fps": 25.0,
        "started_at": None,
        "layout_key": None,
        "sampling": VideoUploadedSampling(mode=mode, every_ms=every_ms),
        "make": ("frames",),
        "uploaded_at": UPLOADED_AT,
    }
    return VideoUploaded(**(fields | more))


def command(upload: VideoUploaded, action: str) -> VideoCommand:
    return VideoCommand(
        command_id=new_id("cmd"),
        video_id=upload.video_id,
        run_id=upload.run_id,
        site_id=upload.site_id,
        camera_id=None,
        action=action,
        actor="test",
        requested_at=datetime.now(UTC),
    )


def encoded(event: Any) -> Encoded:
    return encode(event, source="tablewatch/test", time=datetime.now(UTC))


def record_of(event: Any) -> Record:
    """The event as a consumer receives it."""
    made = encoded(event)
    return Record(made.topic, 4, 0, 0, made.key, made.value, made.headers)


@dataclass
class Pipeline:
    """Intake, publisher, relay and housekeeping in this process, on the database and broker of the test."""

    pool: asyncpg.Pool
    store: ObjectStore
    producer: Producer
    bootstrap: str

    def __post_init__(self) -> None:
        clock, metrics, log = SystemClock(), Metrics(), structlog.get_logger()
        self.intake = Intake(self.pool, clock)
        self.publisher = self.make_publisher(PublishWindow(0, NoLag(), clock))
        self.relay = Relay(self.pool, self.producer, clock=clock, metrics=metrics, log=log)
        self.housekeeping = Housekeeping(self.pool, self.store, 3600.0, clock=clock, log=log)

    def make_publisher(self, window: PublishWindow) -> Publisher:
        return Publisher(
            "test",
            self.pool,
            self.store,
            self.producer,
            window,
            clock=SystemClock(),
            metrics=Metrics(),
            log=structlog.get_logger(),
        )

    async def upload(
        self, path: Path, mode: str = "cadence", every_ms: int | None = 1000, **more: Any
    ) -> VideoUploaded:
        """Store a clip and have its video.uploaded accepted."""
        event = upload_event(path, mode, every_ms, **more)
        await self.store.put(event.object_key, path)
        await self.intake.handle(record_of(event))
        return event

    async def command(self, upload: VideoUploaded, action: str) -> None:
        await self.intake.handle(record_of(command(upload, action)))

    async def publish(self) -> None:
        """All that is ready, and what the outbox holds."""
        while await self.publisher.round():
            pass
        await self.relay.drain()

    async def job(self, upload: VideoUploaded) -> asyncpg.Record | None:
        return await self.pool.fetchrow("SELECT * FROM jobs WHERE run_id = $1", upload.run_id)

    async def records(self, event: type[E], key: str) -> list[Received[E]]:
        """All records of a key on the topic of an event, in order."""
        return await read_topic(self.bootstrap, event, key)

    async def frames(self, upload: VideoUploaded) -> list[FrameExtracted]:
        return [each.event for each in await self.records(FrameExtracted, upload.run_id) if each.event]

    async def progress(self, upload: VideoUploaded) -> list[VideoProgress]:
        return [each.event for each in await self.records(VideoProgress, upload.video_id) if each.event]


async def read_topic(bootstrap: str, event: type[E], key: str) -> list[Received[E]]:
    """All records of a key, read without a group from the start to the present end."""
    topic: str = event.TOPIC  # type: ignore[attr-defined]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(6)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        for partition, end in ends.items():
            await consumer.seek_to_beginning(partition)
            while await consumer.position(partition) < end:
                for batch in (await consumer.getmany(partition, timeout_ms=500)).values():
                    found += [record for record in batch if record.key == key.encode()]
        return [decode(topic, each.key, each.value, each.headers) for each in found]  # type: ignore[misc]
    finally:
        await consumer.stop()


async def until(condition: Callable[[], Any], within_s: float, what: str) -> Any:
    """Wait for an awaitable condition to be true; what it gave."""
    deadline, asked_s = time.monotonic() + within_s, 0.0
    while asked_s < deadline:  # a last time after it: on a busy machine one look may take as long as all
        asked_s = time.monotonic()
        if found := await condition():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {within_s} s: {what}")
