"""Producing: acknowledged by all, in order per partition, through broker outages."""

from collections.abc import Sequence
from typing import Protocol

from chassis.metrics import Metrics
from chassis.records import Sendable


class Producer(Protocol):
    """Something that sends. A returned send is acknowledged by all replicas."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def send(self, message: Sendable) -> tuple[int, int]:
        """Send one and wait; the (partition, offset) that it got."""
        ...

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        """Send many at once and wait for all; order is kept per partition."""
        ...


class KafkaProducer:
    """Idempotent producer on aiokafka; retries for ever with backoff through broker outages."""

    def __init__(self, bootstrap: str, client_id: str, partitions: int, metrics: Metrics) -> None: ...

    async def start(self) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        raise NotImplementedError

    async def send(self, message: Sendable) -> tuple[int, int]:
        raise NotImplementedError

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        raise NotImplementedError
