"""Metrics of dependencies."""

from chassis.metrics import Gauge

DEPENDENCY_READY = Gauge(
    "dependency_ready", "1 while the service can use the dependency (store, database, broker, uploads)", ("dependency",)
)
