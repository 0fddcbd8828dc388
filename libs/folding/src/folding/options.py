"""The options of a fold."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chassis.fuse import FuseOptions


@dataclass(frozen=True, kw_only=True)
class FoldOptions:
    """One fold. `group` is its consumer group, `lane_of` gives the lane of a row's key ("live" or "run"). Seconds.

    `extra_topics` are further sources, with the keys and the number of partitions of `topic`.
    `max_buffered`: how many records may be folded whose outputs are not acknowledged.
    """

    group: str
    topic: str
    partitions: int
    bootstrap: str
    datadir: Path
    lane_of: Callable[[str], str]
    tick_s: float = 5.0
    stall_timeout_s: float = 30.0
    stop_timeout_s: float = 8.0
    extra_topics: tuple[str, ...] = ()
    max_buffered: int = 500
    fuse: FuseOptions = field(default_factory=FuseOptions)

    @property
    def topics(self) -> tuple[str, ...]:
        """All sources."""
        return (self.topic, *self.extra_topics)

    @property
    def capacity(self) -> int:
        """`max_buffered`, but 1 with several topics: after a crash their records need not come in the same order."""
        return 1 if self.extra_topics else self.max_buffered

    @property
    def changelog(self) -> str:
        """The topic of the rows: compact only, as many partitions as `topic`; it must exist before the fold starts."""
        return f"{self.group}-rows-changelog"
