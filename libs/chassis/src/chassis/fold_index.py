"""Which rows belong to a partition, kept as rows come and go: a tick of one partition must not look at all of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable


class RowIndex:
    """Keys by partition. `place_of` gives the partition of a key."""

    def __init__(self, place_of: Callable[[str], int]) -> None:
        self._place_of = place_of
        self._places: dict[str, int] = {}
        self._keys: dict[int, dict[str, None]] = defaultdict(dict)

    def fill(self, keys: Iterable[str]) -> None:
        """Begin again with these: after a recovery, which writes rows past us."""
        wanted = set(keys)
        for key in self._places.keys() - wanted:
            self.discard(key)
        for key in wanted:
            self.add(key)

    def add(self, key: str) -> None:
        """A row was written."""
        if key not in self._places:
            place = self._places[key] = self._place_of(key)
            self._keys[place][key] = None

    def discard(self, key: str) -> None:
        """A row was deleted, or never was."""
        place = self._places.pop(key, None)
        if place is not None:
            del self._keys[place][key]

    def of(self, partition: int) -> list[str]:
        """Keys of one partition, oldest first."""
        return list(self._keys.get(partition, ()))
