"""How a recovery of Faust ends, mended so that it passes over no record and never stands still (decision 0031).

Two defects of faust-streaming 0.15.3 with aiokafka 0.14, at every start and every rebalance:

* Consumer.getmany hands aiokafka the *live* set of active partitions, from another thread. In the moment in which the
  changelogs are paused it is empty, which aiokafka takes for "all": records of the sources are taken and thrown away,
  and the position is past them.
* Recovery.on_recovery_completed resumes the sources, then seeks them, then empties every queue
  (FlowControlEvent.resume). What was fetched in between is gone, and the position is past it.

If a record follows, it is out of order (fold_order.Skipped); if none does, nothing is delivered and nothing committed.
"""

from collections.abc import Callable
from typing import Any

_LONGEST_POLL_MS = 200


class ActiveNow:
    """The partitions that may be fetched, asked at each use. True even when there are none: an empty set means all."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def __bool__(self) -> bool:
        return True

    def __contains__(self, place: object) -> bool:
        return place in self._consumer._active_partitions


def mend(app: Any, recovered: Callable[[], None]) -> None:
    """Before the app starts. `recovered` is called at the end of each recovery, before anything is fetched."""
    fetch_only_active(app.consumer)
    resume_last(app, recovered)
    poll_shortly(app.consumer._thread)
    watch_only_active(app.consumer)


def fetch_only_active(consumer: Any) -> None:
    """Take records of active partitions only, also when there are none at all."""
    fetch, active = consumer._getmany, ActiveNow(consumer)

    async def getmany(active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 (Faust's signature)
        return await fetch(active_partitions=active, timeout=timeout)

    consumer._getmany = getmany


def resume_last(app: Any, recovered: Callable[[], None]) -> None:
    """Let the sources be fetched only when Faust has sought them and emptied its queues."""
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


def poll_shortly(thread: Any) -> None:
    """Faust lets a fetch wait 1.5 s for records; whatever else is asked on that connection waits behind it."""
    create = thread._create_consumer

    def create_consumer(*, loop: Any) -> Any:
        consumer = create(loop=loop)
        consumer._fetch_max_wait_ms = _LONGEST_POLL_MS
        return consumer

    thread._create_consumer = create_consumer


def watch_only_active(consumer: Any) -> None:
    """Faust takes a changelog, which the process writes and does not read, for a source that stands still: from the
    fifth minute on an error of twelve lines for each of its partitions, every 2.5 s, for ever."""
    verify, active = consumer.verify_event_path, ActiveNow(consumer)

    def verify_event_path(now: float, place: Any) -> None:
        if place in active:
            verify(now, place)

    consumer.verify_event_path = verify_event_path
