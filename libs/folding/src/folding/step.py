"""The types of a step function, which is pure: a service's step needs no other file of this library, and no Faust."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chassis.records import Record, Sendable


class Rows(Protocol):
    """The rows that a step may read. Keys are the keys of the source topic, values what the fold wrote."""

    def get(self, key: str) -> bytes | None:
        """The row of a key."""
        ...

    def keys(self, partition: int) -> Iterable[str]:
        """Keys of the rows of one partition."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """The effects of one record: records to send, then rows to write (None deletes).

    Only rows whose key belongs to the record's partition may be written: they go to that partition of the changelog.
    """

    outputs: tuple[Sendable, ...] = ()
    rows: Mapping[str, bytes | None] = field(default_factory=dict)


StepFunction = Callable[[Record, Rows], Step]

Tick = Callable[[int, datetime], Sendable]
"""The record that tells a partition what time it is."""
