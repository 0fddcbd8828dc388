"""The clock's word to rows that nobody else speaks to, sent as candidates that say nothing."""

import asyncio
from collections.abc import Iterator
from datetime import datetime

from chassis.clock import Clock, wait_or_stop
from chassis.fold import Rows
from chassis.produce import Producer
from chassis.records import Sendable
from hazard.detect.look import DETECTOR
from hazard.follow.alerts import Row
from hazard.follow.step import ENDED_KEPT_MS, TICK, lane_of
from hazard.reading import SOURCE
from tablewatch_schemas import HazardCandidate, encode, to_ms


class Ticks:
    """Every `every_s`, one tick for each row that waits for time to pass; keyed as the row, so folded like evidence."""

    def __init__(self, rows: Rows, producer: Producer, partitions: int, every_s: float, clock: Clock) -> None:
        self._rows, self._producer, self._partitions = rows, producer, partitions
        self._every_s, self._clock = every_s, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop`."""
        while not await wait_or_stop(self._clock, self._every_s, stop):
            now = self._clock.now()
            await self._producer.send_all([tick(key, now) for key in self.waiting(to_ms(now))])

    def waiting(self, now_ms: int) -> Iterator[str]:
        """Rows with alerts that may expire, and those of runs long over."""
        for partition in range(self._partitions):
            for key in self._rows.keys(partition):
                row = Row.read(self._rows.get(key), live=lane_of(key) == "live")
                if (row.live and row.alerts) or (row.ended_ms is not None and now_ms - row.ended_ms > ENDED_KEPT_MS):
                    yield key


def tick(key: str, now: datetime) -> Sendable:
    """A candidate of no camera that says only that it is `now`."""
    site_id, _, run_id = key.partition("@")
    event = HazardCandidate(
        site_id=site_id,
        camera_id=None,
        run_id=run_id or None,
        frame_id=f"tick-{to_ms(now)}-{key}",
        frame_key=None,
        captured_at=now,
        observations=(),
        suspended=TICK,
        detector=DETECTOR,
        last=False,
    )
    return encode(event, source=SOURCE, time=now)
