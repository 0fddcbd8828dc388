"""The registry of unwanted runs, from video.command."""

from chassis.records import Record
from events.decode import event_or_none
from tablewatch_schemas import VideoCommand


class UnwantedRuns:
    """Runs that were cancelled or deleted. A retry makes a cancelled run wanted again, never a deleted one.

    Every process reads the topic in full, so it knows all of them after a restart too. Unbounded: some 170 bytes a run
    for as long as the topic keeps its commands.
    """

    def __init__(self) -> None:
        self._cancelled: set[str] = set()
        self._deleted: set[str] = set()

    def apply(self, command: VideoCommand) -> None:
        """Take a command in; a redelivered one changes nothing. Other actions are ignored."""
        if command.action == "delete":
            self._deleted.add(command.run_id)
        elif command.action == "cancel":
            self._cancelled.add(command.run_id)
        elif command.action == "retry":
            self._cancelled.discard(command.run_id)

    def apply_record(self, record: Record) -> None:
        """`apply` for a TableReader of video.command; records that cannot be decoded are ignored."""
        event = event_or_none(record)
        if isinstance(event, VideoCommand):
            self.apply(event)

    def is_deleted(self, run_id: str | None) -> bool:
        """Whether what is made of a run while its deletion is handled has to be deleted as well."""
        return run_id in self._deleted

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._cancelled or run_id in self._deleted
