"""What one partition of a consumer is doing: waiting records, running ones, and the finished prefix."""

import asyncio
from collections import deque

from chassis.records import Partition, Record


class Flow:
    """Records of one partition between fetch and commit. Those of one key never run side by side."""

    def __init__(self, place: Partition, live: bool) -> None:
        self.place = place
        self.live = live
        self.queue: deque[Record] = deque()
        self.running: dict[asyncio.Task[None], Record] = {}
        self.backing_off = 0
        self.paused = False
        self._order: deque[int] = deque()
        self._finished: set[int] = set()
        self.next_commit: int | None = None

    def take(self, record: Record) -> None:
        """A record was fetched."""
        self.queue.append(record)
        self._order.append(record.offset)

    def next(self, in_flight: int) -> Record | None:
        """The next record that may start: none while one is backing off, and never past its own key."""
        if self.backing_off or len(self.running) >= in_flight:
            return None
        held = {record.key for record in self.running.values()}
        for position, record in enumerate(self.queue):
            if record.key not in held:
                del self.queue[position]
                return record
            if len(self.running) < 1:
                break
        return None

    def finish(self, record: Record) -> None:
        """A record is done with; the commit moves over the finished prefix only.

        The prefix is one of *delivered* records: offsets have gaps where compaction or markers took some.
        """
        self._finished.add(record.offset)
        while self._order and self._order[0] in self._finished:
            offset = self._order.popleft()
            self._finished.discard(offset)
            self.next_commit = offset + 1

    @property
    def uncommitted(self) -> int:
        """Records fetched and not in the finished prefix."""
        return len(self._order)

    @property
    def at_work(self) -> bool:
        """Whether it has something to do now; waiting for a second try is not."""
        return bool(self.queue or self.running) and not self.backing_off
