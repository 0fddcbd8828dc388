"""The broker on aiokafka, with its defaults that lose data turned round."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from chassis.broker import BrokerError, Revoked, Subscription
from chassis.records import Partition, Record

_RETRY_S = 1.0
_CLOSE_S = 5.0
_log = structlog.get_logger("chassis.kafka")


class KafkaBroker:
    """Real Kafka. Topics are never created here: it is waited until somebody did."""

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self._common = {"bootstrap_servers": bootstrap, "client_id": client_id, "metadata_max_age_ms": 30_000}

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        """Join `group`; offsets are only committed explicitly and start at the earliest."""
        consumer = await self._started(
            group_id=group, session_timeout_ms=10_000, heartbeat_interval_ms=2_000, max_poll_interval_ms=300_000
        )
        try:
            await _exist(consumer, topics)
            consumer.subscribe(list(topics), listener=_Listener(revoked))
        except BaseException:
            await _closed(consumer)
            raise
        return KafkaSubscription(consumer)

    async def read(self, topic: str) -> Subscription:
        """Every partition of `topic` from its start."""
        consumer = await self._started(group_id=None)
        try:
            await _exist(consumer, [topic])
            places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
        except BaseException:
            await _closed(consumer)
            raise
        return KafkaSubscription(consumer)

    async def partitions(self, topic: str) -> int:
        """Partitions of `topic`, asked of the broker."""
        consumer = await self._started(group_id=None)
        try:
            await _exist(consumer, [topic])
            return len(consumer.partitions_for_topic(topic))
        finally:
            await _closed(consumer)

    async def _started(self, **options: Any) -> AIOKafkaConsumer:
        while True:
            consumer = AIOKafkaConsumer(
                **self._common, **options, enable_auto_commit=False, auto_offset_reset="earliest"
            )
            try:
                await consumer.start()
            except (KafkaError, OSError) as error:
                _log.warning("broker_unreachable", error=str(error))
                await _closed(consumer)
                await asyncio.sleep(_RETRY_S)
            except BaseException:
                await _closed(consumer)
                raise
            else:
                return consumer


class KafkaSubscription:
    """A started aiokafka consumer."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def poll(self, timeout_s: float, most: int) -> Sequence[Record]:
        try:
            batches = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=most)
        except (KafkaError, IllegalStateError) as error:
            raise BrokerError(str(error)) from error
        return [_record(message) for batch in batches.values() for message in batch]

    def assigned(self) -> set[Partition]:
        return {Partition(place.topic, place.partition) for place in self._consumer.assignment()}

    def pause(self, partitions: Iterable[Partition]) -> None:
        for place in _mine(self._consumer, partitions):
            self._consumer.pause(place)

    def resume(self, partitions: Iterable[Partition]) -> None:
        for place in _mine(self._consumer, partitions):
            self._consumer.resume(place)

    async def commit(self, offsets: Mapping[Partition, int]) -> bool:
        if not offsets:
            return True
        try:
            await self._consumer.commit({TopicPartition(*place): offset for place, offset in offsets.items()})
        except (KafkaError, IllegalStateError) as error:
            # A rebalance took the partitions, or the coordinator is away: what was done comes again.
            _log.info("commit_refused", error=repr(error))
            return False
        return True

    async def lag(self) -> dict[Partition, int] | None:
        places = list(self._consumer.assignment())
        try:
            ends = await asyncio.wait_for(self._consumer.end_offsets(places), timeout=5)
            return {
                Partition(place.topic, place.partition): max(0, end - await self._position(place))
                for place, end in ends.items()
            }
        except (KafkaError, IllegalStateError, TimeoutError, AssertionError) as error:
            _log.info("lag_unknown", error=repr(error))
            return None

    async def close(self) -> None:
        await _closed(self._consumer)

    async def _position(self, place: TopicPartition) -> int:
        return int(await asyncio.wait_for(self._consumer.position(place), timeout=5))


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, revoked: Revoked) -> None:
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        _log.info("partitions_assigned", partitions=sorted(f"{place.topic}/{place.partition}" for place in assigned))


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


def _mine(consumer: AIOKafkaConsumer, partitions: Iterable[Partition]) -> list[TopicPartition]:
    held = consumer.assignment()
    return [place for place in (TopicPartition(*partition) for partition in partitions) if place in held]


async def _exist(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
    said: set[str] = set()
    while True:
        with suppress(KafkaError):
            if not (missing := set(topics) - await consumer.topics()):
                return
            if missing - said:
                _log.warning("waiting_for_topics", topics=sorted(missing))
                said |= missing
        await asyncio.sleep(_RETRY_S)


async def _closed(consumer: AIOKafkaConsumer) -> None:
    # stop() leaves the group politely and would wait for a broker that is gone.
    with suppress(KafkaError, TimeoutError, OSError):
        await asyncio.wait_for(consumer.stop(), timeout=_CLOSE_S)
