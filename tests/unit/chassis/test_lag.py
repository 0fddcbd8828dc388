from chassis.lag import publish_lag
from chassis.metrics import Metrics
from chassis.records import TopicPartition


def test_lag_is_summed_by_lane_over_topics_of_different_sizes() -> None:
    metrics = Metrics()
    records = {TopicPartition("wide", number): 1 for number in range(6)} | {TopicPartition("narrow", 0): 10}
    publish_lag(metrics, "g", records, {"wide": 6, "narrow": 1})
    assert metrics.value("consumer_lag", group="g", lane="live") == 14
    assert metrics.value("consumer_lag", group="g", lane="run") == 2


def test_a_lane_without_records_is_zero() -> None:
    metrics = Metrics()
    publish_lag(metrics, "g", {}, {})
    assert b'tablewatch_consumer_lag{group="g",lane="run"} 0.0' in metrics.exposition()
