"""Every touch of Faust's private parts, and every patch of its faults: no other module of this library does either.

Written for faust-streaming 0.15.3 with aiokafka 0.14.0. `tests/unit/folding/test_faust_library.py` holds, for each
function here, that the library still has the names it uses and still has the fault it works around: when a test there
fails after an upgrade, the function of the same name is to be read again, or is no longer needed. Background: decisions
0031, 0035 and 0043.
"""

from collections.abc import Callable
from typing import Any

from progress.aiokafka_patches import fetch_patiently

_SHORT_FETCH_MS = 200
_LOOK_ROUND_S = 1.0  # of the fetcher; whatever concerns it wakes it


def apply_patches(app: Any, recovered: Callable[[], None]) -> None:
    """Patch an app before it starts. `recovered` is called at the end of each recovery, before anything is fetched."""
    fetch_active_partitions_only(app.consumer)
    resume_sources_last(app, recovered)
    end_own_rebalance_only(app)
    wait_for_records(app)
    verify_active_partitions_only(app.consumer)


# What Faust keeps to itself


def committed_offset(app: Any, partition: Any) -> int | None:
    """The committed offset of a topic partition as the consumer knows it; None where nothing was committed."""
    offset: int | None = app.consumer._committed_offset[partition]
    return offset


def rows_to_recover(app: Any) -> int:
    """Records of the changelogs that are still to be read before the rows are complete."""
    remaining: int = app.tables.recovery.active_remaining_total()
    return remaining


def is_same_generation(app: Any, message: Any) -> bool:
    """Whether the group has not changed since this message was fetched; otherwise it is redelivered, perhaps elsewhere.

    Faust sets `rebalancing` before partitions are revoked, and has the next generation before it clears it.
    """
    return not app.rebalancing and message.generation_id == app.consumer_generation_id


def set_producer_buffer(app: Any, messages: int) -> None:
    """How many rows may wait for the producer before Faust stops reading (default 100, less than one batch)."""
    app.producer.buffer.max_messages = messages


def commit_no_more(app: Any) -> None:
    """Let nothing be committed from now on: the offsets are those of a topic that is gone."""

    async def commit(*_: Any, **__: Any) -> bool:
        return True

    app.consumer.commit = commit


# Patches


def write_rows_to(table: Any, topic: str, partition: Callable[[], int], sent: Callable[[Any], None]) -> None:
    """Let rows be written outside of the stream, to the changelog partition that `partition` names at that moment.

    `sent` gets the future of each write. faust-streaming 0.15.3: `Table.partition_for_key` takes the partition of the
    event that the stream is at, which is another one by the time that a row may be written, and raises TypeError where
    there is none; the future that `send_changelog` makes is dropped by its caller.
    """
    send = table.send_changelog

    def send_changelog(*args: Any, **kwargs: Any) -> Any:
        future = send(*args, **kwargs)
        sent(future)
        return future

    def partition_for_key(_key: Any) -> int:
        table._verify_source_topic_partitions(topic)
        return partition()

    table.send_changelog, table.partition_for_key = send_changelog, partition_for_key


class ActivePartitions:
    """The partitions that may be fetched, read at each use. True even when empty: aiokafka takes an empty set for all.

    faust-streaming 0.15.3: `Consumer.getmany` hands the *live* set of active partitions to another thread. While the
    changelogs are paused it is empty for a moment; `Fetcher.fetched_records` of aiokafka 0.14.0 then takes records of
    all partitions, Faust drops those of inactive ones, and the position is past them.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def __bool__(self) -> bool:
        return True

    def __contains__(self, partition: object) -> bool:
        return partition in self._consumer._active_partitions


def fetch_active_partitions_only(consumer: Any) -> None:
    """Fetch records of active partitions only, even when there are none. The fault: see ActivePartitions."""
    fetch, active = consumer._getmany, ActivePartitions(consumer)

    async def getmany(active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 (Faust's signature)
        return await fetch(active_partitions=active, timeout=timeout)

    consumer._getmany = getmany


def resume_sources_last(app: Any, recovered: Callable[[], None]) -> None:
    """Fetch the sources only after they were sought and the queues emptied; call `recovered` just before.

    faust-streaming 0.15.3: `Recovery.on_recovery_completed` resumes the sources, then seeks them to the committed
    offsets, then empties every queue (`FlowControlEvent.resume`). What was fetched in between is gone, and the position
    is past it: if another record follows it is out of order (`OffsetGap`), if none does, nothing is ever delivered.
    """
    recovery = app.tables.recovery
    completed = recovery.on_recovery_completed

    async def on_recovery_completed(generation_id: int = 0) -> None:
        consumer, held = app.consumer, set[Any]()
        consumer.resume_partitions = held.update
        try:
            await completed(generation_id)
        finally:
            del consumer.resume_partitions
        recovered()
        if not app.rebalancing:  # otherwise the recovery that follows resumes them
            consumer.resume_partitions(held)

    recovery.on_recovery_completed = on_recovery_completed


def end_own_rebalance_only(app: Any) -> None:
    """Let the end of a recovery end only the rebalance that it belongs to.

    faust-streaming 0.15.3: `App.on_rebalance_end` clears `App.rebalancing` without looking at `rebalancing_count`. A
    rebalance that begins while the recovery of the one before it seeks loses its flag, and for some milliseconds a row
    could be written by a member that is about to lose the partition (`is_same_generation`).
    """
    recovery, assign, end = app.tables.recovery, app.tables.recovery.on_rebalance, app.on_rebalance_end
    assigned_in = 0

    async def on_rebalance(assigned: Any, revoked: Any, newly_assigned: Any, generation_id: int = 0) -> None:
        nonlocal assigned_in
        if generation_id == app.consumer_generation_id:  # otherwise Faust begins no recovery
            assigned_in = app.rebalancing_count
        await assign(assigned, revoked, newly_assigned, generation_id)

    def on_rebalance_end() -> None:
        if app.rebalancing_count == assigned_in:
            end()

    recovery.on_rebalance, app.on_rebalance_end = on_rebalance, on_rebalance_end


def wait_for_records(app: Any) -> None:
    """Let the broker hold a fetch of every active partition for long, others for 0.2 s at most.

    faust-streaming 0.15.3: `AIOKafkaConsumerThread` fixes `fetch_max_wait_ms` at 1500 in its source, for all of them,
    and every other request on that connection waits behind a fetch, twice in each start. Until a recovery has ended,
    partitions are sought, and what was fetched from elsewhere is dropped.
    """
    thread = app.consumer._thread
    create, active = thread._create_consumer, ActivePartitions(app.consumer)

    def create_consumer(*, loop: Any) -> Any:
        made = create(loop=loop)
        made._fetch_max_wait_ms, made._consumer_timeout = _SHORT_FETCH_MS, _LOOK_ROUND_S
        start = made.start

        async def start_patiently() -> None:
            await start()
            fetch_patiently(made, is_read=active.__contains__, may_wait=lambda: not app.rebalancing)

        made.start = start_patiently
        return made

    thread._create_consumer = create_consumer


def verify_active_partitions_only(consumer: Any) -> None:
    """Let Faust's livelock detector look at active partitions only.

    faust-streaming 0.15.3: `Consumer.verify_all_partitions_active` looks at all assigned partitions. A changelog, which
    the process writes and does not read, then counts as a source that stands still: from the fifth minute on an error
    of twelve lines for each of its partitions, every 2.5 s.
    """
    verify, active = consumer.verify_event_path, ActivePartitions(consumer)

    def verify_event_path(now: float, partition: Any) -> None:
        if partition in active:
            verify(now, partition)

    consumer.verify_event_path = verify_event_path
