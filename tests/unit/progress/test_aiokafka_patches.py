"""A record whose header name is no UTF-8, which the broker accepts, stops no reader; who waits for which fetch."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record import default_records
from aiokafka.record.memory_records import MemoryRecords

from progress.aiokafka_patches import PATIENT_FETCH_MS, TolerantRecords, fetch_patiently, read_any_header_name


class Name(str):
    """A header name that is written as bytes of its own, as librdkafka lets its users do."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:  # type: ignore[override]
        return b"\xff\xfe name"


def batches(codec: int = 0) -> bytes:
    """Two batches: a good record; a good one, one with the name, a good one."""
    found = b""
    for values, base in (([b"0"], 0), ([b"1", b"bad", b"3"], 1)):
        builder = default_records._DefaultRecordBatchBuilderPy(2, codec, False, -1, -1, -1, 1 << 20)
        for number, value in enumerate(values):
            headers = [(Name("x"), b"h")] if value == b"bad" else [("name", None)]
            builder.append(number, 1_000 + number, b"k", value, headers)
        made = bytearray(builder.build())
        made[:8] = base.to_bytes(8, "big")
        found += bytes(made)
    return found


def values(records: object) -> list[tuple[int, bytes, list[tuple[str, bytes | None]]]]:
    found = []
    while records.has_next():  # type: ignore[attr-defined]
        batch = records.next_batch()  # type: ignore[attr-defined]
        assert batch.validate_crc()
        assert not batch.is_control_batch
        found += [(record.offset, record.value, list(record.headers)) for record in batch]
    assert records.next_batch() is None  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("codec", [0, 1, 4], ids=["plain", "gzip", "zstd"])
def test_every_record_is_read(codec: int) -> None:
    assert values(TolerantRecords(batches(codec))) == [
        (0, b"0", [("name", None)]),
        (1, b"1", [("name", None)]),
        (2, b"bad", [("\\xff\\xfe name", b"h")]),
        (3, b"3", [("name", None)]),
    ]


def test_aiokafka_still_has_the_fault() -> None:
    with pytest.raises(UnicodeDecodeError):
        values(MemoryRecords(batches()))


def test_a_last_batch_that_is_cut_off_is_left(codec: int = 0) -> None:
    data = batches(codec)[:-3]
    records = TolerantRecords(data)
    assert [value for _, value, _ in values(records)] == [b"0"]
    assert records.size_in_bytes() == len(data)


def test_the_patch_is_where_fetched_bytes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    read_any_header_name()
    assert fetcher.MemoryRecords is TolerantRecords


SHORT_MS = 100
ONE, TWO = TopicPartition("t", 0), TopicPartition("t", 1)


class Assignment:
    def __init__(self, *partitions: TopicPartition) -> None:
        self.tps, self.paused = frozenset(partitions), set[TopicPartition]()

    def state_value(self, partition: TopicPartition) -> SimpleNamespace:
        return SimpleNamespace(paused=partition in self.paused)


class FakeConsumer:
    """The parts of a consumer that a fetch is made of; `planned` holds how long each may wait."""

    def __init__(self) -> None:
        self.planned, self.sent, self.closed = list[int](), list[tuple[str, int]](), list[int]()
        self._fetcher = SimpleNamespace(_fetch_max_wait_ms=SHORT_MS, _records={}, _get_actions_per_node=self._plan)
        self._client = SimpleNamespace(_conns={}, send=self._send)

    def _plan(self, _assignment: Any) -> str:
        self.planned.append(self._fetcher._fetch_max_wait_ms)
        return "planned"

    async def _send(self, _node_id: int, request: Any, *, group: int = ConnectionGroup.DEFAULT) -> str:
        self.sent.append((type(request).__name__, group))
        return "answered"

    def plan(self, assignment: Assignment) -> int:
        """How long the next fetch may wait, ms."""
        assert self._fetcher._get_actions_per_node(assignment) == "planned"
        return self.planned[-1]


def test_a_fetch_of_every_partition_waits_long_and_one_that_leaves_out_some_does_not() -> None:
    consumer, assignment = FakeConsumer(), Assignment(ONE, TWO)
    fetch_patiently(consumer)
    assert consumer.plan(assignment) == PATIENT_FETCH_MS
    assignment.paused = {TWO}
    assert consumer.plan(assignment) == SHORT_MS, "it may be resumed meanwhile"
    assignment.paused = set()
    consumer._fetcher._records[ONE] = "not taken yet"
    assert consumer.plan(assignment) == SHORT_MS, "what follows may be wanted meanwhile"
    consumer._fetcher._records.clear()
    assert consumer.plan(assignment) == PATIENT_FETCH_MS


def test_a_partition_that_nobody_reads_shortens_no_fetch() -> None:
    consumer, assignment = FakeConsumer(), Assignment(ONE, TWO)
    fetch_patiently(consumer, is_read=lambda partition: partition == ONE)
    consumer._fetcher._records[TWO] = "of a changelog"
    assert consumer.plan(assignment) == PATIENT_FETCH_MS
    assignment.paused = {ONE}
    assert consumer.plan(assignment) == SHORT_MS


def test_no_fetch_waits_long_while_it_may_not() -> None:
    consumer, settled = FakeConsumer(), [False, True]
    fetch_patiently(consumer, may_wait=lambda: settled.pop(0))
    assert [consumer.plan(Assignment(ONE)) for _ in range(2)] == [SHORT_MS, PATIENT_FETCH_MS]


async def test_nothing_but_a_fetch_waits_behind_a_fetch() -> None:
    consumer = FakeConsumer()
    fetch_patiently(consumer)
    fetch, offsets = FetchRequest(1, 1, 1, 0, []), OffsetRequest(-1, 0, [])
    for request in (fetch, offsets):
        assert await consumer._client.send(1, request) == "answered"
    await consumer._client.send(1, offsets, group=ConnectionGroup.COORDINATION)
    groups = [group for _, group in consumer.sent]
    assert groups[0] not in list(ConnectionGroup)
    assert groups[1:] == [ConnectionGroup.DEFAULT, ConnectionGroup.COORDINATION]


async def test_the_first_fetch_of_an_assignment_does_not_wait_behind_the_last_of_the_one_before() -> None:
    consumer, first, second = FakeConsumer(), Assignment(ONE), Assignment(ONE)
    fetch_patiently(consumer)
    await consumer._client.send(1, FetchRequest(1, 1, 1, 0, []))
    fetches = consumer.sent[0][1]
    for group in (ConnectionGroup.DEFAULT, fetches):
        connection = SimpleNamespace(close=lambda group=group: consumer.closed.append(group))
        consumer._client._conns[(1, group)] = connection
    consumer.plan(first)
    consumer.closed.clear()
    consumer.plan(first)
    assert consumer.closed == []
    consumer.plan(second)
    assert consumer.closed == [fetches]


USED: list[tuple[Callable[..., Any], str]] = [
    (Fetcher._fetch_requests_routine, "self._get_actions_per_node(assignment)"),
    (Fetcher._get_actions_per_node, "self._fetch_max_wait_ms,"),
    (Fetcher._get_actions_per_node, "if tp in self._records:"),
    (Fetcher._get_actions_per_node, "elif node_id in self._in_flight:"),  # the fault: one fetch under way per broker
    (Fetcher._get_actions_per_node, "elif tp_state.paused:"),
    (Fetcher._proc_fetch_request, "self._client.send(node_id, request)"),  # on the connection of everything else
    # what wakes it before its own timeout
    (Fetcher._fetch_requests_routine, "set(chain(self._pending_tasks, other_futs, resume_futures)),"),
    (Fetcher.request_offset_reset, "self._notify(self._wait_consume_future)"),
    (Fetcher.seek_to, "self._notify(self._wait_consume_future)"),
    (AIOKafkaClient.send, "self._conns[(node_id, group)]"),
]


@pytest.mark.parametrize(("function", "text"), USED)
def test_aiokafka_fetches_as_it_did_when_the_patch_was_written(function: Callable[..., Any], text: str) -> None:
    assert text in inspect.getsource(function)
