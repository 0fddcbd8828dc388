"""What a consumer receives and what a producer takes: bytes and coordinates, no meaning."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the broker gave it. `timestamp_ms` is the broker's, never the capture time."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def place(self) -> Partition:
        """The partition it came from."""
        return Partition(self.topic, self.partition)

    def header(self, name: str) -> str | None:
        """The first header of that name as text, or None."""
        return next((value.decode("utf-8", "replace") for key, value in self.headers if key == name), None)


class Sendable(Protocol):
    """What a producer can send. `lane` is "live" or "run"; `partition` overrides the partitioner."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]: ...
    @property
    def lane(self) -> str: ...
    @property
    def partition(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A plain Sendable, for dead letters, ticks and tests."""

    topic: str
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    lane: str = "live"
    partition: int | None = None
