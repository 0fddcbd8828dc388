"""Every touch of aiokafka's private parts: the patch of its one fault that stops a reader for good, and of its waits.

Written for aiokafka 0.14.0. `tests/unit/progress/test_aiokafka_patches.py` holds that the library still has the names
and still has the fault: when it fails after an upgrade, the patch is to be read again, or is no longer needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, SupportsIndex

from aiokafka.client import ConnectionGroup
from aiokafka.consumer import fetcher
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record import default_records
from aiokafka.record.memory_records import MemoryRecords

PATIENT_FETCH_MS = 2_000
_FETCHES = max(ConnectionGroup) + 1  # connections of fetches only
_LENGTH_AT, _OVERHEAD = 8, 12  # of a batch: its length, and the bytes up to there that it does not count


def read_any_header_name() -> None:
    """Let no record stop its readers. Header names that are no UTF-8 become text with escapes (`\\xff`).

    aiokafka 0.14.0: a reader decodes the names of headers strictly. `getmany` then raises UnicodeDecodeError, and again
    at every call, as the position stays: one such record, which the broker accepts from any client, stops every
    consumer of its partition until retention removes it.
    """
    fetcher.MemoryRecords = TolerantRecords


class TolerantRecords:
    """The batches of a fetched partition, as `MemoryRecords`; each can be read whatever its header names are."""

    def __init__(self, data: bytes) -> None:
        self._records, self._data, self._at = MemoryRecords(data), data, 0

    def has_next(self) -> bool:
        """Whether a whole batch follows."""
        return bool(self._records.has_next())

    def size_in_bytes(self) -> int:
        """Of everything, a last batch that is cut off included."""
        return int(self._records.size_in_bytes())

    def next_batch(self) -> Any:
        """The next batch; None at the end."""
        batch, begin = self._records.next_batch(), self._at
        length = int.from_bytes(self._data[begin + _LENGTH_AT : begin + _OVERHEAD], "big", signed=True)
        self._at = begin + _OVERHEAD + length
        return None if batch is None else _Batch(batch, self._data[begin : self._at])


class _Batch:
    """A batch of aiokafka, which is read by its compiled code, and once more in Python where that fails."""

    def __init__(self, batch: Any, data: bytes) -> None:
        self._batch, self._data = batch, data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            return iter(list(_tolerant_batch(self._data)))


def _tolerant_batch(data: bytes) -> Any:
    batch = default_records._DefaultRecordBatchPy(data)
    batch._maybe_uncompress()
    batch._buffer = _Buffer(batch._buffer)
    return batch


class _Buffer(bytearray):
    """Bytes whose parts decode to some text, whatever they are."""

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        part = super().__getitem__(at)
        return _Buffer(part) if isinstance(at, slice) else part

    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        """As text, with escapes for what is none."""
        return bytes(self).decode(encoding, "backslashreplace")


def fetch_patiently(
    consumer: Any,
    is_read: Callable[[Any], bool] = lambda _partition: True,
    may_wait: Callable[[], bool] = lambda: True,
) -> None:
    """Let the broker hold a fetch of everything for PATIENT_FETCH_MS; call it when the consumer has started.

    An empty answer costs both sides as much as a record. aiokafka 0.14.0 has one fetch under way per broker: a
    partition that it leaves out, because it is paused or what was fetched of it is not taken yet, waits for its end,
    and so does every other request on that connection. So a fetch is as short as the consumer's `fetch_max_wait_ms`
    where it leaves out a partition that `is_read`, or while not `may_wait`; and fetches have their own connections.
    """
    fetches = _Fetches(consumer._fetcher, consumer._client, is_read, may_wait)
    consumer._fetcher._get_actions_per_node, consumer._client.send = fetches.plan, fetches.send


class _Fetches:
    def __init__(self, fetches: Any, client: Any, is_read: Callable[[Any], bool], may_wait: Callable[[], bool]) -> None:
        self._fetcher, self._client, self._is_read, self._may_wait = fetches, client, is_read, may_wait
        self._plan, self._send = fetches._get_actions_per_node, client.send
        self._short_ms = fetches._fetch_max_wait_ms
        self._assignment: Any = None

    def plan(self, assignment: Any) -> Any:
        """What to ask which broker for next."""
        if assignment is not self._assignment:
            self._assignment = assignment
            self._disconnect()
        is_patient = self._may_wait() and not self._leaves_out_any(assignment)
        self._fetcher._fetch_max_wait_ms = PATIENT_FETCH_MS if is_patient else self._short_ms
        return self._plan(assignment)

    async def send(self, node_id: Any, request: Any, *, group: int = ConnectionGroup.DEFAULT) -> Any:
        """As the client's."""
        return await self._send(node_id, request, group=_FETCHES if isinstance(request, FetchRequest) else group)

    def _leaves_out_any(self, assignment: Any) -> bool:
        untaken = self._fetcher._records
        return any(
            (each in untaken or assignment.state_value(each).paused) and self._is_read(each) for each in assignment.tps
        )

    def _disconnect(self) -> None:
        """The broker still holds the last fetch of the assignment before, and the next would wait behind it."""
        for (_, group), connection in self._client._conns.items():
            if group == _FETCHES:
                connection.close()
