"""What one partition of a consumer is doing: queued records, running ones, and the finished prefix."""

import asyncio
from collections import deque

from chassis.records import Record, TopicPartition


class PartitionState:
    """Records of one partition between fetch and commit. Those of one key never run side by side."""

    def __init__(self, topic_partition: TopicPartition, live: bool) -> None:
        self.topic_partition = topic_partition
        self.live = live
        self.queue: deque[Record] = deque()
        self.running: dict[asyncio.Task[None], Record] = {}
        self.backing_off = 0
        self.paused = False
        self.next_commit: int | None = None
        self._fetched: deque[int] = deque()
        self._finished: set[int] = set()

    def add(self, record: Record) -> None:
        """Queue a record that was fetched."""
        self.queue.append(record)
        self._fetched.append(record.offset)

    def next(self, in_flight: int) -> Record | None:
        """Take the next record that may start: none during a backoff, and none of a key that is running."""
        if self.backing_off or len(self.running) >= in_flight:
            return None
        running_keys = {record.key for record in self.running.values()}
        for position, record in enumerate(self.queue):
            if record.key not in running_keys:
                del self.queue[position]
                return record
        return None

    def finish(self, record: Record) -> None:
        """Mark a record as done; the offset to commit advances over the finished prefix only.

        The prefix is one of *delivered* records: offsets have gaps where compaction or markers took some.
        """
        self._finished.add(record.offset)
        while self._fetched and self._fetched[0] in self._finished:
            offset = self._fetched.popleft()
            self._finished.discard(offset)
            self.next_commit = offset + 1

    @property
    def uncommitted(self) -> int:
        """Records fetched and not in the finished prefix."""
        return len(self._fetched)

    @property
    def working(self) -> bool:
        """Whether it has something to do now; a backoff is not."""
        return bool(self.queue or self.running) and not self.backing_off
