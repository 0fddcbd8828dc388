"""Prometheus metrics with a closed set of names: what is not written here cannot be counted."""

from typing import Literal, NamedTuple, TypeVar, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics import MetricWrapperBase

CounterName = Literal[
    "records_handled_total",
    "records_retried_total",
    "dead_letters_total",
    "records_produced_total",
    "producer_rebuilt_total",
    "outbox_published_total",
    "leases_lost_total",
    "objects_gone_total",
    "object_errors_total",
    "frames_total",
    "jobs_total",
    "work_total",
    "dropped_total",
    "http_requests_total",
]
GaugeName = Literal[
    "fuse_blown",
    "consumer_lag",
    "outbox_oldest_seconds",
    "outbox_rows",
    "backlog",
    "open_streams",
    "jobs_open",
    "jobs_stuck",
    "job_oldest_seconds",
]
SecondsName = Literal[
    "handle_seconds",
    "produce_seconds",
    "work_seconds",
    "http_seconds",
    "object_seconds",
    "job_seconds",
    "light_to_state_seconds",
]
MetricName = Literal[CounterName, GaugeName, SecondsName]


M = TypeVar("M", bound=MetricWrapperBase)


class _Spec(NamedTuple):
    help: str
    labels: tuple[str, ...]


SPECS: dict[MetricName, _Spec] = {
    "records_handled_total": _Spec(
        "Records done with, by outcome ok, invalid or failed", ("group", "topic", "outcome")
    ),
    "records_retried_total": _Spec("Attempts that are made again, busy or error", ("group", "topic", "why")),
    "dead_letters_total": _Spec("Records sent to the dead-letter topic", ("group", "topic", "code")),
    "records_produced_total": _Spec("Records acknowledged by the broker", ("topic",)),
    "producer_rebuilt_total": _Spec("Producers thrown away after a failure and made anew", ()),
    "outbox_published_total": _Spec("Outbox rows published and deleted", ("topic",)),
    "leases_lost_total": _Spec("Leases that somebody else took while we worked", ("lease",)),
    "objects_gone_total": _Spec("Objects that were named and not there any more", ("what",)),
    "object_errors_total": _Spec(
        "Object store operations that failed; a missing object is none", ("operation", "error")
    ),
    "frames_total": _Spec(
        "Frames wanted for tables, by what became of them: extracted, then classified, dropped (why) or dead-lettered "
        "(dead_letters_total)",
        ("outcome", "reason"),
    ),
    "jobs_total": _Spec("Jobs that ended, by status and code of the failure", ("status", "code")),
    "work_total": _Spec("Pieces of work finished, by stage and outcome", ("stage", "outcome")),
    "dropped_total": _Spec("Things left out on purpose, with the reason", ("what", "reason")),
    "http_requests_total": _Spec("HTTP requests answered", ("route", "method", "status")),
    "fuse_blown": _Spec("1 while a consumer is stopped by its dead-letter fuse", ("group",)),
    "consumer_lag": _Spec("Records not yet done with, by lane", ("group", "lane")),
    "outbox_oldest_seconds": _Spec("Age of the oldest outbox row", ()),
    "outbox_rows": _Spec("Rows in the outbox", ()),
    "backlog": _Spec("Things waiting, by queue", ("queue",)),
    "open_streams": _Spec("Open server-sent event streams", ()),
    "jobs_open": _Spec("Jobs whose file is uploaded and that have not ended", ()),
    "jobs_stuck": _Spec("Open jobs of which nothing was heard for API_JOB_STUCK_S", ()),
    "job_oldest_seconds": _Spec("Time since the upload of the oldest open job; 0 when there is none", ()),
    "handle_seconds": _Spec("Time that a handler takes for a record", ("group", "topic")),
    "produce_seconds": _Spec("Time from send to acknowledgement", ("topic",)),
    "work_seconds": _Spec("Time that one piece of work takes, by stage", ("stage",)),
    "http_seconds": _Spec("Time to answer an HTTP request", ("route",)),
    "object_seconds": _Spec("Time of one object store operation", ("operation",)),
    "job_seconds": _Spec("Time from the stored upload to the end of the job", ("status",)),
    "light_to_state_seconds": _Spec(
        "Live: from the light to its table state being readable; runs: from the stored upload to the last one",
        ("lane",),
    ),
}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LONG = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)
_BUCKETS: dict[SecondsName, tuple[float, ...]] = {"job_seconds": _LONG, "light_to_state_seconds": _LONG}


class Metrics:
    """One registry of a process; a name or label outside SPECS raises."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters = {name: self._make(Counter, name) for name in get_args(CounterName)}
        self._gauges = {name: self._make(Gauge, name) for name in get_args(GaugeName)}
        self._seconds = {name: self._histogram(name) for name in get_args(SecondsName)}
        ProcessCollector(registry=self.registry)

    def count(self, name: CounterName, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        metric = self._counters[name]
        (metric.labels(**labels) if labels else metric).inc(amount)

    def gauge(self, name: GaugeName, value: float, **labels: str) -> None:
        """Set a gauge."""
        metric = self._gauges[name]
        (metric.labels(**labels) if labels else metric).set(value)

    def observe(self, name: SecondsName, seconds: float, **labels: str) -> None:
        """Add a duration to a histogram."""
        metric = self._seconds[name]
        (metric.labels(**labels) if labels else metric).observe(seconds)

    def value(self, name: MetricName, **labels: str) -> float:
        """What a counter or gauge stands at (0 when never touched)."""
        return self.registry.get_sample_value(f"tablewatch_{name}", labels) or 0.0

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def _histogram(self, name: SecondsName) -> Histogram:
        return self._make(Histogram, name, buckets=_BUCKETS.get(name, _SECONDS))

    def _make(self, kind: type[M], name: MetricName, **options: object) -> M:
        spec = SPECS[name]
        return kind(f"tablewatch_{name}", spec.help, spec.labels, registry=self.registry, **options)  # type: ignore[arg-type]
