"""Doubles that ship with the package and pass the same suites as the real parts."""

from chassis.testing.broker import MemoryBroker, MemoryProducer
from chassis.testing.clock import ManualClock
from chassis.testing.objects import MemoryObjects

__all__ = ["ManualClock", "MemoryBroker", "MemoryObjects", "MemoryProducer"]
