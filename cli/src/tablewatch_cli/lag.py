"""Lag of the consumer groups: from committed offsets, or from /metrics of those that commit none to Kafka."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from tablewatch_cli import ops
from tablewatch_cli.broker import Broker, Edges, Group
from tablewatch_schemas import TOPICS

BEHIND_RECORDS = 1000


@dataclass(frozen=True, slots=True)
class Lag:
    """Records of a topic that a group has yet to process, by lane; `topic` None: of all topics that it reads."""

    group: str
    topic: str | None
    live: int
    run: int
    members: int | None
    """Processes in the group; None where it was read from /metrics."""
    lost: int = 0
    """Records that retention deleted before the group read them; reading goes on after them."""
    beyond: int = 0
    """Offsets that the group has committed past the end: of an earlier topic of that name."""

    @property
    def total(self) -> int:
        return self.live + self.run

    def complaint(self) -> str | None:
        """What is wrong with it, or None. Runs may wait as long as they like; live tables may not."""
        if self.beyond:
            return (
                f"{self.group} stands {self.beyond} records past the end of {self.topic}, which was deleted and made "
                "anew: its service reads it from the beginning within seconds; if it does not, restart it"
            )
        if self.lost:
            return f"{self.lost} records of {self.topic} were deleted before {self.group} read them: they are lost"
        if self.members == 0 and self.total:
            return f"{self.group} has {self.total} records of {self.topic} to read and no process: start its service"
        if self.live > BEHIND_RECORDS:
            return f"{self.group} is {self.live} live records behind on {self.topic or 'its topics'}: start another one"
        return None


def is_live(partition: int, count: int) -> bool:
    """Whether a partition is in the live lane: the first two thirds."""
    return partition < max(1, count * 2 // 3)


def of_group(
    name: str,
    group: Group,
    committed: Mapping[TopicPartition, int],
    edges: Mapping[TopicPartition, Edges],
) -> Iterator[Lag]:
    """Lag of a group on each topic of `edges`; a partition without a commit counts from its start."""
    by_topic: dict[str, list[TopicPartition]] = defaultdict(list)
    for partition in edges:
        by_topic[partition.topic].append(partition)
    for topic in sorted(by_topic):
        live = run = lost = beyond = 0
        for partition in by_topic[topic]:
            edge = edges[partition]
            at = committed.get(partition, edge.first)
            lag = max(0, edge.end - max(at, edge.first))
            lost, beyond = lost + max(0, edge.first - at), beyond + max(0, at - edge.end)
            if is_live(partition.partition, len(by_topic[topic])):
                live += lag
            else:
                run += lag
        yield Lag(name, topic, live, run, group.members, lost, beyond)


async def of_broker(broker: Broker, group: str | None = None) -> list[Lag]:
    """Lag of every group, or of one, that commits its offsets to Kafka.

    Of one of ours also on topics that it has committed nothing of: Kafka forgets offsets with the topic, and a group
    that stands still on one that was made anew would have no lag.
    """
    topics = await broker.topics()
    found: list[Lag] = []
    for name, described in sorted((await broker.groups()).items()):
        committed = await broker.committed(name) if group in (None, name) else {}
        committed = {partition: offset for partition, offset in committed.items() if partition.topic in topics}
        ours = {topic for topic, info in TOPICS.items() if name in info.consumers and topic in topics}
        read = sorted({partition.topic for partition in committed} | ours) if group in (None, name) else []
        edges = await broker.edges(TopicPartition(topic, n) for topic in read for n in range(topics[topic]))
        found += of_group(name, described, committed, edges)
    return found


def of_metrics(pages: Iterable[str], in_broker: Iterable[str]) -> list[Lag]:
    """Lag from /metrics pages, of the groups that are not `in_broker`."""
    by_group: dict[str, list[ops.Sample]] = defaultdict(list)
    for page in pages:
        for sample in ops.samples(page):
            if sample.name == "consumer_lag" and sample.labels.get("group"):
                by_group[sample.labels["group"]].append(sample)
    for group in in_broker:
        by_group.pop(group, None)
    lanes = {group: ops.lag_by_lane(samples) for group, samples in sorted(by_group.items())}
    return [Lag(group, None, lane["live"], lane["run"], None) for group, lane in lanes.items()]
