"""The three outcomes of a record, and how one group consumes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chassis.deadletters import FuseOptions
from chassis.records import Record

Handler = Callable[[Record], Awaitable[None]]


class Invalid(Exception):
    """A record that is never going to work: dead letter, the offset moves on."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Busy(Exception):
    """Slow down: the partition is paused, polled on, and the same record comes again."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__(f"again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True)
class ConsumeOptions:
    """How one group consumes. Times in seconds.

    `in_flight` and `queued` are records per partition. `busy_on` are exceptions that count as Busy, because the record
    is not to blame: an unreachable database or store; it is asked at least every `busy_max_s`, so that work goes on
    soon after it is back. `progress_s` is how long the consumer may have work and finish
    nothing before it counts as dead.
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
