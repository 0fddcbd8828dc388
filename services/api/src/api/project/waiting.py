"""Records that wait for the dead-letter fuse, and what follows them in their partitions, until they may be tried."""

from collections.abc import Container, Iterator

from chassis.records import Record, TopicPartition


class WaitingRecords:
    """By partition, in order, each partition until its own time. `now` and times are monotonic seconds."""

    def __init__(self) -> None:
        self._records: dict[TopicPartition, list[Record]] = {}
        self._until: dict[TopicPartition, float] = {}

    def __contains__(self, partition: object) -> bool:
        return partition in self._records

    def __iter__(self) -> Iterator[TopicPartition]:
        return iter(self._records)

    def wait(self, record: Record, until: float) -> None:
        """Let a record wait, and with it its partition."""
        self._records.setdefault(record.topic_partition, []).append(record)
        self._until[record.topic_partition] = until

    def follow(self, record: Record) -> None:
        """Add a record behind one of its partition that waits already."""
        self._records[record.topic_partition].append(record)

    def due(self, now: float) -> list[Record]:
        """Take the records of partitions whose time has come."""
        due = [partition for partition, until in self._until.items() if until <= now]
        for partition in due:
            del self._until[partition]
        return [record for partition in due for record in self._records.pop(partition)]

    def keep(self, assigned: Container[TopicPartition]) -> None:
        """Forget partitions that are no longer assigned: their new owner reads them from the stored offset."""
        for partition in [each for each in self._records if each not in assigned]:
            del self._records[partition], self._until[partition]
