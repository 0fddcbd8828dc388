"""Every record of a fold's topic once and in order, which Faust alone does not see to.

`fold_start` mends what made Faust pass over records and deliver them twice; this would notice if it did again.
"""

from typing import Any


class Skipped(Exception):
    """Records of the topic were passed over; they are not committed, so a new start brings them."""


class Order:
    """Offsets of topics that are neither compacted nor transactional, so that they have no gaps of their own."""

    def __init__(self, app: Any, *topics: str) -> None:
        self._app = app
        self._topics = frozenset(topics)
        self._generation: int | None = None
        self._next: dict[Any, int] = {}

    def begin(self) -> None:
        """What is committed is where everything begins: rows were recovered, and records come from there."""
        self._generation, self._next = None, {}

    async def due(self, message: Any) -> bool:
        """Whether this record is the next one of its partition; False: it was delivered before. Raises Skipped."""
        if message.topic not in self._topics:
            return True
        if message.generation_id != self._generation:
            self._generation, self._next = message.generation_id, {}
        place, offset = message.tp, message.offset
        expected = self._next.get(place, self._committed(place))
        if offset > expected:
            expected = max(expected, await self._first(place))
        if offset > expected:
            raise Skipped(f"{place} went from {expected} to {offset}")
        self._next[place] = max(expected, offset + 1)
        return bool(offset == expected)

    async def expected(self, place: Any) -> int:
        """Offset of the record that comes next. Asked by the watchdog, while `due` goes on."""
        following = self._next
        if place not in following:
            first = await self._first(place)
            following.setdefault(place, first)  # never over what `due` has found meanwhile
        return following[place]

    async def _first(self, place: Any) -> int:
        """Where the group stands, or where the topic begins if that is later. Asks the broker."""
        begins = await self._app.consumer.earliest_offsets(place)
        return max(self._committed(place), begins[place] or 0)

    def _committed(self, place: Any) -> int:
        return self._app.consumer._committed_offset[place] or 0
