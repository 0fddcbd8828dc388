"""Metrics of ingest alone."""

from chassis.metrics import Gauge

BACKLOG = Gauge("backlog", "Things waiting, by queue", ("queue",))
WAITING = Gauge(
    "uploads_waiting", "Uploads that have arrived and wait to be stored, by the code of what hinders it", ("code",)
)
