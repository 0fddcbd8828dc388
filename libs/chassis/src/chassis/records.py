"""What a consumer receives and a producer takes: bytes and coordinates, nothing decoded."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the broker. `timestamp_ms` is when it was sent to Kafka, never the capture time."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

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
