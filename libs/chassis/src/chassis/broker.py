"""What a consumer needs of a broker, so that Kafka and memory can both be it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from chassis.records import Partition, Record

Revoked = Callable[[], Awaitable[None]]


class BrokerError(Exception):
    """The membership is of no use any more: close it and join again."""


class Subscription(Protocol):
    """A membership in a group, or a reading without one. Everything is per partition."""

    async def poll(self, timeout_s: float, most: int) -> Sequence[Record]:
        """The next records of partitions that are not paused, in order per partition; empty after the timeout."""
        ...

    def assigned(self) -> set[Partition]: ...
    def pause(self, partitions: Iterable[Partition]) -> None: ...
    def resume(self, partitions: Iterable[Partition]) -> None: ...
    async def commit(self, offsets: Mapping[Partition, int]) -> bool:
        """Commit the next offset to read; False when the membership does not allow it (any more)."""
        ...

    async def lag(self) -> dict[Partition, int] | None:
        """Records between the read position and the end, of every assigned partition; None when nobody knows."""
        ...

    async def close(self) -> None: ...


class Broker(Protocol):
    """Every call waits until the topics exist, and the broker is reachable."""

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        """Join a group; `revoked` is awaited before partitions are given away. Starts at the earliest record."""
        ...

    async def read(self, topic: str) -> Subscription:
        """Read every partition from its start without a group; `commit` does nothing."""
        ...

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        ...

    async def earlier(self, record: Record, since_ms: int) -> list[Record]:
        """Records of the same key before `record` in its partition, written since `since_ms` (the broker's time)."""
        ...
