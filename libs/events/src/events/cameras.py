"""The registry of each camera's newest layout, and how often it is looked at, from camera.config."""

from chassis.records import Record
from events.decode import event_or_none
from tablewatch_schemas import CameraConfig

_UNKNOWN: tuple[int, str | None, int] = (0, None, 0)


class CameraLayouts:
    """The layout of each camera in its newest configuration."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, str | None, int]] = {}

    def apply(self, config: CameraConfig) -> None:
        """Take a configuration in; one of a lower version than the newest is ignored."""
        if config.version >= self._newest.get(config.camera_id, _UNKNOWN)[0]:
            self._newest[config.camera_id] = config.version, config.layout_key, config.look_every_ms or 0

    def apply_record(self, record: Record) -> None:
        """`apply` for a TableReader of camera.config; tombstones and what cannot be decoded are ignored."""
        event = event_or_none(record)
        if isinstance(event, CameraConfig):
            self.apply(event)

    def layout_key(self, camera_id: str | None) -> str | None:
        """Object key of the camera's newest layout; None when it has none, or is not known."""
        return None if camera_id is None else self._newest.get(camera_id, _UNKNOWN)[1]

    def look_every_ms(self, camera_id: str | None) -> int:
        """How often a look is wanted while nothing changes, milliseconds; 0: at every frame, or not known."""
        return 0 if camera_id is None else self._newest.get(camera_id, _UNKNOWN)[2]
