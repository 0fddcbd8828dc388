"""The broker in memory passes the suite that Kafka passes."""

import uuid

import pytest
from tests.contract.chassis.broker_suite import Bench, BrokerSuite
from tests.support.doubles import MemoryBroker, MemoryProducer


class TestMemoryBroker(BrokerSuite):
    @pytest.fixture
    async def bench(self) -> Bench:
        broker = MemoryBroker()
        name = uuid.uuid4().hex
        return Bench(broker=broker, producer=MemoryProducer(broker), topic=f"t.{name}", group=f"g-{name}")
