"""Doubles of the broker, its producer and the clock; the first two pass the same suites as the real parts."""

from tests.support.doubles.broker import MemoryBroker, MemoryProducer
from tests.support.doubles.clock import ManualClock

__all__ = ["ManualClock", "MemoryBroker", "MemoryProducer"]
