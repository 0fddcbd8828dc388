"""Producing: acknowledged by all, in order per partition, through broker outages."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from chassis import lanes
from chassis.backoff import Backoff
from chassis.clock import SYSTEM_CLOCK, Clock
from chassis.metrics import PRODUCE_SECONDS, PRODUCER_REBUILT, RECORDS_PRODUCED, Metrics
from chassis.records import Sendable, TopicPartition

_log = structlog.get_logger("chassis.produce")
_PERMANENT = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError, TopicAuthorizationFailedError)
_BATCH = 500
_BACKOFF = Backoff(first_s=0.1, max_s=5.0)
_CONNECT_RETRY_S = 1.0
_CLOSE_S = 5.0


class Refused(Exception):
    """The broker will never take this message: too large, a wrong topic, or a wrong number of partitions."""


class Producer(Protocol):
    """Sends messages. A send that returned is acknowledged by all replicas."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def send(self, message: Sendable) -> tuple[int, int]:
        """Send one and wait; the (partition, offset) that it got. Refused when it can never be sent."""
        ...

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        """Send many at once and wait for all; order is kept per partition."""
        ...


class _Pending:
    """A message that is not acknowledged yet, with the caller's future of (partition, offset)."""

    __slots__ = ("enqueued_at", "future", "message")

    def __init__(self, message: Sendable, enqueued_at: float) -> None:
        self.message = message
        self.future: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self.enqueued_at = enqueued_at


class KafkaProducer:
    """Idempotent producer on aiokafka.

    Each partition has a queue and one task that sends a batch and goes on when all of it is acknowledged: so a retry
    never overtakes. aiokafka retries by itself while its producer is healthy; when that fails for good (a fatal
    sequence error, a dead sender task) a new one is made, which sends what is not acknowledged.
    """

    def __init__(
        self, bootstrap: str, client_id: str, partitions: int, metrics: Metrics, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._bootstrap, self._client_id, self._partitions, self._metrics = bootstrap, client_id, partitions, metrics
        self._clock = clock
        self._client: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._queues: dict[TopicPartition, deque[_Pending]] = {}
        self._senders: dict[TopicPartition, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Connect; waits until the broker is reachable."""
        await self._connected()

    async def stop(self) -> None:
        """Wait a few seconds for acknowledgements, then close."""
        if self._senders:
            await asyncio.wait(self._senders.values(), timeout=_CLOSE_S)
        for sender in list(self._senders.values()):
            sender.cancel()
        await asyncio.gather(*self._senders.values(), return_exceptions=True)
        await _close(self._client)

    async def send(self, message: Sendable) -> tuple[int, int]:
        return await self._enqueue(message).future

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        """Send many and wait for all; the first refusal is raised when every message has its outcome."""
        futures = [self._enqueue(message).future for message in messages]
        for outcome in await asyncio.gather(*futures, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def _enqueue(self, message: Sendable) -> _Pending:
        partition = TopicPartition(message.topic, lanes.partition_of(message, self._partitions))
        pending = _Pending(message, self._clock.monotonic())
        self._queues.setdefault(partition, deque()).append(pending)
        if partition not in self._senders:
            self._senders[partition] = asyncio.create_task(self._send_queue(partition), name=f"produce {partition}")
        return pending

    async def _send_queue(self, partition: TopicPartition) -> None:
        queue = self._queues[partition]
        try:
            while queue:
                batch = [queue.popleft() for _ in range(min(len(queue), _BATCH))]
                try:
                    await self._send_batch(partition, _unsettled(batch))
                except Exception as error:  # noqa: BLE001 (nobody awaits this task: whoever waits for the batch hears of it)
                    for pending in _unsettled(batch):
                        pending.future.set_exception(error)
        finally:
            del self._senders[partition]

    async def _send_batch(self, partition: TopicPartition, batch: list[_Pending]) -> None:
        attempt = 0
        while batch:
            client = await self._connected()
            errors = await self._attempt(client, partition, batch)
            if not (batch := _unsettled(batch)):
                return
            _log.warning("produce_failed", topic=partition.topic, partition=partition.partition, error=repr(errors[-1]))
            if not all(isinstance(error, UnknownTopicOrPartitionError) for error in errors):
                await self._rebuild(client)
            attempt += 1
            await self._clock.sleep(_BACKOFF.delay_s(attempt))

    async def _attempt(
        self, client: AIOKafkaProducer, partition: TopicPartition, batch: list[_Pending]
    ) -> list[BaseException]:
        """Send with one client: settles the futures that have an outcome, and returns the errors."""
        sent: list[asyncio.Future[object]] = []
        for pending in batch:
            try:
                sent.append(await self._submit(client, partition, pending.message))
            except (KafkaError, Refused) as error:
                sent.append(_failed(error))
                if not isinstance(error, Refused):
                    break  # What follows must not overtake it.
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        settled = [self._settle(*each, partition) for each in zip(batch, outcomes, strict=False)]
        return [error for error in settled if error is not None]

    async def _submit(
        self, client: AIOKafkaProducer, partition: TopicPartition, message: Sendable
    ) -> "asyncio.Future[object]":
        existing = await client.partitions_for(partition.topic)
        if partition.partition not in existing or (message.partition is None and len(existing) != self._partitions):
            raise Refused(f"{partition.topic} has {len(existing)} partitions and PARTITIONS says {self._partitions}")
        future: asyncio.Future[object] = await client.send(
            partition.topic, message.value, message.key, partition=partition.partition, headers=list(message.headers)
        )
        return future

    def _settle(self, pending: _Pending, outcome: object, partition: TopicPartition) -> BaseException | None:
        """Resolve the caller's future, except for an error that is retried; returns the error, if any."""
        if isinstance(outcome, (Refused, *_PERMANENT)):
            refused = outcome if isinstance(outcome, Refused) else Refused(f"{partition.topic}: {outcome!r}")
            if not pending.future.done():
                pending.future.set_exception(refused)
            return outcome
        if isinstance(outcome, BaseException):
            return outcome
        if not pending.future.done():
            pending.future.set_result((partition.partition, getattr(outcome, "offset", -1)))
        self._metrics.count(RECORDS_PRODUCED, topic=partition.topic)
        seconds = self._clock.monotonic() - pending.enqueued_at
        self._metrics.observe(PRODUCE_SECONDS, seconds, topic=partition.topic)
        return None

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            while self._client is None:
                client = self._new_client()
                try:
                    await client.start()
                except (KafkaError, OSError) as error:
                    _log.warning("broker_unreachable", error=str(error))
                    await _close(client)
                    await self._clock.sleep(_CONNECT_RETRY_S)
                else:
                    self._client = client
            return self._client

    def _new_client(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            enable_idempotence=True,
            acks="all",
            # Not zstd, which is smaller and faster: every Kafka client reads gzip without a further package.
            compression_type="gzip",
            max_request_size=1_000_000,
        )

    async def _rebuild(self, broken: AIOKafkaProducer) -> None:
        async with self._connecting:
            if self._client is not broken:
                return
            self._client = None
            self._metrics.count(PRODUCER_REBUILT)
        await _close(broken)


def _unsettled(batch: list[_Pending]) -> list[_Pending]:
    return [pending for pending in batch if not pending.future.done()]


def _failed(error: BaseException) -> "asyncio.Future[object]":
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future


async def _close(client: AIOKafkaProducer | None) -> None:
    # stop() flushes first, and without a broker that would never end.
    if client is not None:
        with suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(_CLOSE_S):
                await client.stop()
