"""A full consumer of table.state: which tables can be given to guests now.

    pip install ./schemas aiokafka
    python examples/consumers/python/waitlist.py 127.0.0.1:8720 --group waitlist

Prints one JSON line for every change. It shows what every consumer needs: nothing is committed before its effect,
records that can never be read are passed over, repeated and older ones ignored, and Ctrl-C or SIGTERM leaves the group.
"""

import argparse
import asyncio
import json
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from tablewatch_schemas import ContractError, Received, TableState, decode
from tablewatch_schemas.events import Event


@dataclass
class Waitlist:
    """What is known of each table. The version decides: a record that is delivered again changes nothing."""

    versions: dict[str, int] = field(default_factory=dict)
    states: dict[str, TableState] = field(default_factory=dict)

    def take(self, received: Received[Event]) -> bool:
        """Whether this changed a live table."""
        key, version, state = received.key or "", received.version or 0, received.event
        if "@" in key or version <= self.versions.get(key, 0):
            return False  # a run of an uploaded video, or nothing new
        self.versions[key] = version
        if isinstance(state, TableState):
            self.states[key] = state
            return True
        return self.states.pop(key, None) is not None  # a tombstone: the table is not there any more

    def free(self, now: datetime) -> list[str]:
        """Tables that can be given away. A state past `expires_at` is unknown, whatever it said."""
        return sorted(key for key, each in self.states.items() if each.state == "free" and each.expires_at > now)


def read(record: "ConsumerRecord[bytes, bytes]") -> Received[Event] | None:
    """The record, or None when it can never be read: told, and passed over."""
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except ContractError as error:
        said = {"skipped": f"{record.topic}/{record.partition}/{record.offset}", "code": error.code}
        print(json.dumps(said), flush=True)
        return None


async def follow(consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
    """Read, act, commit, in this order; after a crash the last batch comes again."""
    waitlist = Waitlist()
    while not stop.is_set():
        for place, records in (await consumer.getmany(timeout_ms=500)).items():
            for record in records:
                received = read(record)
                if received is not None and waitlist.take(received):
                    told = {"table": received.key, "free": waitlist.free(datetime.now(UTC)), "because": received.id}
                    print(json.dumps(told), flush=True)
            await consumer.commit({TopicPartition(place.topic, place.partition): records[-1].offset + 1})


async def run(bootstrap: str, group: str) -> None:
    """Until Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    consumer = AIOKafkaConsumer(
        "table.state",
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,  # both defaults lose data
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        await follow(consumer, stop)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Tables that are free now")
    arguments.add_argument("bootstrap")
    arguments.add_argument("--group", default="waitlist")
    given = arguments.parse_args()
    asyncio.run(run(given.bootstrap, given.group))
