"""The fold in a process of its own, under a name of its own, that can die between acknowledgement and row.

python -m tests.integration.classifier_gateway.fold_process BOOTSTRAP APP TOPIC DATADIR DIE_AFTER AHEAD
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from chassis.clock import SystemClock
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from chassis.records import Sendable
from classifier_gateway.fold.step import TableFold, tick_message
from folding.fold import Fold
from folding.options import FoldOptions
from tablewatch_schemas import TableEvidenceThresholds
from tablewatch_schemas.keys import lane_of_key

THRESHOLDS = TableEvidenceThresholds(enter_ms=3000, leave_ms=8000, hold_ms=2000, ttl_ms=4000)


class Dying(KafkaProducer):
    """Kills its process (-9) once the broker has acknowledged what was sent at once `after` times. 0: never."""

    after = 0

    async def send_all(self, messages: Sequence[Sendable]) -> None:
        await super().send_all(messages)
        if self.after and any(each.topic == "table.state" for each in messages):
            self.after -= 1
            if not self.after:
                os.kill(os.getpid(), signal.SIGKILL)


async def main(bootstrap: str, app: str, topic: str, datadir: str, die_after: str, ahead: str) -> None:
    metrics, stop = Metrics(), asyncio.Event()
    producer = Dying(bootstrap, app, 6, metrics)
    producer.after = int(die_after)
    await producer.start()
    options = FoldOptions(
        group=app, topic=topic, partitions=6, bootstrap=bootstrap, datadir=Path(datadir), lane_of=lane_of_key,
        tick_s=0.5, max_buffered=int(ahead),
    )  # fmt: skip

    def tick(partition, now):
        made = tick_message(partition, now)
        return _On(topic, made)

    fold = Fold(
        options, TableFold(THRESHOLDS, 60_000).step, producer, tick=tick, clock=SystemClock(), metrics=metrics,
        health=Health(), log=structlog.get_logger(),
    )  # fmt: skip
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await fold.run(stop)
    await producer.stop()


class _On:
    """A message on another topic than its own."""

    def __init__(self, topic: str, made) -> None:
        self.topic, self.key, self.value = topic, made.key, made.value
        self.headers, self.lane, self.partition = made.headers, made.lane, made.partition


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
