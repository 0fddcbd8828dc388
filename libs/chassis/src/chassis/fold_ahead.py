"""Records that are folded but not written: what they made, and the rows that the next steps must see already.

A row may only be written when the outputs of its record are acknowledged. Waiting for that record by record bounds a
fold by the round trip to the broker; so steps go on with rows that are kept here, and the outputs of all that has come
meanwhile leave together. Pure: no broker, no Faust.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from chassis.records import Record, Sendable


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A record that a step has seen. `event` is the broker library's, to be acknowledged; `began` is monotonic.

    `context` is the step's: the ids that lines about this record carry.
    """

    record: Record
    event: Any
    began: float
    outputs: Sequence[Sendable] = ()
    rows: Mapping[str, bytes | None] = field(default_factory=dict)
    refused: bool = False
    context: Context = field(default_factory=copy_context)


@dataclass(frozen=True, slots=True)
class Write:
    """A row for the changelog of a partition; None deletes."""

    partition: int
    key: str
    row: bytes | None


class Ahead:
    """What is folded and not written, in order. Rows of keys that are not in here are the table's."""

    def __init__(self) -> None:
        self._waiting: list[Folded] = []
        self._rows: dict[str, tuple[bytes | None, Folded]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Records that are not written: those that wait, and those that were taken and not settled."""
        return self._count

    def add(self, folded: Folded) -> None:
        """Its rows are seen from now on."""
        self._waiting.append(folded)
        self._count += 1
        for key, row in folded.rows.items():
            self._rows[key] = row, folded

    def holds(self, key: str) -> bool:
        """Whether the key's row is one of these."""
        return key in self._rows

    def row(self, key: str) -> bytes | None:
        """The newest row of a key that it holds."""
        return self._rows[key][0]

    def take(self) -> list[Folded]:
        """Everything that waits, to be sent; its rows stay visible until it is settled."""
        taken, self._waiting = self._waiting, []
        return taken

    def settle(self, taken: Sequence[Folded]) -> None:
        """They are written: the table has their rows, except those that a later record wrote again."""
        self._count -= len(taken)
        done = set(taken)
        for key in {key for folded in taken for key in folded.rows}:
            if key in self._rows and self._rows[key][1] in done:
                del self._rows[key]

    def forget(self) -> None:
        """Drop everything: partitions were taken or given, and what is not committed comes again."""
        self._waiting, self._rows, self._count = [], {}, 0


_RECENT, _WITHIN_S, _LINGER_S = 20, 0.1, 0.05


class Pace:
    """Whether so much comes that waiting a little pays: small requests cost more than what is in them. Pure."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=_RECENT)

    def see(self, now: float) -> None:
        """A record came; seconds, monotonic."""
        self._seen.append(now)

    def linger_s(self, now: float) -> float:
        """How long to gather before the next request. 0 below 200 records a second: then nothing waits."""
        return _LINGER_S if len(self._seen) == _RECENT and now - self._seen[0] < _WITHIN_S else 0.0


def writes(taken: Sequence[Folded]) -> list[Write]:
    """The last row of each key: those before it would only be overwritten."""
    last = {key: Write(folded.record.partition, key, row) for folded in taken for key, row in folded.rows.items()}
    return list(last.values())
