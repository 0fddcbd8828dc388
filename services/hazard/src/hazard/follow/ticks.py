"""Ticks: the time, for rows that get no other records."""

import asyncio
from collections.abc import Iterator

from chassis.clock import Clock, wait_or_stop
from chassis.produce import Producer
from folding.step import Rows
from hazard.candidate import SOURCE
from hazard.follow.events import tick_event
from hazard.follow.step import ENDED_KEPT_MS, read_row
from tablewatch_schemas import encode, to_ms


class Ticks:
    """Every `every_s`, one tick for each row that waits for time to pass; keyed as the row, so folded like evidence."""

    def __init__(self, rows: Rows, producer: Producer, partitions: int, every_s: float, clock: Clock) -> None:
        self._rows, self._producer, self._partitions = rows, producer, partitions
        self._every_s, self._clock = every_s, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Send ticks until `stop`."""
        while not await wait_or_stop(self._clock, self._every_s, stop):
            now = self._clock.now()
            events = [tick_event(key, now) for key in self.waiting(to_ms(now))]
            await self._producer.send_all([encode(event, source=SOURCE, time=now) for event in events])

    def waiting(self, now_ms: int) -> Iterator[str]:
        """Keys of rows with alerts that may expire, and of runs long over."""
        for partition in range(self._partitions):
            for key in self._rows.keys(partition):
                row = read_row(self._rows, key)
                if (row.live and row.alerts) or (row.ended_ms is not None and now_ms - row.ended_ms > ENDED_KEPT_MS):
                    yield key
