"""Sampled pictures become frames: the object first, then frame.extracted; what is late is dropped and counted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chassis.clock import Clock
from chassis.metrics import Metrics
from chassis.produce import Producer, Refused
from dependencies.errors import StoreFull
from events.metrics import FRAMES
from extractor.live.drops import Drops
from extractor.live.lease import Lease
from extractor.live.reader import Frame
from extractor.metrics import LIVE_FRAMES
from extractor.model.capture_time import Rising
from objects.space import StoreSpace
from objects.store import ObjectStore
from tablewatch_schemas import CameraConfig, FrameExtracted, encode, keys
from tablewatch_schemas.ids import live_frame_id

SOURCE = "tablewatch/extractor"
MAKE = ("frames", "tables", "hazards")


@dataclass(frozen=True, slots=True)
class Published:
    """The frame that the next one is compared with."""

    frame_id: str
    object_key: str
    captured_at: datetime


class FrameWriter:
    """Where frames of all cameras go."""

    def __init__(
        self, store: ObjectStore, space: StoreSpace, producer: Producer, lease: Lease, drops: Drops, *,
        clock: Clock, metrics: Metrics,
    ) -> None:  # fmt: skip
        self._store, self._space, self._producer, self._lease = store, space, producer, lease
        self._drops, self._clock, self._metrics = drops, clock, metrics
        metrics.count(FRAMES, 0, outcome="extracted", reason="", lane="live")

    def drop(self, config: CameraConfig, reason: str) -> None:
        """Count a frame that is not published: `slow` (a newer one came), `late`, `store_full`, `store_failed`,
        `lease_lost` (another process may have its camera by now), `refused` (by the broker).
        """
        self._drops.count(config.camera_id, config.site_id, reason)

    async def write(
        self, config: CameraConfig, frame: Frame, picture: bytes, rising: Rising, before: Published | None
    ) -> Published | None:
        """Store and publish a frame; None if it was dropped. Returns when the broker has acknowledged it.

        A picture from a reader cannot have been taken in our future: whatever it claims, it is of now then.
        """
        now = self._clock.now()
        if frame.captured_ms < 0:  # a camera counts in ticks of its own choice, and they may fall back by decades
            self.drop(config, "late")
            return None
        claimed_s = min(frame.captured_ms / 1000, now.timestamp())
        captured_at = datetime.fromtimestamp(rising.next_ms(claimed_s, now.timestamp()) / 1000, UTC)
        if now - captured_at > timedelta(milliseconds=config.max_age_ms):
            self.drop(config, "late")
            return None
        key = keys.live_frame(config.site_id, config.camera_id, captured_at)
        event = frame_event(config, frame, key, len(picture), captured_at, before)
        # The object first: an event never names an object that is not there.
        if reason := await self._put(key, picture) or await self._send(event, now):
            self.drop(config, reason)
            return None
        self._metrics.count(LIVE_FRAMES, outcome="captured", reason="")
        self._drops.recent.count()
        if event.layout_key is not None:
            self._metrics.count(FRAMES, outcome="extracted", reason="", lane="live")
        return Published(event.frame_id, key, captured_at)

    async def _put(self, key: str, picture: bytes) -> str | None:
        """None once the picture is stored; else why it cannot be."""
        try:
            await self._space.take(len(picture))
            await self._store.put(key, picture, "image/jpeg")
        except StoreFull:
            return "store_full"
        except OSError:
            return "store_failed"
        return None

    async def _send(self, event: FrameExtracted, now: datetime) -> str | None:
        """None once the broker has the event; else why it is not published."""
        if not self._lease.holds:
            return "lease_lost"
        try:
            await self._producer.send(encode(event, source=SOURCE, time=now))
        except Refused:
            return "refused"
        return None


def frame_event(
    config: CameraConfig, frame: Frame, key: str, size_bytes: int, captured_at: datetime, before: Published | None
) -> FrameExtracted:
    """Of a live picture of `size_bytes` that is stored under `key`."""
    return FrameExtracted(
        frame_id=live_frame_id(config.camera_id, captured_at),
        site_id=config.site_id,
        camera_id=config.camera_id,
        run_id=None,
        video_id=None,
        index=None,
        media_ms=None,
        captured_at=captured_at,
        captured_at_source=frame.source,
        captured_at_error_ms=frame.error_ms,
        object_key=key,
        width=frame.width,
        height=frame.height,
        size_bytes=size_bytes,
        keyframe=frame.keyframe,
        sharpness=frame.sharpness,
        brightness=frame.brightness,
        layout_key=config.layout_key,
        previous_frame_id=before.frame_id if before else None,
        previous_object_key=before.object_key if before else None,
        make=MAKE,
        last=False,
    )
