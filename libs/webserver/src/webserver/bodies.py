"""How many bytes of request bodies a process keeps at a time. Pure accounting, of one event loop."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class BudgetSpent(Exception):
    """There is no room for a body, or for the rest of it: the same request can succeed later."""


class BodyBudget:
    """Bytes of the bodies that are kept until their requests end.

    What has arrived counts, not what was declared: otherwise a few heads would reserve everything. A holder (a key, a
    site) has at most half, so that no single one keeps the others out.
    """

    def __init__(self, most: int) -> None:
        self._most, self._held = most, Counter[str]()

    @property
    def held(self) -> int:
        """Bytes that are kept now."""
        return self._held.total()

    def room(self, holder: str) -> int:
        """Bytes that the holder may add."""
        return min(self._most - self.held, self._most // 2 - self._held[holder])

    @contextmanager
    def holding(self, holder: str) -> Iterator["HeldBody"]:
        """A body of the holder; its bytes are free again at the end of the context, however that comes."""
        body = HeldBody(self, holder)
        try:
            yield body
        finally:
            self.add(holder, -body.size)

    def add(self, holder: str, number: int) -> None:
        """Count bytes, or fewer."""
        self._held[holder] += number
        if not self._held[holder]:
            del self._held[holder]


class HeldBody:
    """One body: `size` bytes of it have come."""

    def __init__(self, budget: BodyBudget, holder: str) -> None:
        self._budget, self._holder, self.size = budget, holder, 0

    def expect(self, number: int) -> None:
        """Before anything is read: so many bytes were declared. Raises BudgetSpent where they have no room now."""
        if number > max(0, self._budget.room(self._holder)):
            raise BudgetSpent

    def take(self, number: int) -> None:
        """So many more have come. Raises BudgetSpent."""
        self.expect(number)
        self._budget.add(self._holder, number)
        self.size += number
