"""The broker on aiokafka, without its defaults that lose data."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from chassis.broker import BrokerError, Revoked, Subscription, TopicsChanged
from chassis.clock import SYSTEM_CLOCK, Clock
from chassis.metrics import RECORDS_LOST, TOPICS_CHANGED, Metrics
from chassis.records import Record, TopicPartition
from progress.aiokafka_patches import fetch_patiently, read_any_header_name
from progress.changes import Changes
from progress.losses import Loss, LossCounter
from progress.topics import Topic
from progress.watch import TopicWatch, ask_once

_RETRY_S = 1.0
_SHORT_FETCH_MS = 100  # of a fetch that a partition, which is left out and may be resumed, has to wait for
_TIMEOUT_S = 5.0
_log = structlog.get_logger("chassis.kafka")
read_any_header_name()


class KafkaBroker:
    """Real Kafka. Topics are never created here: every call waits until they exist."""

    def __init__(
        self, bootstrap: str, client_id: str, *, clock: Clock = SYSTEM_CLOCK, metrics: Metrics | None = None
    ) -> None:
        self._bootstrap, self._client_id = bootstrap, client_id
        self._clock, self._metrics = clock, metrics or Metrics()
        self._made_anew: dict[str, set[str]] = {}
        self.waits_for: str | None = None
        self._common = {"bootstrap_servers": bootstrap, "client_id": client_id, "metadata_max_age_ms": 30_000}

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        """Join `group`; offsets are only committed explicitly and start at the earliest."""
        known = await self._topics(topics)
        consumer = await self._started(
            group_id=group, session_timeout_ms=10_000, heartbeat_interval_ms=2_000, max_poll_interval_ms=300_000
        )
        # an offset that was committed of the topic before may have come after that topic's deletion
        anew = self._made_anew.setdefault(group, set())
        subscription = KafkaSubscription(consumer, group, self._metrics, anew)
        consumer.subscribe(list(topics), listener=_Listener(revoked, subscription.begin))
        return subscription.watched(self._bootstrap, self._client_id, known)

    async def read(self, topic: str, *, newest: bool = False) -> Subscription:
        known = await self._topics([topic])
        consumer = await self._started(group_id=None)
        consumer.assign([KafkaTopicPartition(topic, number) for number in range(known[topic].partitions)])
        if newest:
            await _seek_to_end(consumer)
        subscription = KafkaSubscription(consumer, None, self._metrics, set())
        return subscription.watched(self._bootstrap, self._client_id, known)

    async def partitions(self, topic: str) -> int:
        return (await self._topics([topic]))[topic].partitions

    async def read_earlier(self, record: Record, since_ms: int) -> list[Record]:
        partition = KafkaTopicPartition(*record.topic_partition)
        async with self._reading(partition) as consumer:
            first = (await consumer.offsets_for_times({partition: since_ms})).get(partition)
            consumer.seek(partition, min(first.offset if first else record.offset, record.offset))
            return [one async for one in _records_to(consumer, partition, record.offset) if one.key == record.key]

    async def read_between(self, of: TopicPartition, since_ms: int, until_ms: int) -> AsyncGenerator[Record, None]:
        """Records of a partition in order, written between two times of the broker.

        Close the generator when the record looked for is found. Waits while the broker is away: use a timeout.
        """
        partition = KafkaTopicPartition(*of)
        async with self._reading(partition) as consumer:
            first = (await consumer.offsets_for_times({partition: since_ms})).get(partition)
            if first is None:
                return
            end = (await consumer.end_offsets([partition]))[partition]
            consumer.seek(partition, first.offset)
            async for record in _records_to(consumer, partition, end):
                if record.timestamp_ms > until_ms:
                    return
                yield record

    @asynccontextmanager
    async def _reading(self, partition: KafkaTopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = await self._started(group_id=None)
        try:
            consumer.assign([partition])
            yield consumer
        except (KafkaError, IllegalStateError) as error:
            raise ConnectionError(f"{partition} could not be read back: {error!r}") from error
        finally:
            await _close(consumer)

    async def _topics(self, topics: Sequence[str]) -> dict[str, Topic]:
        """Id and partitions of each topic, once all of them exist."""
        while True:
            try:
                found = await ask_once(self._bootstrap, self._client_id, topics)
            except (KafkaError, OSError, TimeoutError) as error:
                problem = f"the broker does not answer: {error!r}"
            else:
                if not (missing := set(topics) - set(found)):
                    self.waits_for = None
                    return found
                problem = f"no such topics: {sorted(missing)}"
            if problem != self.waits_for:
                _log.warning("waiting_for_topics", why=problem)
            self.waits_for = problem
            await self._clock.sleep(_RETRY_S)

    async def _started(self, **options: Any) -> AIOKafkaConsumer:
        while True:
            consumer = AIOKafkaConsumer(
                **(self._common | options),
                fetch_max_wait_ms=_SHORT_FETCH_MS,
                consumer_timeout_ms=1_000,  # how often its fetcher looks round; whatever concerns it wakes it
                enable_auto_commit=False,
                auto_offset_reset="earliest",
            )
            try:
                await consumer.start()
            except (KafkaError, OSError) as error:
                _log.warning("broker_unreachable", error=str(error))
                await _close(consumer)
                await self._clock.sleep(_RETRY_S)
            except BaseException:
                await _close(consumer)
                raise
            else:
                fetch_patiently(consumer)
                return consumer


class KafkaSubscription:
    """A started aiokafka consumer. `made_anew` are topics whose committed offsets are of an earlier topic."""

    def __init__(self, consumer: AIOKafkaConsumer, group: str | None, metrics: Metrics, made_anew: set[str]) -> None:
        self._consumer, self._group, self._metrics, self._made_anew = consumer, group, metrics, made_anew
        self._replaced: set[str] = set()
        self._losses = LossCounter(consumer, self._report_lost)
        self._watch: TopicWatch | None = None

    def watched(self, bootstrap: str, client_id: str, known: Mapping[str, Topic]) -> "KafkaSubscription":
        """Itself, which from now on notices that a topic is another one."""
        self._watch = TopicWatch(bootstrap, client_id, known, found=self._changed)
        self._watch.start()
        return self

    @property
    def complaint(self) -> str | None:
        return self._watch.changes.sentence() if self._watch else None

    async def poll(self, timeout_s: float, max_records: int) -> Sequence[Record]:
        if self._watch is not None and self._watch.changes.ends_reading:
            raise TopicsChanged(str(self.complaint), self._watch.changes.made_anew)
        try:
            batches = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
            if self._group is not None:
                await self._losses.check(batches)
        except (KafkaError, IllegalStateError) as error:
            raise BrokerError(str(error)) from error
        return [_record(message) for batch in batches.values() for message in batch]

    def assigned(self) -> set[TopicPartition]:
        return {_ours(partition) for partition in self._consumer.assignment()}

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in self._still_assigned(partitions):
            self._consumer.pause(partition)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in self._still_assigned(partitions):
            self._consumer.resume(partition)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        gone = self._made_anew | self._replaced
        offsets = {each: offset for each, offset in offsets.items() if each.topic not in gone}
        if not offsets:
            return True
        try:
            async with asyncio.timeout(_TIMEOUT_S):  # aiokafka retries for as long as the coordinator is away
                await self._consumer.commit({KafkaTopicPartition(*each): offset for each, offset in offsets.items()})
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            # A rebalance took the partitions, or the coordinator is away: what was done is redelivered.
            _log.info("commit_refused", error=repr(error))
            return False
        return True

    async def lag(self) -> dict[TopicPartition, int] | None:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
            return {_ours(partition): max(0, end - await self._position(partition)) for partition, end in ends.items()}
        except (KafkaError, IllegalStateError, TimeoutError, AssertionError) as error:
            _log.info("lag_unknown", error=repr(error))
            return None

    async def close(self) -> None:
        if self._watch is not None:
            await self._watch.close()
        await _close(self._consumer)

    async def begin(self, assigned: Iterable[KafkaTopicPartition]) -> None:
        """Partitions were assigned: those of a topic that was made anew are read from their beginning."""
        self._losses.assigned()
        if again := [partition for partition in assigned if partition.topic in self._made_anew]:
            await self._consumer.seek_to_beginning(*again)
            # what this subscription read of the topic before may still be committed: the next one begins anew
            self._made_anew -= {partition.topic for partition in again} - self._replaced

    def _changed(self, changes: Changes) -> None:
        self._made_anew |= changes.made_anew
        self._replaced |= changes.made_anew
        for what, topic in changes.each():
            _log.error("topic_changed", topic=topic, group=self._group, what=what, why=changes.sentence())
            self._metrics.count(TOPICS_CHANGED, topic=topic, what=what)

    def _report_lost(self, loss: Loss) -> None:
        _log.error("records_lost", group=self._group, **asdict(loss))
        self._metrics.count(RECORDS_LOST, loss.count, group=self._group or "", topic=loss.topic)

    def _still_assigned(self, partitions: Iterable[TopicPartition]) -> list[KafkaTopicPartition]:
        assigned = self._consumer.assignment()
        return [partition for each in partitions if (partition := KafkaTopicPartition(*each)) in assigned]

    async def _position(self, partition: KafkaTopicPartition) -> int:
        async with asyncio.timeout(_TIMEOUT_S):
            return int(await self._consumer.position(partition))


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, revoked: Revoked, assigned: Callable[[Iterable[KafkaTopicPartition]], Awaitable[None]]) -> None:
        self._revoked, self._assigned = revoked, assigned

    async def on_partitions_revoked(self, revoked: Iterable[KafkaTopicPartition]) -> None:
        await self._revoked()

    async def on_partitions_assigned(self, assigned: Iterable[KafkaTopicPartition]) -> None:
        _log.info("partitions_assigned", partitions=sorted(f"{each.topic}/{each.partition}" for each in assigned))
        await self._assigned(assigned)


def _ours(partition: KafkaTopicPartition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.partition)


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=message.timestamp,
        key=message.key,
        value=message.value,
        headers=tuple((name, value or b"") for name, value in message.headers),
    )


async def _records_to(consumer: AIOKafkaConsumer, partition: KafkaTopicPartition, end: int) -> AsyncIterator[Record]:
    while await consumer.position(partition) < end:
        for batch in (await consumer.getmany(timeout_ms=1000, max_records=500)).values():
            for message in batch:
                if message.offset < end:
                    yield _record(message)


async def _seek_to_end(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.seek_to_end()
    except BaseException as error:
        await _close(consumer)
        if isinstance(error, KafkaError | IllegalStateError):
            raise BrokerError(str(error)) from error
        raise


async def _close(consumer: AIOKafkaConsumer) -> None:
    # stop() leaves the group, and would wait for a broker that is gone.
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(_TIMEOUT_S):
            await consumer.stop()
