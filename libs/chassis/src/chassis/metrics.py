"""Prometheus metrics: their definitions as typed constants, those that every service has, and one registry a process.

A service defines its own in `<service>/metrics.py` and declares that module at start: `metrics.declare(module)`.
"""

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar, cast

import prometheus_client as prometheus
from prometheus_client.metrics import MetricWrapperBase

_UP_TO_A_MINUTE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric; `tablewatch_` comes before its name on the wire."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counter(Definition):
    """Only grows; its name ends in `_total`."""


@dataclass(frozen=True, slots=True)
class Gauge(Definition):
    """Goes up and down."""


@dataclass(frozen=True, slots=True)
class Seconds(Definition):
    """A histogram of durations; `buckets` are their upper bounds."""

    buckets: tuple[float, ...] = _UP_TO_A_MINUTE


RECORDS_HANDLED = Counter(
    "records_handled_total", "Records done with, by outcome ok, invalid or failed", ("group", "topic", "outcome")
)
RECORDS_RETRIED = Counter(
    "records_retried_total", "Attempts that are made again, busy or error", ("group", "topic", "why")
)
DEAD_LETTERS = Counter("dead_letters_total", "Records sent to the dead-letter topic", ("group", "topic", "code"))
RECORDS_PRODUCED = Counter("records_produced_total", "Records acknowledged by the broker", ("topic",))
PRODUCER_REBUILT = Counter("producer_rebuilt_total", "Producers thrown away after a failure and made anew")
OUTBOX_PUBLISHED = Counter("outbox_published_total", "Outbox rows published and deleted", ("topic",))
RECORDS_LOST = Counter("records_lost_total", "Records that retention deleted before they were read", ("group", "topic"))
TOPICS_CHANGED = Counter("topics_changed_total", "Topics found missing, made_anew or resized", ("topic", "what"))
WORK = Counter("work_total", "Pieces of work finished, by stage and outcome", ("stage", "outcome"))
DROPPED = Counter("dropped_total", "Things left out on purpose, with the reason", ("what", "reason"))
FUSE_BLOWN = Gauge("fuse_blown", "1 while a consumer is stopped by its dead-letter fuse", ("group",))
HTTP_CONNECTIONS = Gauge("http_connections", "Open connections of an HTTP server", ("server",))
HTTP_REJECTED = Counter(
    "http_rejected_total", "Requests and connections that the HTTP server itself refused or ended", ("server", "code")
)
AUTHENTICATIONS_FAILED = Counter(
    "authentications_failed_total", "Keys, tokens and signatures that were wrong, or limited", ("what", "outcome")
)
CONSUMER_LAG = Gauge("consumer_lag", "Records not yet done with, by lane", ("group", "lane"))
OUTBOX_OLDEST_SECONDS = Gauge("outbox_oldest_seconds", "Age of the oldest outbox row")
OUTBOX_ROWS = Gauge("outbox_rows", "Rows in the outbox")
HANDLE_SECONDS = Seconds("handle_seconds", "Time that a handler takes for a record", ("group", "topic"))
PRODUCE_SECONDS = Seconds("produce_seconds", "Time from send to acknowledgement", ("topic",))
WORK_SECONDS = Seconds("work_seconds", "Time that one piece of work takes, by stage", ("stage",))

_KINDS: dict[type[Definition], type[MetricWrapperBase]] = {
    Counter: prometheus.Counter,
    Gauge: prometheus.Gauge,
    Seconds: prometheus.Histogram,
}
M = TypeVar("M", bound=MetricWrapperBase)


def definitions(module: ModuleType) -> list[Definition]:
    """The definitions of a module, in its order."""
    return [value for value in vars(module).values() if isinstance(value, Definition)]


class Metrics:
    """The registry of a process. A label that a definition does not have raises ValueError."""

    def __init__(self) -> None:
        self.registry = prometheus.CollectorRegistry()
        self._metrics: dict[Definition, MetricWrapperBase] = {}
        self.declare(sys.modules[__name__])
        prometheus.ProcessCollector(registry=self.registry)

    def declare(self, *modules: ModuleType) -> None:
        """Expose what the modules define before its first use: a series that is missing is no zero."""
        for module in modules:
            for definition in definitions(module):
                self._metric(_KINDS[type(definition)], definition)

    def count(self, counter: Counter, amount: float = 1, **labels: str) -> None:
        self._series(prometheus.Counter, counter, labels).inc(amount)

    def set(self, gauge: Gauge, value: float, **labels: str) -> None:
        self._series(prometheus.Gauge, gauge, labels).set(value)

    def observe(self, seconds: Seconds, duration_s: float, **labels: str) -> None:
        self._series(prometheus.Histogram, seconds, labels).observe(duration_s)

    def value(self, name: str, **labels: str) -> float:
        """The value of a series, by its name on the wire without the prefix; 0 where there is none."""
        return self.registry.get_sample_value(f"tablewatch_{name}", labels) or 0.0

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return prometheus.generate_latest(self.registry)

    def _series(self, kind: type[M], definition: Definition, labels: dict[str, str]) -> M:
        metric = self._metric(kind, definition)
        return metric.labels(**labels) if labels else metric

    def _metric(self, kind: type[M], definition: Definition) -> M:
        metric = self._metrics.get(definition)
        if metric is None:
            options: dict[str, Any] = {"buckets": definition.buckets} if isinstance(definition, Seconds) else {}
            metric = self._metrics[definition] = kind(
                f"tablewatch_{definition.name}", definition.help, definition.labels, registry=self.registry, **options
            )
        return cast(M, metric)
