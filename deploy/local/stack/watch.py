"""Follows the topics, without a group, and prints a line for each event."""

import asyncio
import time
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from stack.lines import Lines
from tablewatch_schemas import TOPICS, ContractError, decode

# the inside of a stage: some thousands a minute, and what they come to is told anyway
QUIET = {"table.evidence", "hazard.candidate"}
RETRY_S = 2.0


async def follow(bootstrap: str, lines: Lines, write: Callable[[str], None], started: asyncio.Event) -> None:
    """Print every event from now on, until cancelled. Sets `started` once its places in the topics are fixed."""
    while True:
        try:
            await _follow(bootstrap, lines, write, started)
        except (KafkaError, OSError) as error:
            write(f"{time.strftime('%H:%M:%S')} the live lines wait for Kafka: {error}")
            await asyncio.sleep(RETRY_S)


async def _follow(bootstrap: str, lines: Lines, write: Callable[[str], None], started: asyncio.Event) -> None:
    topics = [name for name in TOPICS if name not in QUIET]
    async with AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="latest"
    ) as consumer:
        await consumer.seek_to_end()
        for place in consumer.assignment():
            await consumer.position(place)
        started.set()
        async for record in consumer:
            write(f"{time.strftime('%H:%M:%S')} {_line(lines, record)}")


def _line(lines: Lines, record: "ConsumerRecord[bytes, bytes]") -> str:
    try:
        return lines.of(decode(record.topic, record.key, record.value, record.headers))
    except ContractError as error:
        return f"{record.topic} at {record.partition}:{record.offset} cannot be read: {error.reason}"
