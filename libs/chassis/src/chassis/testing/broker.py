"""A broker in memory: partitions, groups, eager rebalances, commits."""

from collections.abc import Sequence

from chassis.broker import Revoked, Subscription
from chassis.records import Sendable


class MemoryBroker:
    """Topics come into being by being named, with `partitions` partitions."""

    def __init__(self, partitions: int = 6) -> None:
        self.count = partitions

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        raise NotImplementedError

    async def read(self, topic: str) -> Subscription:
        raise NotImplementedError

    async def partitions(self, topic: str) -> int:
        raise NotImplementedError


class MemoryProducer:
    """Sends into a MemoryBroker and remembers what was sent."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        self.sent: list[Sendable] = []

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def send(self, message: Sendable) -> tuple[int, int]:
        raise NotImplementedError

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        raise NotImplementedError
