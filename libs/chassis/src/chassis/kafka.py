"""The broker on aiokafka, with its defaults that lose data turned round."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IllegalStateError, KafkaError

from chassis.broker import BrokerError, Revoked, Subscription
from chassis.records import Partition, Record

_RETRY_S = 1.0
# aiokafka has one fetch under way per broker: a partition that is resumed waits until that one returns. Ten empty
# answers a second cost a hundredth of a core, so who never pauses asks as rarely as Kafka's default.
_FETCH_WAIT_MS = 100
PATIENT_FETCH_WAIT_MS = 500
_CLOSE_S = 5.0
_log = structlog.get_logger("chassis.kafka")


class KafkaBroker:
    """Real Kafka. Topics are never created here: it is waited until somebody did.

    `fetch_wait_ms` is how long a broker without news may keep a fetch; what comes meanwhile is answered at once.
    """

    def __init__(self, bootstrap: str, client_id: str, *, fetch_wait_ms: int = _FETCH_WAIT_MS) -> None:
        self._fetch_wait_ms = fetch_wait_ms
        self._common = {"bootstrap_servers": bootstrap, "client_id": client_id, "metadata_max_age_ms": 30_000}

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        """Join `group`; offsets are only committed explicitly and start at the earliest."""
        await self._counts(topics)
        consumer = await self._started(
            group_id=group, session_timeout_ms=10_000, heartbeat_interval_ms=2_000, max_poll_interval_ms=300_000
        )
        consumer.subscribe(list(topics), listener=_Listener(revoked))
        return KafkaSubscription(consumer)

    async def read(self, topic: str) -> Subscription:
        """Every partition of `topic` from its start."""
        places = [TopicPartition(topic, number) for number in range(await self.partitions(topic))]
        consumer = await self._started(group_id=None, fetch_max_wait_ms=PATIENT_FETCH_WAIT_MS)
        consumer.assign(places)
        return KafkaSubscription(consumer)

    async def partitions(self, topic: str) -> int:
        """Partitions of `topic`, asked of the broker."""
        return (await self._counts([topic]))[topic]

    async def earlier(self, record: Record, since_ms: int) -> list[Record]:
        """Records of the same key before `record` in its partition, read from where the broker's time says."""
        place = TopicPartition(record.topic, record.partition)
        consumer = await self._started(group_id=None)
        try:
            consumer.assign([place])
            found = (await consumer.offsets_for_times({place: since_ms})).get(place)
            consumer.seek(place, min(found.offset if found else record.offset, record.offset))
            return [one async for one in _until(consumer, place, record.offset) if one.key == record.key]
        except (KafkaError, IllegalStateError) as error:
            raise ConnectionError(f"{place} could not be read back: {error!r}") from error
        finally:
            await _closed(consumer)

    async def written(self, place: Partition, since_ms: int, until_ms: int) -> AsyncGenerator[Record, None]:
        """Records of a partition in order, those written between two times of the broker; the newest is the last.

        Close it when what was looked for is found. Waits for a broker that is away: put a timeout around it.
        """
        where = TopicPartition(*place)
        consumer = await self._started(group_id=None)
        try:
            consumer.assign([where])
            found = (await consumer.offsets_for_times({where: since_ms})).get(where)
            if found is None:
                return
            end = (await consumer.end_offsets([where]))[where]
            consumer.seek(where, found.offset)
            async for record in _until(consumer, where, end):
                if record.timestamp_ms > until_ms:
                    return
                yield record
        except (KafkaError, IllegalStateError) as error:
            raise ConnectionError(f"{where} could not be read back: {error!r}") from error
        finally:
            await _closed(consumer)

    async def _counts(self, topics: Sequence[str]) -> dict[str, int]:
        """Partitions of each topic, when all of them exist."""
        said = ""
        while True:
            try:
                counts = await self._described(topics)
            except (KafkaError, OSError) as error:
                problem = f"the broker does not answer: {error!r}"
            else:
                if not (missing := set(topics) - set(counts)):
                    return counts
                problem = f"no such topics: {sorted(missing)}"
            if problem != said:
                _log.warning("waiting_for_topics", why=problem)
                said = problem
            await asyncio.sleep(_RETRY_S)

    async def _described(self, topics: Sequence[str]) -> dict[str, int]:
        admin = AIOKafkaAdminClient(**self._common)
        try:
            await admin.start()
            described = await admin.describe_topics(list(topics))
        finally:
            await admin.close()
        return {entry["topic"]: len(entry["partitions"]) for entry in described if not entry["error_code"]}

    async def _started(self, **options: Any) -> AIOKafkaConsumer:
        while True:
            consumer = AIOKafkaConsumer(
                **({"fetch_max_wait_ms": self._fetch_wait_ms} | self._common | options),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
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
            async with asyncio.timeout(_CLOSE_S):  # by itself it would try for as long as the coordinator is away
                await self._consumer.commit({TopicPartition(*place): offset for place, offset in offsets.items()})
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            # A rebalance took the partitions, or the coordinator is away: what was done comes again.
            _log.info("commit_refused", error=repr(error))
            return False
        return True

    async def lag(self) -> dict[Partition, int] | None:
        places = list(self._consumer.assignment())
        try:
            async with asyncio.timeout(5):
                ends = await self._consumer.end_offsets(places)
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
        async with asyncio.timeout(5):
            return int(await self._consumer.position(place))


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


async def _until(consumer: AIOKafkaConsumer, place: TopicPartition, end: int) -> AsyncIterator[Record]:
    while await consumer.position(place) < end:
        for batch in (await consumer.getmany(timeout_ms=1000, max_records=500)).values():
            for message in batch:
                if message.offset < end:
                    yield _record(message)


async def _closed(consumer: AIOKafkaConsumer) -> None:
    # stop() leaves the group politely and would wait for a broker that is gone.
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(_CLOSE_S):
            await consumer.stop()
