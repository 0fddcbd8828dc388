"""Readiness and metrics as `check` reads them, from pages that chassis made."""

from chassis.metrics import CONSUMER_LAG, FUSE_BLOWN, OUTBOX_OLDEST_SECONDS, Metrics
from tablewatch_cli import ops


def test_fuses_lag_and_gauges_are_read_from_a_real_page() -> None:
    metrics = Metrics()
    metrics.set(FUSE_BLOWN, 0, group="a")
    metrics.set(FUSE_BLOWN, 1, group="b")
    metrics.set(CONSUMER_LAG, 3, group="a", lane="live")
    metrics.set(CONSUMER_LAG, 1500000, group="a", lane="run")
    metrics.set(OUTBOX_OLDEST_SECONDS, 61.5)
    found = ops.samples(metrics.exposition().decode())
    assert ops.blown_fuses(found) == ["b"]
    assert ops.lag_by_lane(found) == {"live": 3, "run": 1_500_000}
    assert ops.highest(found, "outbox_oldest_seconds") == 61.5
    assert ops.highest(found, "nothing_of_the_kind") == 0


def test_complaints_are_readable_whatever_answers() -> None:
    assert ops.complaints('{"ok":false,"complaints":{"consumer g":"not in its group yet"}}') == (
        "consumer g: not in its group yet"
    )
    assert ops.complaints("<html>bad gateway</html>") == "<html>bad gateway</html>"
    assert ops.complaints("[]") == "[]"
