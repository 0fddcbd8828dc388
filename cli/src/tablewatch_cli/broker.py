"""What operators read from Kafka: topics, groups, offsets, records. Nothing here joins a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from progress.aiokafka_patches import read_any_header_name
from tablewatch_cli.errors import KafkaUnreachable, NoKafka, UnknownTopic
from tablewatch_cli.settings import Target

TIMEOUT_MS = 10_000
FETCH_MS = 500
read_any_header_name()


@dataclass(frozen=True, slots=True)
class Edges:
    """Offsets of a partition: of the oldest record, and of the next that will be written."""

    first: int
    end: int

    @property
    def count(self) -> int:
        """Records between them; fewer where compaction removed some."""
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group as the broker knows it."""

    state: str
    members: int


def bootstrap_of(target: Target) -> str:
    """Kafka's address. Raises NoKafka."""
    if target.kafka_bootstrap is None:
        raise NoKafka
    return target.kafka_bootstrap


@asynccontextmanager
async def connected(bootstrap: str) -> AsyncIterator[Broker]:
    """A client of the broker. Raises KafkaUnreachable, also for what fails inside the block."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=TIMEOUT_MS)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await admin.start()
        await consumer.start()
        await asyncio.sleep(0)  # aiokafka's stop raises CancelledError when its own task has not begun
        yield Broker(admin, consumer)
    except (KafkaError, OSError) as error:
        raise KafkaUnreachable(f"{bootstrap}: {error!r}") from error
    finally:
        await consumer.stop()
        await admin.close()


class Broker:
    """Reads the cluster's state; the one thing that it changes is to delete old records."""

    def __init__(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> None:
        self._admin, self._consumer = admin, consumer

    async def topics(self) -> dict[str, int]:
        """Number of partitions by topic, Kafka's own topics left out."""
        return {
            each["topic"]: len(each["partitions"])
            for each in await self._admin.describe_topics()
            if not each["topic"].startswith("__")
        }

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """Partitions of a topic. Raises UnknownTopic."""
        count = (await self.topics()).get(topic)
        if count is None:
            raise UnknownTopic(f"It was: {topic}.")
        return [TopicPartition(topic, number) for number in range(count)]

    async def edges(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Edges]:
        """Oldest and next offset of each partition."""
        wanted = list(partitions)
        if not wanted:
            return {}
        # assigned at once: aiokafka otherwise fetches the metadata of each topic by itself
        self._consumer.assign(wanted)
        self._consumer.pause(*wanted)
        first, end = await self._consumer.beginning_offsets(wanted), await self._consumer.end_offsets(wanted)
        return {at: Edges(first[at], end[at]) for at in wanted}

    async def edges_since(self, partitions: Iterable[TopicPartition], at_ms: int) -> dict[TopicPartition, Edges]:
        """As `edges`, from the first record that the broker got at that Unix time or later."""
        edges = await self.edges(partitions)
        found = await self._consumer.offsets_for_times(dict.fromkeys(edges, at_ms)) if edges else {}
        return {
            at: Edges(edge.end if found.get(at) is None else max(edge.first, found[at].offset), edge.end)
            for at, edge in edges.items()
        }

    async def configs(self, topics: Iterable[str]) -> dict[str, dict[str, str]]:
        """Configuration of topics that exist, by the broker's names."""
        wanted = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        answers = await self._admin.describe_configs(wanted) if wanted else []
        return {
            resource[3]: {entry[0]: entry[1] for entry in resource[4]}
            for answer in answers
            for resource in answer.resources
            if resource[0] == 0
        }

    async def groups(self) -> dict[str, Group]:
        """Every consumer group by name."""
        found = {}
        for name, _ in await self._admin.list_consumer_groups():
            # one at a time: aiokafka 0.14 misreads an answer about several groups
            (answer,) = await self._admin.describe_consumer_groups([name])
            _, _, state, _, _, members = answer.groups[0][:6]
            found[name] = Group(state, len(members))
        return found

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Committed offsets of a group, where it has committed one."""
        found: Mapping[TopicPartition, Any] = await self._admin.list_consumer_group_offsets(group)
        return {at: committed.offset for at, committed in found.items() if committed.offset >= 0}

    async def read(self, at: TopicPartition, start: int, end: int) -> AsyncIterator[ConsumerRecord]:
        """Records of a partition from `start` up to and without `end`."""
        self._consumer.assign([at])
        self._consumer.seek(at, start)
        while await self._consumer.position(at) < end:
            for record in (await self._consumer.getmany(at, timeout_ms=FETCH_MS)).get(at, []):
                if record.offset < end:
                    yield record

    async def delete_before(self, at: TopicPartition, offset: int) -> int:
        """Delete all records below an offset, for good; returns the new oldest offset."""
        done = await self._admin.delete_records({at: RecordsToDelete(offset)}, timeout_ms=TIMEOUT_MS)
        return int(done[at])
