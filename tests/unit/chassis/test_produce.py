"""A fault of the client library ends nobody's wait in silence. The rest is in tests/contract/chassis, on real Kafka."""

import asyncio
from typing import Any

import pytest

from chassis import produce
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from chassis.records import Message


class Broken:
    """A client whose library has a fault."""

    def __init__(self, **_options: Any) -> None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def partitions_for(self, _topic: str) -> set[int]:
        raise AssertionError("a fault of the library")


async def test_an_unexpected_error_is_raised_to_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(produce, "AIOKafkaProducer", Broken)
    producer = KafkaProducer("127.0.0.1:1", "test", 6, Metrics())
    async with asyncio.timeout(10):
        for _ in range(2):  # the queue of the partition goes on with the next
            with pytest.raises(AssertionError, match="a fault of the library"):
                await producer.send(Message(topic="t", key=b"k", value=b"v"))
    await producer.stop()
