"""Checks that every record of a fold's topics is delivered once and in order, which Faust does not guarantee.

`faust_patches` works around what made Faust skip and redeliver records; this notices if it does so in another way.
"""

from collections.abc import Callable
from typing import Any

from folding.faust_patches import committed_offset


class OffsetGap(Exception):
    """Records of a topic were skipped; they are not committed, so a restart delivers them."""


class OffsetTracker:
    """Offsets of topics that are neither compacted nor transactional, so that they have no gaps of their own."""

    def __init__(self, app: Any, *topics: str, lost: Callable[[str, int, int], None] = lambda *_: None) -> None:
        """`lost` gets topic, partition and how many records retention deleted before they were delivered."""
        self._app, self._lost = app, lost
        self._topics = frozenset(topics)
        self._generation: int | None = None
        self._next: dict[Any, int] = {}

    def reset(self) -> None:
        """Expect the committed offsets: after a recovery records are delivered from there."""
        self._generation, self._next = None, {}

    async def is_next(self, message: Any) -> bool:
        """Whether this is the next record of its partition; False: a duplicate. Raises OffsetGap."""
        if message.topic not in self._topics:
            return True
        if message.generation_id != self._generation:
            self._generation, self._next = message.generation_id, {}
        partition, offset = message.tp, message.offset
        expected = self._next.get(partition, self._committed(partition))
        if offset > expected:
            start = await self._start(partition)
            if start > expected and (partition in self._next or committed_offset(self._app, partition) is not None):
                self._lost(message.topic, getattr(partition, "partition", 0), min(start, offset) - expected)
            expected = max(expected, start)
        if offset > expected:
            raise OffsetGap(f"{partition} went from {expected} to {offset}")
        self._next[partition] = max(expected, offset + 1)
        return bool(offset == expected)

    async def next_offset(self, partition: Any) -> int:
        """Offset of the record that is expected next. The watchdog calls it while `is_next` runs."""
        next_offsets = self._next
        if partition not in next_offsets:
            start = await self._start(partition)
            next_offsets.setdefault(partition, start)  # never over what `is_next` has counted meanwhile
        return next_offsets[partition]

    async def _start(self, partition: Any) -> int:
        """The committed offset, or the first of the topic if that is later. Asks the broker."""
        earliest = await self._app.consumer.earliest_offsets(partition)
        return max(self._committed(partition), earliest[partition] or 0)

    def _committed(self, partition: Any) -> int:
        return committed_offset(self._app, partition) or 0
