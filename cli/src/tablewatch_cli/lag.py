"""How far behind the consumer groups are: from committed offsets, or from /metrics where there are none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from tablewatch_cli.broker import Broker, Edges, Group

BEHIND_RECORDS = 1000
_METRIC = re.compile(r"^tablewatch_consumer_lag\{([^}]*)\} ([0-9.eE+-]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Lag:
    """Records of one topic that one group has yet to handle, by lane; `topic` None: of all that it reads."""

    group: str
    topic: str | None
    live: int
    run: int
    members: int | None
    """Processes in the group; None where the broker was not asked."""

    @property
    def total(self) -> int:
        return self.live + self.run

    def complaint(self) -> str | None:
        """What is wrong with it, or None. Runs may wait as long as they like; live tables may not."""
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
    """Lag of a group on each topic that it has ever committed; a partition without a commit counts from its start."""
    counts: dict[str, list[TopicPartition]] = defaultdict(list)
    for at in edges:
        counts[at.topic].append(at)
    for topic in sorted({at.topic for at in committed}):
        waiting = {True: 0, False: 0}
        for at in counts[topic]:
            edge = edges[at]
            behind = edge.end - max(committed.get(at, edge.first), edge.first)
            waiting[is_live(at.partition, len(counts[topic]))] += max(0, behind)
        yield Lag(name, topic, waiting[True], waiting[False], group.members)


async def of_broker(broker: Broker, group: str | None = None) -> list[Lag]:
    """Lag of every group, or of one, that commits its offsets to Kafka."""
    topics = await broker.topics()
    found: list[Lag] = []
    for name, known in sorted((await broker.groups()).items()):
        committed = await broker.committed(name) if group in (None, name) else {}
        read = {at.topic for at in committed if at.topic in topics}
        edges = await broker.edges(TopicPartition(topic, n) for topic in sorted(read) for n in range(topics[topic]))
        found += of_group(name, known, {at: offset for at, offset in committed.items() if at.topic in read}, edges)
    return found


def of_metrics(pages: Iterable[str], known: Iterable[str]) -> list[Lag]:
    """Lag of groups that have committed nothing to Kafka, from /metrics pages."""
    waiting: dict[str, dict[str, int]] = defaultdict(dict)
    for page in pages:
        for labels, value in _METRIC.findall(page):
            said = dict(_LABEL.findall(labels))
            waiting[said.get("group", "")][said.get("lane", "all")] = int(float(value))
    return [
        Lag(group, None, lanes.get("live", 0) + lanes.get("all", 0), lanes.get("run", 0), None)
        for group, lanes in sorted(waiting.items())
        if group and group not in set(known)
    ]
