"""Which runs nobody wants any more, which layout a camera has: what every copy of the service reads in full. Pure."""

from tablewatch_schemas import CameraConfig, VideoCommand


class Notes:
    """Cancelled and deleted runs (a retry makes a cancelled one wanted again), and the newest layout by camera."""

    def __init__(self) -> None:
        self._cancelled: set[str] = set()
        self._deleted: set[str] = set()
        self._layouts: dict[str, tuple[int, str | None]] = {}

    def command(self, command: VideoCommand) -> None:
        """Take a command in; the same one twice changes nothing."""
        if command.action == "delete":
            self._deleted.add(command.run_id)
        elif command.action == "cancel":
            self._cancelled.add(command.run_id)
        elif command.action == "retry":
            self._cancelled.discard(command.run_id)

    def camera(self, config: CameraConfig) -> None:
        """Take a camera's configuration in; a lower version than known is ignored."""
        if config.version >= self._layouts.get(config.camera_id, (0, None))[0]:
            self._layouts[config.camera_id] = config.version, config.layout_key

    def unwanted(self, run_id: str | None) -> bool:
        """Whether nobody wants this run any more."""
        return run_id in self._cancelled or run_id in self._deleted

    def layout_of(self, camera_id: str) -> str | None:
        """Key of the camera's newest layout."""
        return self._layouts.get(camera_id, (0, None))[1]
