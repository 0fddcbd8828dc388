"""Which runs nobody wants any more, from video.command: pure, and known in full after a restart."""

from tablewatch_schemas import VideoCommand


class Unwanted:
    """Runs that were cancelled or deleted. A retry makes a cancelled run wanted again, never a deleted one."""

    def __init__(self) -> None:
        self._cancelled: set[str] = set()
        self._deleted: set[str] = set()

    def apply(self, command: VideoCommand) -> None:
        """Take a command in; the same one twice changes nothing."""
        if command.action == "delete":
            self._deleted.add(command.run_id)
        elif command.action == "cancel":
            self._cancelled.add(command.run_id)
        elif command.action == "retry":
            self._cancelled.discard(command.run_id)

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._cancelled or run_id in self._deleted
