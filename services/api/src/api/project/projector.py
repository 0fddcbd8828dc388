"""The projector: consumes the api's topics in batches and applies each in one transaction with its offsets."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import asyncpg

from api.compute import sliced
from api.model.projections import GROUP, PROJECTIONS, TOPICS_READ
from api.project.apply import apply
from api.project.batch import DecodedRecord
from api.project.reports import JobTransitions, Reporter
from api.project.waiting import WaitingRecords
from api.store import offsets
from chassis import lanes
from chassis.backoff import Backoff
from chassis.broker import Broker, BrokerError, Subscription, TopicsChanged
from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.deadletters import DeadLetters
from chassis.fuse import FuseOptions
from chassis.health import Health
from chassis.lag import publish_lag
from chassis.metrics import WORK_SECONDS, Metrics
from chassis.outcomes import Invalid
from chassis.produce import Producer
from chassis.records import Record, TopicPartition
from events.decode import decode_record
from events.producers import FUSE
from tablewatch_schemas import Received

T = TypeVar("T")
# Errors of a statement that can succeed in a retry: deadlock, serialization, a server that is out of room or leaving
_TRANSIENT = (*DISCONNECTED, asyncpg.TransactionRollbackError, asyncpg.InsufficientResourcesError, TimeoutError)
_DATABASE_BACKOFF = Backoff(first_s=0.2, max_s=5.0)
_POLL_S, _LAG_S, _REJOIN_S = 0.5, 5.0, 1.0
_COMMIT_S = 1.0  # to Kafka, which is behind then; those in Postgres count


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the projector works with. `partitions` of each topic; `max_records` of one batch."""

    broker: Broker
    pool: asyncpg.Pool
    dead_letters: Producer
    clock: Clock
    metrics: Metrics
    health: Health
    log: Any
    partitions: int = 6
    max_records: int = 1000
    group: str = GROUP
    topics: tuple[str, ...] = TOPICS_READ
    fuse: FuseOptions = FUSE


class Projector:
    """One member of the group. Its offsets are in Postgres; Kafka's follow: a restart begins there, and lag shows."""

    def __init__(self, needs: Dependencies) -> None:
        self._needs = needs
        self._dead_letters = DeadLetters(
            needs.group, needs.dead_letters, fuse=needs.fuse, clock=needs.clock, metrics=needs.metrics, log=needs.log
        )
        self._reporter = Reporter(needs.group, needs.clock, needs.metrics, needs.log)
        self._waiting_records = WaitingRecords()
        self._checked: set[TopicPartition] = set()
        self._lag_at = self._committed_at = 0.0
        self._uncommitted: dict[TopicPartition, int] = {}
        self._waiting: str | None = "not joined yet"
        self._subscription: Subscription | None = None
        needs.health.add_check("projector", self._complaint)

    def _complaint(self) -> str | None:
        topics = self._subscription.complaint if self._subscription else self._needs.broker.waits_for
        return self._dead_letters.complaint or topics or self._waiting

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; joins the group once more when the membership is lost."""
        while not stop.is_set():
            # Joining waits for as long as Kafka is away: unready, but no reason to be restarted
            self._needs.health.forget("projector")
            self._subscription = None
            subscription = await self._needs.broker.subscribe(self._needs.group, self._needs.topics, self._revoked)
            self._subscription = subscription
            self._needs.health.expect("projector", within_s=120)
            self._checked.clear()
            self._waiting_records.keep(())
            try:
                await self._consume(subscription, stop)
            except BrokerError as error:
                if isinstance(error, TopicsChanged) and error.made_anew:
                    await self._forget_topics(error.made_anew)
                self._waiting = f"joins again: {error}"
                self._needs.log.warning("projector_joins_again", error=str(error))
                await wait_or_stop(self._needs.clock, _REJOIN_S, stop)
            finally:
                self._uncommitted.clear()
                await subscription.close()

    async def _revoked(self) -> None:
        """Nothing to drain: a running batch that the new owner applied as well finds its offsets taken."""
        self._checked.clear()
        if self._subscription is not None:
            await self._commit(self._subscription)

    async def _commit(self, subscription: Subscription) -> None:
        """Let Kafka have the offsets that are in Postgres already."""
        offsets, self._uncommitted = self._uncommitted, {}
        self._committed_at = self._needs.clock.monotonic()
        if offsets:
            await subscription.commit(offsets)

    async def _consume(self, subscription: Subscription, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._needs.health.beat("projector")
            records = await subscription.poll(_POLL_S, self._needs.max_records)
            if assigned := subscription.assigned():
                self._waiting = None
            self._waiting_records.keep(assigned)
            if records:
                await self._check_offsets(subscription, records)
            if records := [*self._waiting_records.due(self._needs.clock.monotonic()), *records]:
                done = await self._process(records)
                self._uncommitted |= {record.topic_partition: record.offset + 1 for record in done}
            if self._needs.clock.monotonic() - self._committed_at >= _COMMIT_S:
                await self._commit(subscription)
            self._pause_and_resume(subscription, records)
            await self._publish_lag(subscription)
        await self._commit(subscription)

    def _pause_and_resume(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Pause what waits for the fuse, and the run lane while polls are full and have live records in them."""
        count, assigned = self._needs.partitions, subscription.assigned()
        paused = set(self._waiting_records)
        full = len(records) >= self._needs.max_records
        if full and any(lanes.is_live(record.partition, count) for record in records):
            paused |= {each for each in assigned if not lanes.is_live(each.partition, count)}
        subscription.pause(paused & assigned)
        subscription.resume(assigned - paused)

    async def _check_offsets(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Once a partition: an offset past its end was stored of an earlier topic of that name, and is forgotten."""
        new = {record.topic_partition for record in records} - self._checked
        if not new or (lag := await subscription.lag()) is None:
            return
        last = {record.topic_partition: record.offset for record in records}
        ends = {partition: last[partition] + 1 + lag.get(partition, 0) for partition in new}
        if forgotten := await self._retry(lambda: self._forget_offsets_past(ends)):
            names = [f"{each.topic}/{each.partition}" for each in forgotten]
            self._needs.log.warning("topics_are_new", partitions=names)
        self._checked |= new

    async def _forget_topics(self, topics: frozenset[str]) -> None:
        """Their offsets are those of topics that are gone."""

        async def forget() -> None:
            async with self._needs.pool.acquire() as conn:
                await offsets.forget_topics(conn, topics)

        await self._retry(forget)

    async def _forget_offsets_past(self, ends: dict[TopicPartition, int]) -> list[TopicPartition]:
        async with self._needs.pool.acquire() as conn:
            return await offsets.forget_past(conn, ends)

    async def _process(self, records: Sequence[Record]) -> Sequence[Record]:
        """Apply records; those that are done with. The rest waits for the dead-letter fuse."""
        started = self._needs.clock.monotonic()
        decoded = [each async for record in sliced(records) if (each := await self._decode(record)) is not None]
        await self._apply(decoded)
        self._needs.metrics.observe(WORK_SECONDS, self._needs.clock.monotonic() - started, stage="project")
        waiting = self._waiting_records
        return [record for record, _ in decoded if record.topic_partition not in waiting]

    async def _decode(self, record: Record) -> DecodedRecord | None:
        """A record with its event; without one when it was dead-lettered or nothing is made of it; None: it waits."""
        is_live = lanes.is_live(record.partition, self._needs.partitions)
        if is_live and not PROJECTIONS[record.topic].takes_live(record.value):
            return record, None
        if record.topic_partition in self._waiting_records:
            self._waiting_records.follow(record)
            return None
        try:
            event: Received[Any] | None = decode_record(record)
        except Invalid as error:
            if not await self._dead_letter(record, error, error.code, error.reason, "invalid"):
                return None
            event = None
        else:
            self._dead_letters.succeeded(record)
        return record, event

    async def _dead_letter(
        self, record: Record, error: Exception, code: str, reason: str, outcome: Literal["invalid", "failed"]
    ) -> bool:
        """Publish the dead letter; False when the record has to wait for the fuse."""
        wait_s = await self._dead_letters.publish(record, error, code=code, reason=reason, outcome=outcome)
        if wait_s:
            self._waiting_records.wait(record, self._needs.clock.monotonic() + wait_s)
        return not wait_s

    async def _apply(self, records: Sequence[DecodedRecord]) -> None:
        """In one transaction. If Postgres refuses it, one by one: only the record at fault is dead-lettered."""
        jobs: list[JobTransitions] = []
        try:
            await self._retry(lambda: apply(self._needs.pool, records, jobs))
        except Exception as error:  # noqa: BLE001 (the boundary: whatever a record raises is about that record)
            _raise_if_cancelled(error)
            if len(records) == 1:
                await self._cannot_apply(records[0][0], error)
                return
            self._needs.log.warning("batch_refused", records=len(records), error=repr(error))
            for each in records:
                await self._apply_or_follow(each)
            return
        self._reporter.records(records)
        self._reporter.jobs(jobs)

    async def _apply_or_follow(self, each: DecodedRecord) -> None:
        if each[0].topic_partition in self._waiting_records:
            self._waiting_records.follow(each[0])
        else:
            await self._apply([each])

    async def _cannot_apply(self, record: Record, error: Exception) -> None:
        if await self._dead_letter(record, error, "cannot_apply", repr(error), "failed"):
            await self._retry(lambda: apply(self._needs.pool, [(record, None)]))

    async def _retry(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it, with retries while the database is away; any other error is raised."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await work()
            except _TRANSIENT as error:
                _raise_if_cancelled(error)
                if isinstance(error, ValueError):
                    raise  # asyncpg calls a value that fits no column an InterfaceError too; no retry helps there
                delay = _DATABASE_BACKOFF.delay_s(attempt)
                self._needs.log.warning("projector_waits_for_database", error=repr(error), retry_s=delay)
                self._needs.health.beat("projector")
                await self._needs.clock.sleep(delay)

    async def _publish_lag(self, subscription: Subscription) -> None:
        now = self._needs.clock.monotonic()
        if now - self._lag_at < _LAG_S or (lag := await subscription.lag()) is None:
            return
        self._lag_at = now
        counts = dict.fromkeys(self._needs.topics, self._needs.partitions)
        publish_lag(self._needs.metrics, self._needs.group, lag, counts)


def _raise_if_cancelled(error: Exception) -> None:
    """A statement that is cancelled raises the error of its rollback instead, which hides the cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error
