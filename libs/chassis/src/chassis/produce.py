"""Producing: acknowledged by all, in order per partition, through broker outages."""

import asyncio
import time
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
from chassis.metrics import Metrics
from chassis.records import Partition, Sendable

_log = structlog.get_logger("chassis.produce")
_HOPELESS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError, TopicAuthorizationFailedError)
_BATCH = 500
_BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_CLOSE_S = 5.0


class Refused(Exception):
    """The broker will never take this message: too large, a wrong topic, or a wrong number of partitions."""


class Producer(Protocol):
    """Something that sends. A returned send is acknowledged by all replicas."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def send(self, message: Sendable) -> tuple[int, int]:
        """Send one and wait; the (partition, offset) that it got. Refused when it can never be sent."""
        ...

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        """Send many at once and wait for all; order is kept per partition."""
        ...


class _Waiting:
    """A message on its way, with the caller's future."""

    __slots__ = ("future", "message", "since")

    def __init__(self, message: Sendable) -> None:
        self.message = message
        self.future: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self.since = time.monotonic()


class KafkaProducer:
    """Idempotent producer on aiokafka.

    Each partition has a queue and one task that sends a batch and goes on when all of it is acknowledged: so a retry
    never overtakes. aiokafka retries by itself while its producer is well; when that fails for good (a fatal
    sequence error, a dead sender task) a new one is made and what is not acknowledged is sent again by it.
    """

    def __init__(self, bootstrap: str, client_id: str, partitions: int, metrics: Metrics) -> None:
        self._bootstrap, self._client_id, self._partitions, self._metrics = bootstrap, client_id, partitions, metrics
        self._inner: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._queues: dict[Partition, deque[_Waiting]] = {}
        self._pumps: dict[Partition, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Connect; waits until the broker is there."""
        await self._connected()

    async def stop(self) -> None:
        """Wait a few seconds for what is on its way, then let go."""
        if self._pumps:
            await asyncio.wait(self._pumps.values(), timeout=_CLOSE_S)
        for pump in list(self._pumps.values()):
            pump.cancel()
        await asyncio.gather(*self._pumps.values(), return_exceptions=True)
        await self._discard(self._inner)

    async def send(self, message: Sendable) -> tuple[int, int]:
        """Send one and wait for its acknowledgement."""
        return await self._enqueue(message).future

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        """Send many and wait for all; the first refusal is raised after all were settled."""
        waiting = [self._enqueue(message).future for message in messages]
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def _enqueue(self, message: Sendable) -> _Waiting:
        number = message.partition
        if number is None:
            number = lanes.partition_for(message.key or b"", message.lane, self._partitions)
        place, waiting = Partition(message.topic, number), _Waiting(message)
        self._queues.setdefault(place, deque()).append(waiting)
        if place not in self._pumps:
            self._pumps[place] = asyncio.create_task(self._pump(place), name=f"produce {place}")
        return waiting

    async def _pump(self, place: Partition) -> None:
        queue = self._queues[place]
        try:
            while queue:
                batch = [queue.popleft() for _ in range(min(len(queue), _BATCH))]
                await self._deliver(place, [waiting for waiting in batch if not waiting.future.done()])
        finally:
            del self._pumps[place]

    async def _deliver(self, place: Partition, batch: list[_Waiting]) -> None:
        attempt = 0
        while batch:
            inner = await self._connected()
            errors = await self._offer(inner, place, batch)
            batch = [waiting for waiting in batch if not waiting.future.done()]
            if not batch:
                return
            _log.warning("produce_failed", topic=place.topic, partition=place.number, error=repr(errors[-1]))
            if not all(isinstance(error, UnknownTopicOrPartitionError) for error in errors):
                await self._replace(inner)
            await asyncio.sleep(_BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)])
            attempt += 1

    async def _offer(self, inner: AIOKafkaProducer, place: Partition, batch: list[_Waiting]) -> list[BaseException]:
        """One try with one producer: settles the futures that can be, and returns what went wrong."""
        sent: list[asyncio.Future[object]] = []
        failed: list[BaseException] = []
        for waiting in batch:
            try:
                sent.append(await self._hand_over(inner, place, waiting.message))
            except (KafkaError, Refused) as error:
                sent.append(_failed(error))
                if not isinstance(error, Refused):
                    break  # What follows must not overtake it.
        for waiting, outcome in zip(batch, await asyncio.gather(*sent, return_exceptions=True), strict=False):
            if (problem := self._settle(waiting, place, outcome)) is not None:
                failed.append(problem)
        return failed

    async def _hand_over(
        self, inner: AIOKafkaProducer, place: Partition, message: Sendable
    ) -> "asyncio.Future[object]":
        known = await inner.partitions_for(place.topic)
        if place.number not in known or (message.partition is None and len(known) != self._partitions):
            raise Refused(f"{place.topic} has {len(known)} partitions and PARTITIONS says {self._partitions}")
        future: asyncio.Future[object] = await inner.send(
            place.topic, message.value, message.key, partition=place.number, headers=list(message.headers)
        )
        return future

    def _settle(self, waiting: _Waiting, place: Partition, outcome: object) -> BaseException | None:
        if isinstance(outcome, (Refused, *_HOPELESS)):
            if not waiting.future.done():
                waiting.future.set_exception(
                    outcome if isinstance(outcome, Refused) else Refused(f"{place.topic}: {outcome!r}")
                )
            return outcome
        if isinstance(outcome, BaseException):
            return outcome
        if not waiting.future.done():
            waiting.future.set_result((place.number, getattr(outcome, "offset", -1)))
        self._metrics.count("records_produced_total", topic=place.topic)
        self._metrics.observe("produce_seconds", time.monotonic() - waiting.since, topic=place.topic)
        return None

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            while self._inner is None:
                inner = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id=self._client_id,
                    enable_idempotence=True,
                    acks="all",
                    # Not zstd, which is smaller and faster: every Kafka client reads gzip without a further package.
                    compression_type="gzip",
                    max_request_size=1_000_000,
                )
                try:
                    await inner.start()
                except (KafkaError, OSError) as error:
                    _log.warning("broker_unreachable", error=str(error))
                    await self._discard(inner)
                    await asyncio.sleep(1)
                else:
                    self._inner = inner
            return self._inner

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        async with self._connecting:
            if self._inner is not broken:
                return
            self._inner = None
            self._metrics.count("producer_rebuilt_total")
        await self._discard(broken)

    @staticmethod
    async def _discard(inner: AIOKafkaProducer | None) -> None:
        # stop() flushes first, and without a broker that would never end.
        if inner is not None:
            with suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(_CLOSE_S):
                    await inner.stop()


def _failed(error: BaseException) -> "asyncio.Future[object]":
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future
