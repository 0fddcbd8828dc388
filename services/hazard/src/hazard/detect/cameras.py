"""The registry of cameras that see nothing useful, from camera.status."""

from chassis.records import Record
from events.decode import event_or_none
from tablewatch_schemas import CameraStatus
from tablewatch_schemas.doubts import BLIND


class BlindCameras:
    """Cameras of whose pictures none shows the floor as it is now: nothing can be compared until they are well."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def apply_record(self, record: Record) -> None:
        """For a TableReader of camera.status: the newest status counts; records that cannot be decoded are ignored."""
        status = event_or_none(record)
        if isinstance(status, CameraStatus):
            self._apply(status)
        elif record.value is None and record.key is not None:
            self._reasons.pop(record.key.decode(errors="replace"), None)

    def suspended(self, camera_id: str | None) -> str | None:
        """Why candidates of this camera are suspended; None when they are not."""
        return None if camera_id is None else self._reasons.get(camera_id)

    def _apply(self, status: CameraStatus) -> None:
        self._reasons.pop(status.camera_id, None)
        if status.status in BLIND:
            self._reasons[status.camera_id] = f"camera_{status.status}"
