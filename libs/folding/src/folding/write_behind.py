"""Records that are folded but not written: their outputs, and the rows that the next steps must see already.

A row may only be written when the outputs of its record are acknowledged. Waiting for that record by record bounds a
fold by the round trip to the broker; so the next steps read rows from this buffer, and the outputs of all records that
have come meanwhile are sent together. Pure: no broker, no Faust.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from chassis.records import Record, Sendable


@dataclass(frozen=True, slots=True, eq=False)
class FoldedRecord:
    """A record that a step was made of. `event` is Faust's, to be acknowledged; `began` is monotonic seconds.

    `dead_lettered`: the step raised. `context` has the ids that log lines about this record carry.
    """

    record: Record
    event: Any
    began: float
    outputs: Sequence[Sendable] = ()
    rows: Mapping[str, bytes | None] = field(default_factory=dict)
    dead_lettered: bool = False
    context: Context = field(default_factory=copy_context)


@dataclass(frozen=True, slots=True)
class RowWrite:
    """A row for the changelog of a partition; None deletes."""

    partition: int
    key: str
    row: bytes | None


class WriteBehindBuffer:
    """Folded records that are not written, in order, and their rows. Rows of other keys are those of the table."""

    def __init__(self) -> None:
        self._waiting: list[FoldedRecord] = []
        self._rows: dict[str, tuple[bytes | None, FoldedRecord]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Records that are not written: those that wait, and those of a batch that is being written."""
        return self._count

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def add(self, folded: FoldedRecord) -> None:
        """Its rows can be read from now on."""
        self._waiting.append(folded)
        self._count += 1
        for key, row in folded.rows.items():
            self._rows[key] = row, folded

    def row(self, key: str) -> bytes | None:
        """The newest row of a key that is in the buffer."""
        return self._rows[key][0]

    def take_batch(self) -> list[FoldedRecord]:
        """All records that wait; their rows stay readable until `mark_written`."""
        batch, self._waiting = self._waiting, []
        return batch

    def mark_written(self, batch: Sequence[FoldedRecord]) -> None:
        """The table has the rows of this batch now: drop them, except those that a later record wrote."""
        self._count -= len(batch)
        written = set(batch)
        for key in {key for folded in batch for key in folded.rows}:
            if key in self._rows and self._rows[key][1] in written:
                del self._rows[key]

    def clear(self) -> None:
        """Drop everything: the partitions changed, and what is not committed is redelivered."""
        self._waiting, self._rows, self._count = [], {}, 0


_RECENT, _WITHIN_S, _LINGER_S = 20, 0.1, 0.05


class LingerPolicy:
    """When to gather a little before one request: many small requests cost more than their contents. Pure."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=_RECENT)

    def record_arrived(self, now: float) -> None:
        """Count a record; monotonic seconds."""
        self._arrivals.append(now)

    def linger_s(self, now: float) -> float:
        """How long to gather before the next request: 0 below 200 records a second."""
        busy = len(self._arrivals) == _RECENT and now - self._arrivals[0] < _WITHIN_S
        return _LINGER_S if busy else 0.0


def last_writes(batch: Sequence[FoldedRecord]) -> list[RowWrite]:
    """The last row of each key: those before it would only be overwritten."""
    last = {key: RowWrite(folded.record.partition, key, row) for folded in batch for key, row in folded.rows.items()}
    return list(last.values())
