"""How far a consumer group is behind, by lane."""

from collections.abc import Mapping

from chassis import lanes
from chassis.metrics import CONSUMER_LAG, Metrics
from chassis.records import TopicPartition


def publish_lag(metrics: Metrics, group: str, records: Mapping[TopicPartition, int], counts: Mapping[str, int]) -> None:
    """Set `consumer_lag` of both lanes. `records` are not yet processed; `counts` are the partitions of each topic."""
    totals = dict.fromkeys(lanes.LANES, 0)
    for (topic, partition), waiting in records.items():
        totals[lanes.lane_of(partition, counts[topic])] += waiting
    for lane, total in totals.items():
        metrics.set(CONSUMER_LAG, total, group=group, lane=lane)
