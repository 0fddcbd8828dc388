"""The rows of a fold as steps see them: those in the write-behind buffer over those in the table."""

from collections.abc import Iterable, Sequence
from typing import Any

from chassis.lanes import partition_for
from folding.options import FoldOptions
from folding.row_index import RowIndex
from folding.write_behind import FoldedRecord, WriteBehindBuffer


class FoldRows:
    """`Rows` of one member. `table` is Faust's (bytes to bytes), which recovers it from the changelog."""

    def __init__(self, options: FoldOptions, table: Any) -> None:
        self._options, self._table = options, table
        self._buffer = WriteBehindBuffer()
        self._index = RowIndex(self._partition_of)

    def get(self, key: str) -> bytes | None:
        """The row of a key."""
        if key in self._buffer:
            return self._buffer.row(key)
        row: bytes | None = self._table.get(key.encode())
        return row

    def keys(self, partition: int) -> Iterable[str]:
        """Keys of the rows of one partition; after a rebalance the table may still have rows of others."""
        return self._index.of(partition)

    def of_partitions(self, partitions: Iterable[int]) -> dict[str, bytes]:
        """The written rows of these partitions."""
        keys = (key for partition in partitions for key in self._index.of(partition))
        return {key: row for key in keys if (row := self._table.get(key.encode())) is not None}

    @property
    def unwritten(self) -> int:
        """Records in the buffer."""
        return len(self._buffer)

    def add(self, folded: FoldedRecord) -> None:
        """Its rows can be read from now on."""
        for key, row in folded.rows.items():
            if row is None:
                self._index.discard(key)
            else:
                self._index.add(key)
        self._buffer.add(folded)

    def take_batch(self) -> list[FoldedRecord]:
        """All records that wait to be written; see WriteBehindBuffer."""
        return self._buffer.take_batch()

    def mark_written(self, batch: Sequence[FoldedRecord]) -> None:
        """The table has the rows of this batch."""
        self._buffer.mark_written(batch)

    def recovered(self) -> None:
        """The table was read from the changelog; the records after the committed offsets are delivered next."""
        self._buffer.clear()
        keys = (bytes(key) for key in self._table.keys())  # noqa: SIM118 (a Faust table is no dict)
        self._index.fill(text for key in keys if (text := key.decode(errors="replace")).encode() == key)

    def _partition_of(self, key: str) -> int:
        return partition_for(key.encode(), self._options.lane_of(key), self._options.partitions)
