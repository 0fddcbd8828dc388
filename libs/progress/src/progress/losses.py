"""Counts records that retention deleted before a group read them: aiokafka goes on after the gap without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from progress.changes import lost

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Loss:
    """`count` records before `continues_at` are gone; `expected` was to be read next."""

    topic: str
    partition: int
    expected: int
    continues_at: int
    count: int


class LossCounter:
    """Follows what a member of a group fetches; `found` gets each loss."""

    def __init__(self, consumer: AIOKafkaConsumer, found: Callable[[Loss], None]) -> None:
        self._consumer, self._found = consumer, found
        self._expected: dict[TopicPartition, int] = {}

    def assigned(self) -> None:
        """The partitions may be others: expect the committed offsets."""
        self._expected.clear()

    async def check(self, batches: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """Look at fetched records, before they are handled. A broker that does not answer is not waited for."""
        for partition, batch in batches.items():
            if batch:
                with suppress(KafkaError, IllegalStateError, TimeoutError):
                    async with asyncio.timeout(_TIMEOUT_S):
                        await self._check(partition, batch)

    async def _check(self, partition: TopicPartition, batch: Sequence[Any]) -> None:
        first, expected = batch[0].offset, self._expected.get(partition)
        self._expected[partition] = batch[-1].offset + 1
        if expected is None:
            expected = await self._consumer.committed(partition)
        if expected is None or first <= expected:
            return
        beginning = (await self._consumer.beginning_offsets([partition]))[partition]
        if count := lost(expected, first, beginning):
            self._found(Loss(partition.topic, partition.partition, expected, first, count))
