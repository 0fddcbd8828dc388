"""A house of cameras: what the extractor processes of a test share, and the cameras that it configures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from tests.integration.extractor.pipeline import read_topic, until
from tests.integration.extractor.processes import Extractor, extractor

from chassis.produce import KafkaProducer
from tablewatch_schemas import (
    CameraConfig,
    CameraConfigSource,
    CameraStatus,
    FrameExtracted,
    encode,
    new_id,
    tombstone,
)

CADENCE_MS = 500
API = "tablewatch/api"


class Listening(Protocol):
    """A camera on loopback."""

    @property
    def port(self) -> int: ...


@dataclass
class House:
    """What the processes of a test share, and the cameras that it configures."""

    folder: Path
    kafka: str
    database: str
    objects: Path
    producer: KafkaProducer
    site: str = field(default_factory=lambda: new_id("site"))
    configured: dict[str, int] = field(default_factory=dict)
    """Versions of the cameras, which are deleted at the end: other tests have the same broker."""

    @asynccontextmanager
    async def process(self, name: str, *cameras: Listening, **settings: str) -> AsyncIterator[Extractor]:
        allowed = ",".join(f"127.0.0.1:{camera.port}" for camera in cameras)
        settings = {"EXTRACTOR_ROLES": "cameras", "CAMERA_ADDRESSES": allowed} | settings
        async with extractor(name, self.folder, self.kafka, self.database, self.objects, **settings) as process:
            yield process

    async def configure(self, address: str, **more: Any) -> CameraConfig:
        """A new camera, or with `camera_id` and `version` a change of one."""
        fields: dict[str, Any] = {
            "camera_id": new_id("cam"),
            "site_id": self.site,
            "version": 1,
            "name": "Camera",
            "enabled": True,
            "source": CameraConfigSource(type="rtsp", address=address, secret_ref=None),
            "cadence_ms": CADENCE_MS,
            "max_age_ms": 60_000,
            "layout_key": None,
            "layout_version": None,
            "updated_at": datetime.now(UTC),
        }
        config = CameraConfig(**(fields | more))
        self.configured[config.camera_id] = config.version
        await self.producer.send(encode(config, source=API, time=datetime.now(UTC)))
        return config

    async def delete(self, camera_id: str) -> None:
        version, now = self.configured.pop(camera_id) + 1, datetime.now(UTC)
        record = tombstone(CameraConfig, camera_id, source=API, time=now, lane="live", version=version)
        await self.producer.send(record)

    async def frames(self, camera: CameraConfig) -> list[FrameExtracted]:
        records = await read_topic(self.kafka, FrameExtracted, camera.camera_id)
        return [each.event for each in records if each.event]

    async def statuses(self, camera: CameraConfig) -> list[CameraStatus]:
        records = await read_topic(self.kafka, CameraStatus, camera.camera_id)
        return [each.event for each in records if each.event]

    async def more_frames(self, camera: CameraConfig, than: int = 0, within_s: float = 60) -> list[FrameExtracted]:
        async def enough() -> list[FrameExtracted]:
            found = await self.frames(camera)
            return found if len(found) > than else []

        found: list[FrameExtracted] = await until(enough, within_s, f"more than {than} frames")
        return found

    async def status(
        self, camera: CameraConfig, wanted: str, reason: str | None = None, code: str | None = None
    ) -> CameraStatus:
        async def last() -> CameraStatus | None:
            found = await self.statuses(camera)
            last = found[-1] if found and found[-1].status == wanted else None
            return last if last and reason in (None, last.reason) and code in (None, last.code) else None

        try:
            found: CameraStatus = await until(last, 60, f"the camera to be {wanted}")
        except AssertionError as error:
            was = [(each.status, each.code, each.reason) for each in await self.statuses(camera)]
            raise AssertionError(f"{error}; it was {was}") from error
        return found
