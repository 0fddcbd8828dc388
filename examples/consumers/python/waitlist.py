"""A complete consumer of table.state: which tables can be given to guests now.

    pip install ./schemas aiokafka
    python examples/consumers/python/waitlist.py 127.0.0.1:8720 --group waitlist

Prints one JSON line for every change: of a live table with the tables that are free now, of a table in a run of an
uploaded video (all that the demo has) with its state alone. It shows what every consumer needs: nothing is committed
before its effect, records that cannot be decoded are skipped, redelivered and older ones ignored, Ctrl-C or SIGTERM
leaves the group.
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
    """The newest state of each table. The version decides: a redelivered record changes nothing."""

    versions: dict[str, int] = field(default_factory=dict)
    states: dict[str, TableState] = field(default_factory=dict)

    def apply(self, received: Received[Event]) -> bool:
        """Whether this changed a table. Those of runs are kept apart: they never change what is free."""
        key, version, state = received.key or "", received.version or 0, received.event
        if version <= self.versions.get(key, 0):
            return False  # redelivered, or late
        self.versions[key] = version
        if is_of_a_run(key):
            return isinstance(state, TableState)
        if isinstance(state, TableState):
            self.states[key] = state
            return True
        return self.states.pop(key, None) is not None  # a tombstone: the table was deleted

    def free(self, now: datetime) -> list[str]:
        """Tables that can be given away. A state past `expires_at` counts as unknown."""
        return sorted(key for key, each in self.states.items() if each.state == "free" and each.expires_at > now)

    def change(self, received: Received[Event], now: datetime) -> dict[str, object]:
        """The line to print."""
        key, state = received.key or "", received.event
        label = state.label if isinstance(state, TableState) else None
        change: dict[str, object] = {"table": key, "label": label, "because": received.id}
        if isinstance(state, TableState) and is_of_a_run(key):
            return change | {"state": state.state, "as_of": state.as_of.isoformat()}
        return change | {"free": self.free(now)}


def is_of_a_run(key: str) -> bool:
    """Keys are `table_id` for live tables, `table_id@run_id` in a run of an uploaded video."""
    return "@" in key


def read(record: "ConsumerRecord[bytes, bytes]") -> Received[Event] | None:
    """The decoded record; None when it cannot be decoded, which is printed."""
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except ContractError as error:
        skipped = {"skipped": f"{record.topic}/{record.partition}/{record.offset}", "code": error.code}
        print(json.dumps(skipped), flush=True)
        return None


async def follow(consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
    """Read, act, commit, in this order; after a crash the last batch is redelivered."""
    waitlist = Waitlist()
    while not stop.is_set():
        for partition, records in (await consumer.getmany(timeout_ms=500)).items():
            for record in records:
                received = read(record)
                if received is not None and waitlist.apply(received):
                    print(json.dumps(waitlist.change(received, datetime.now(UTC))), flush=True)
            await consumer.commit({TopicPartition(partition.topic, partition.partition): records[-1].offset + 1})


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
