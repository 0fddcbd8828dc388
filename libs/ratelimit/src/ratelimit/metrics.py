"""Metrics of shared request limits."""

from chassis.metrics import Counter, Gauge

RATE_LIMIT_LEASES = Counter("rate_limit_leases_total", "Batches of requests leased from the database", ("outcome",))
RATE_LIMIT_ALONE = Gauge(
    "rate_limit_alone", "1 while the database is away and this process counts requests without the others"
)
