"""Stores the last good snapshot of a camera, and gives it to the reader of its pictures."""

from chassis.clock import Clock
from extractor.live.sources.source import FrameSource
from extractor.model.camera_health import Health
from extractor.model.scene import Scene
from extractor.model.snapshot import Snapshot, is_due, parse_snapshot, view_of
from objects.store import Gone, ObjectStore
from tablewatch_schemas import CameraConfig, keys


class Snapshots:
    """Of one camera: one object, overwritten, and deleted with the camera."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._last: Snapshot | None = None
        self._view: str | None = None
        self._is_stored = False

    async def begin(self, config: CameraConfig, source: FrameSource) -> None:
        """A session begins: it is compared with what was stored of this view. Raises OSError."""
        view = view_of(config.source.address or "", config.layout_version)
        if view != self._view:
            self._last = await self._stored(config, view)
            self._view = view
        if self._last is not None:
            source.refer(self._last.jpeg)

    async def take(
        self, config: CameraConfig, source: FrameSource, picture: bytes, scene: Scene, health: Health
    ) -> None:
        """A picture came; it may become the snapshot. Raises OSError."""
        view = view_of(config.source.address or "", config.layout_version)
        if view != self._view:  # the layout was drawn anew, on what is to be seen now
            self._view, self._last = view, None
            source.refer(b"")
            return
        now_s = self._clock.now().timestamp()
        if is_due(self._last, health, scene, now_s):
            snapshot = Snapshot(view, now_s, picture)
            await self._store.put(self._key(config), snapshot.to_bytes(), "image/jpeg")
            self._last, self._is_stored = snapshot, True
            source.refer(picture)

    @property
    def jpeg(self) -> bytes | None:
        """What pictures are compared with."""
        return None if self._last is None else self._last.jpeg

    def key(self, config: CameraConfig) -> str | None:
        """Of the object; None while there is none of this view."""
        return self._key(config) if self._last is not None and self._is_stored else None

    async def _stored(self, config: CameraConfig, view: str) -> Snapshot | None:
        try:
            found = parse_snapshot(await self._store.get(self._key(config)))
        except Gone:
            return None
        self._is_stored = found is not None and found.view == view
        return found if self._is_stored else None

    @staticmethod
    def _key(config: CameraConfig) -> str:
        return keys.last_good_snapshot(config.site_id, config.camera_id)
