"""The broker as a consumer uses it: implemented on Kafka, and in memory for tests."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from chassis.records import Record, TopicPartition

Revoked = Callable[[], Awaitable[None]]


class BrokerError(Exception):
    """The membership is lost: close it and join again."""


class TopicsChanged(BrokerError):
    """A topic has other partitions than when reading began, or was deleted and `made_anew` (0057)."""

    def __init__(self, why: str, made_anew: frozenset[str] = frozenset()) -> None:
        super().__init__(why)
        self.made_anew = made_anew


class Subscription(Protocol):
    """A membership in a group, or a reading without one. Everything is per partition."""

    async def poll(self, timeout_s: float, max_records: int) -> Sequence[Record]:
        """The next records of partitions that are not paused, in order per partition; empty after the timeout."""
        ...

    @property
    def complaint(self) -> str | None:
        """Why nothing, or not everything, can be read: a topic is missing. None when nothing is wrong."""
        ...

    def assigned(self) -> set[TopicPartition]: ...
    def pause(self, partitions: Iterable[TopicPartition]) -> None: ...
    def resume(self, partitions: Iterable[TopicPartition]) -> None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Commit the next offset to read; False when the membership does not allow it."""
        ...

    async def lag(self) -> dict[TopicPartition, int] | None:
        """Records between the read position and the end, of every assigned partition; None when it is unknown."""
        ...

    async def close(self) -> None: ...


class Broker(Protocol):
    """Every call waits until the broker is reachable and the topics exist; `waits_for` says which is not."""

    waits_for: str | None

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        """Join a group; `revoked` is awaited before partitions are revoked. Starts at the earliest record."""
        ...

    async def read(self, topic: str, *, newest: bool = False) -> Subscription:
        """Read every partition without a group, from its start or (`newest`) from its end; `commit` does nothing."""
        ...

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        ...

    async def read_earlier(self, record: Record, since_ms: int) -> list[Record]:
        """Records of the same key before `record` in its partition, written since `since_ms` (the broker's time)."""
        ...
