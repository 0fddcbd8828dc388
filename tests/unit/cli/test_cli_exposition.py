"""What a service says of itself, as `check` reads it: from the pages that chassis makes."""

from chassis.metrics import Metrics
from tablewatch_cli import exposition


def test_fuses_lag_and_gauges_are_read_from_a_real_page() -> None:
    metrics = Metrics()
    metrics.gauge("fuse_blown", 0, group="a")
    metrics.gauge("fuse_blown", 1, group="b")
    metrics.gauge("consumer_lag", 3, group="a", lane="live")
    metrics.gauge("consumer_lag", 1500000, group="a", lane="run")
    metrics.gauge("outbox_oldest_seconds", 61.5)
    found = exposition.samples(metrics.exposition().decode())
    assert exposition.blown(found) == ["b"]
    assert exposition.behind(found) == {"live": 3, "run": 1_500_000}
    assert exposition.most(found, "outbox_oldest_seconds") == 61.5
    assert exposition.most(found, "nothing_of_the_kind") == 0


def test_readiness_is_told_in_words_whatever_answers() -> None:
    assert exposition.complaints('{"ok":false,"complaints":{"consumer g":"not in its group yet"}}') == (
        "consumer g: not in its group yet"
    )
    assert exposition.complaints("<html>bad gateway</html>") == "<html>bad gateway</html>"
    assert exposition.complaints("[]") == "[]"
