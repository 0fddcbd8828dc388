"""The three outcomes of a record, and how one group consumes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chassis.fuse import FuseOptions
from chassis.records import Record

Handler = Callable[[Record], Awaitable[None]]


class Invalid(Exception):
    """The record will never work: it becomes a dead letter and the offset advances."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Busy(Exception):
    """Slow down: the record is retried after a wait, the partition paused meanwhile; no attempt is used up."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__(f"retry in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True)
class ConsumeOptions:
    """How one group consumes. Times in seconds.

    `in_flight` and `queued` are records per partition. `busy_on` are exceptions that count as Busy, because a part is
    away and not the record at fault; their backoff is at most `busy_max_s`, so that work goes on soon after the part is
    back. `progress_s` is how long the consumer may have a backlog and finish nothing before it counts as dead.
    """

    group: str
    topics: tuple[str, ...]
    attempts: int = 8
    backoff_s: float = 0.2
    backoff_max_s: float = 10.0
    busy_max_s: float = 5.0
    in_flight: int = 1
    live_first: bool = True
    drain_s: float = 5.0
    progress_s: float = 120.0
    queued: int = 64
    busy_on: tuple[type[BaseException], ...] = (ConnectionError,)
    fuse: FuseOptions = field(default_factory=FuseOptions)
