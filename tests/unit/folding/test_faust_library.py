"""What `faust_patches` relies on in Faust and aiokafka, and the faults that it works around, in the library as it is.

A test of the first part fails when the library changes under a patch: read the patch again. A test of the second part
shows one fault without our patch: when it fails after an upgrade, the fault is fixed upstream and the patch can go.
"""

import asyncio
import inspect
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from faust.app.base import App
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.producer import ProducerBuffer
from faust.types import TP

from folding import faust_patches

SOURCE, CHANGELOG = TP("in", 0), TP("group-rows-changelog", 0)


@pytest.fixture
async def app(tmp_path: Path) -> App:
    """A Faust app that is not started, without our patches."""
    return faust.App(
        "group", broker="kafka://127.0.0.1:1", store="memory://", datadir=tmp_path, web_enabled=False,
        autodiscover=False, key_serializer="raw", value_serializer="raw", loop=asyncio.get_running_loop(),
    )  # fmt: skip


# What the patches rely on


def test_the_versions_are_those_that_the_patches_were_written_for() -> None:
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


SIGNATURES: list[tuple[Callable[..., Any], list[str]]] = [
    (ThreadDelegateConsumer._getmany, ["self", "active_partitions", "timeout"]),
    (Consumer.resume_partitions, ["self", "tps"]),
    (Consumer.verify_event_path, ["self", "now", "tp"]),
    (Recovery.on_recovery_completed, ["self", "generation_id"]),
    (Recovery.on_rebalance, ["self", "assigned", "revoked", "newly_assigned", "generation_id"]),
    (Recovery.active_remaining_total, ["self"]),
    (App.on_rebalance_start, ["self"]),
    (App.on_rebalance_end, ["self"]),
    (AIOKafkaConsumerThread._create_consumer, ["self", "loop"]),
    (Collection.send_changelog, ["self", "partition", "key", "value", "key_serializer", "value_serializer"]),
    (Collection.partition_for_key, ["self", "key"]),
    (Collection._verify_source_topic_partitions, ["self", "source_topic"]),
]


@pytest.mark.parametrize(("function", "parameters"), SIGNATURES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_method_has_the_parameters_that_the_patches_use(function: Callable[..., Any], parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters


CALLERS: list[tuple[Callable[..., Any], str]] = [
    (Consumer._wait_next_records, "self._getmany("),
    (Consumer.verify_all_partitions_active, "self.verify_event_path("),
    (AIOKafkaConsumerThread.on_start, "self._create_consumer("),
    (Recovery._restart_recovery.fun, "self.on_recovery_completed"),
    (Recovery.on_recovery_completed, "self.app.on_rebalance_end()"),
    (TableManager.on_rebalance, "self.recovery.on_rebalance"),
]  # fmt: skip


@pytest.mark.parametrize(("caller", "call"), CALLERS, ids=lambda each: getattr(each, "__name__", ""))
def test_the_library_calls_what_is_patched_by_its_instance(caller: Callable[..., Any], call: str) -> None:
    assert call in inspect.getsource(caller)


async def test_an_app_has_the_attributes_that_the_patches_read(app: App) -> None:
    assert faust_patches.committed_offset(app, SOURCE) is None
    assert faust_patches.rows_to_recover(app) == 0
    assert (app.rebalancing, app.rebalancing_count, app.consumer_generation_id) == (False, 0, 0)
    assert app.consumer._active_partitions == set()
    assert app.consumer._thread.consumer is app.consumer
    faust_patches.apply_patches(app, lambda: None)


# The faults, in the library without our patches


async def test_a_consumer_fetches_with_the_live_set_of_active_partitions(app: App) -> None:
    """fetch_active_partitions_only: what is paused while the request waits for the thread is missing in it."""
    consumer, given = app.consumer, []

    async def getmany(active_partitions: Any, timeout: float) -> dict[Any, Any]:
        consumer.pause_partitions({CHANGELOG})
        given.append(active_partitions)
        return {}

    consumer._thread.getmany = getmany
    consumer._set_active_tps({CHANGELOG})
    consumer.resume_flow()
    await consumer._wait_next_records(1.0)
    assert given == [set()], "a copy would still have the changelog"


async def fetched(partitions: Any) -> dict[Any, Any]:
    """What aiokafka takes out of its buffer, which holds a record of SOURCE."""
    taken = FetchResult.__new__(FetchResult)
    taken.getall = lambda _most: ["a record"]  # type: ignore[method-assign]
    taken.has_more = lambda: True  # type: ignore[method-assign]
    fetcher = SimpleNamespace(
        _records={SOURCE: taken},
        _subscriptions=SimpleNamespace(reassignment_in_progress=False, is_assigned=lambda _: True),
    )
    return dict(await Fetcher.fetched_records(fetcher, partitions))


async def test_aiokafka_takes_an_empty_set_of_partitions_for_all(app: App) -> None:
    """ActivePartitions: it is true even when empty, so that nothing is taken."""
    assert await fetched(set()) == {SOURCE: ["a record"]}
    assert await fetched(faust_patches.ActivePartitions(app.consumer)) == {}


async def recovery_steps(
    app: App, monkeypatch: pytest.MonkeyPatch, *, during_seek: Callable[[], None] = lambda: None
) -> list[str]:
    """What the end of a recovery does with the sources, in order."""
    consumer, steps = app.consumer, list[str]()

    async def perform_seek() -> None:
        steps.append("sought")
        during_seek()

    async def nothing() -> None: ...

    consumer.assignment = lambda: {SOURCE}
    consumer.perform_seek = perform_seek
    monkeypatch.setattr(Consumer, "resume_partitions", lambda *_: steps.append("resumed"))
    app.flow_control.resume = lambda: steps.append("queues emptied")
    app._fetcher.maybe_start = nothing
    app.assignor.assigned_standbys = lambda: set()
    app.consumer_generation_id = 1
    app.tables.recovery.signal_recovery_start.clear()  # as the recovery does when it begins
    await app.tables.recovery.on_recovery_completed(1)
    return steps


async def test_a_recovery_resumes_the_sources_before_it_seeks_them_and_empties_the_queues(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """resume_sources_last"""
    assert await recovery_steps(app, monkeypatch) == ["resumed", "sought", "queues emptied"]


def test_resuming_the_flow_empties_the_queues() -> None:
    """resume_sources_last: what was fetched before it is gone."""
    from mode.utils.queues import FlowControlEvent

    assert "self.clear()" in inspect.getsource(FlowControlEvent.resume)


async def test_the_end_of_a_recovery_ends_a_rebalance_that_began_after_it(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """end_own_rebalance_only"""
    app.on_rebalance_start()
    await recovery_steps(app, monkeypatch, during_seek=app.on_rebalance_start)
    assert app.rebalancing_count == 2
    assert app.rebalancing is False, "the second rebalance is still under way"


async def test_with_the_patches_the_sources_are_resumed_last(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    faust_patches.resume_sources_last(app, lambda: None)
    steps = await recovery_steps(app, monkeypatch)
    assert steps == ["sought", "queues emptied", "resumed"]


async def test_with_the_patches_a_rebalance_that_began_during_the_seek_keeps_its_flag(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    faust_patches.apply_patches(app, lambda: None)
    app.assignor.assigned_standbys = app.assignor.assigned_actives = set

    async def assigned(generation: int) -> None:
        app.consumer_generation_id = generation
        await app.tables.recovery.on_rebalance({SOURCE}, set(), {SOURCE}, generation)

    app.on_rebalance_start()
    await assigned(1)
    steps = await recovery_steps(app, monkeypatch, during_seek=app.on_rebalance_start)
    assert app.rebalancing, "no row may be written before the partitions are assigned"
    assert "resumed" not in steps
    assert not faust_patches.is_same_generation(app, SimpleNamespace(generation_id=1))
    await assigned(1)
    steps = await recovery_steps(app, monkeypatch)
    assert (app.rebalancing, steps[-1]) == (False, "resumed")


async def test_a_fetch_may_wait_for_a_second_and_a_half(app: App) -> None:
    """wait_for_records"""

    async def made() -> AIOKafkaConsumer:
        consumer: AIOKafkaConsumer = app.consumer._thread._create_consumer(loop=asyncio.get_running_loop())
        consumer._closed = True  # it was never started
        return consumer

    assert (await made())._fetch_max_wait_ms == 1500
    faust_patches.wait_for_records(app)
    assert (await made())._fetch_max_wait_ms == 200
    assert (await made())._consumer_timeout == 1.0


async def test_a_fetch_waits_long_once_the_rows_are_recovered(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """wait_for_records: the conditions that it hands on"""
    given: dict[str, Any] = {}
    monkeypatch.setattr(faust_patches, "fetch_patiently", lambda _consumer, **conditions: given.update(conditions))
    monkeypatch.setattr(AIOKafkaConsumer, "start", lambda _self: asyncio.sleep(0))
    faust_patches.wait_for_records(app)
    consumer: AIOKafkaConsumer = app.consumer._thread._create_consumer(loop=asyncio.get_running_loop())
    await consumer.start()
    consumer._closed = True  # it was never started
    app.consumer._active_partitions = {SOURCE}
    assert [given["is_read"](each) for each in (SOURCE, CHANGELOG)] == [True, False]
    assert given["may_wait"]()
    app.on_rebalance_start()
    assert not given["may_wait"]()


async def test_the_livelock_detector_looks_at_changelogs(app: App) -> None:
    """verify_active_partitions_only"""

    async def looked_at() -> list[TP]:
        looked: list[TP] = []
        app.consumer._thread.verify_event_path = lambda _now, tp: looked.append(tp)
        await app.consumer.verify_all_partitions_active()
        return looked

    app.consumer._thread.assignment = lambda: {SOURCE, CHANGELOG}
    app.consumer._set_active_tps({SOURCE})
    assert set(await looked_at()) == {SOURCE, CHANGELOG}
    faust_patches.verify_active_partitions_only(app.consumer)
    assert await looked_at() == [SOURCE]


async def test_a_row_is_only_written_to_the_partition_of_the_event_of_the_stream(app: App) -> None:
    """write_rows_to"""
    table = app.Table("rows", partitions=6, key_type=bytes, value_type=bytes)
    with pytest.raises(TypeError, match="outside of stream iteration"):
        table[b"k"] = b"v"
    written: list[Any] = []
    table._verify_source_topic_partitions = lambda _topic: None  # asks the broker
    faust_patches.write_rows_to(table, "in", lambda: 4, written.append)
    table[b"k"] = b"v"
    assert [each.message.partition for each in written] == [4]


async def test_the_producer_buffer_holds_a_hundred_rows(app: App) -> None:
    """set_producer_buffer"""
    assert app.producer.buffer.max_messages == ProducerBuffer.max_messages == 100
    faust_patches.set_producer_buffer(app, 1000)
    assert app.producer.buffer.max_messages == 1000


async def test_a_flush_gives_up_after_a_tenth_of_a_second(app: App) -> None:
    """Why Faust's own flush before a commit is not enough (`writer.py`): rows are still on their way."""
    buffer = app.producer.buffer
    buffer.pending.put_nowait("a row")  # that nobody sends
    buffer._started.set()
    began = time.monotonic()
    assert await buffer.flush_atmost(None) == 0
    assert time.monotonic() - began < 5
    assert buffer.size == 1


async def test_a_commit_jumps_a_gap_of_one_record_and_any_gap_before_the_first_commit(app: App) -> None:
    """Why records are acknowledged in order (`writer.py`)."""
    consumer = app.consumer
    consumer._committed_offset[SOURCE], consumer._acked[SOURCE] = 5, [6]
    assert consumer._new_offset(SOURCE) == 7, "5 was never acknowledged"
    consumer._committed_offset[SOURCE], consumer._acked[SOURCE] = None, [40]
    assert consumer._new_offset(SOURCE) == 41
