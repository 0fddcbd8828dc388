"""Keys of rows by partition, updated as rows are written: a tick of one partition must not look at all rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable


class RowIndex:
    """Keys by partition. `partition_of` gives the partition of a key."""

    def __init__(self, partition_of: Callable[[str], int]) -> None:
        self._partition_of = partition_of
        self._partitions: dict[str, int] = {}
        self._keys: dict[int, dict[str, None]] = defaultdict(dict)

    def fill(self, keys: Iterable[str]) -> None:
        """Hold exactly these: a recovery wrote rows without `add`."""
        wanted = set(keys)
        for key in self._partitions.keys() - wanted:
            self.discard(key)
        for key in wanted:
            self.add(key)

    def add(self, key: str) -> None:
        """A row was written."""
        if key not in self._partitions:
            partition = self._partitions[key] = self._partition_of(key)
            self._keys[partition][key] = None

    def discard(self, key: str) -> None:
        """A row was deleted, or never was there."""
        partition = self._partitions.pop(key, None)
        if partition is not None:
            del self._keys[partition][key]

    def of(self, partition: int) -> list[str]:
        """Keys of one partition, oldest first."""
        return list(self._keys.get(partition, ()))
