"""Which detector a site or a camera asks for over REST, from site.config and camera.config."""

from collections.abc import Callable

from chassis.records import Record
from events.decode import event_or_none
from inference import FrameRequest
from tablewatch_schemas import CameraConfig, SiteConfig


class DetectorChoices:
    """The choice in the newest configuration of each site and camera."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, str | None]] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called after each change."""

    def apply(self, config: CameraConfig | SiteConfig) -> None:
        """Take a configuration in; one of a lower version than the newest is ignored."""
        key = config.camera_id if isinstance(config, CameraConfig) else config.site_id
        if config.version >= self._newest.get(key, (0, None))[0]:
            self._newest[key] = config.version, config.detector
            self.changed()

    def apply_record(self, record: Record) -> None:
        """`apply` for TableReaders; what is deleted asks for nothing, what cannot be decoded is ignored."""
        event = event_or_none(record)
        if isinstance(event, CameraConfig | SiteConfig):
            self.apply(event)
        elif record.value is None and record.key is not None:
            self._newest.pop(record.key.decode(errors="replace"), None)
            self.changed()

    def name_of(self, request: FrameRequest) -> str | None:
        """The choice of the frame's camera, else of its site."""
        of_camera = None if request.camera_id is None else self._choice(request.camera_id)
        return of_camera or self._choice(request.site_id)

    def names(self) -> frozenset[str]:
        """Every detector that is asked for."""
        return frozenset(name for _, name in self._newest.values() if name is not None)

    def _choice(self, key: str) -> str | None:
        return self._newest.get(key, (0, None))[1]
