"""The projector: polls its topics, folds batches, and never skips what it could not write."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from api.project.apply import Read, apply
from api.project.batch import GROUP, TOPIC_NAMES
from api.project.narrate import Moved, Narrator, place
from api.store import offsets
from chassis import lanes
from chassis.broker import Broker, BrokerError, Subscription
from chassis.clock import Clock, wait_or_stop
from chassis.database import DISCONNECTED
from chassis.deadletters import Fuse, FuseOptions, bury, dead_letter
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.produce import Producer
from chassis.records import Partition, Record
from tablewatch_schemas import ContractError, decode

# Faults of a statement that a second try can mend: deadlock, serialization, a server that is out of room or leaving
_PASSING = (*DISCONNECTED, asyncpg.TransactionRollbackError, asyncpg.InsufficientResourcesError, TimeoutError)
_POLL_S, _RETRY_S, _RETRY_MAX_S, _LAG_S = 0.5, 0.2, 5.0, 5.0


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the projector works with."""

    broker: Broker
    pool: asyncpg.Pool
    dead_letters: Producer
    clock: Clock
    metrics: Metrics
    health: Health
    log: Any
    partitions: int = 6
    most: int = 1000
    group: str = GROUP
    topics: tuple[str, ...] = TOPIC_NAMES
    fuse: FuseOptions = field(default_factory=FuseOptions)


class Projector:
    """One member of the group. Offsets stand in Postgres; Kafka's are advanced after them, for whoever watches lag."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._fuse = Fuse(tools.fuse)
        self._narrator = Narrator(tools.group, tools.clock, tools.metrics, tools.log)
        tools.metrics.gauge("fuse_blown", 0, group=tools.group)
        self._seen: set[Partition] = set()
        self._lag_at = 0.0
        self._waiting: str | None = "not joined yet"
        tools.health.ready("projector", lambda: self._fuse.blown or self._waiting)

    async def run(self, stop: asyncio.Event) -> None:
        """Fold until `stop`; joins again when the membership breaks."""
        while not stop.is_set():
            # Joining waits for as long as Kafka is away: unready, but no reason to be restarted
            self._tools.health.forget("projector")
            subscription = await self._tools.broker.subscribe(self._tools.group, self._tools.topics, self._revoked)
            self._tools.health.expect("projector", within_s=120)
            self._seen.clear()
            try:
                await self._follow(subscription, stop)
            except BrokerError as error:
                self._waiting = f"joins again: {error}"
                self._tools.log.warning("projector_joins_again", error=str(error))
                await wait_or_stop(self._tools.clock, 1.0, stop)
            finally:
                await subscription.close()

    async def _revoked(self) -> None:
        """Nothing to drain: a batch that is under way is refused by the offsets if somebody else did it."""
        self._seen.clear()

    async def _follow(self, subscription: Subscription, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._tools.health.beat("projector")
            records = await subscription.poll(_POLL_S, self._tools.most)
            if subscription.assigned():
                self._waiting = None
            self._live_first(subscription, records)
            if records:
                await self._check_places(subscription, records)
                if not await self._handle(records):
                    await self._stand_still(stop)
                    return
                await subscription.commit({record.place: record.offset + 1 for record in records})
            await self._measure(subscription)

    def _live_first(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Leave runs alone for as long as polls come back full and with live records in them."""
        live = set(lanes.live_partitions(self._tools.partitions))
        runs = [place for place in subscription.assigned() if place.number not in live]
        if len(records) >= self._tools.most and any(record.partition in live for record in records):
            subscription.pause(runs)
        else:
            subscription.resume(runs)

    async def _check_places(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """On first sight of a partition: if we were further than it is long, the topic was made anew."""
        new = {record.place for record in records} - self._seen
        if not new or (lag := await subscription.lag()) is None:
            return
        last = {record.place: record.offset for record in records}
        ends = {place: last[place] + 1 + lag.get(place, 0) for place in new}
        if again := await self._patiently(lambda: _begin_again(self._tools.pool, ends)):
            self._tools.log.warning("topics_are_new", partitions=[f"{place.topic}/{place.number}" for place in again])
        self._seen |= new

    async def _handle(self, records: Sequence[Record]) -> bool:
        """Fold a poll's records; False when the fuse blew and they have to come again."""
        started = self._tools.clock.monotonic()
        read = [(record, await self._read(record)) for record in records]
        if not self._fuse.blown:
            await self._apply(read)
        self._tools.metrics.observe("work_seconds", self._tools.clock.monotonic() - started, stage="project")
        return self._fuse.blown is None

    async def _apply(self, read: Sequence[Read]) -> None:
        """All in one transaction; if that is refused, one by one, so that a single record pays for itself."""
        moved: list[Moved] = []
        try:
            await self._patiently(lambda: apply(self._tools.pool, read, moved))
        except Exception as error:  # noqa: BLE001 (the boundary: whatever a record does to us, it is its own)
            _stop_if_cancelled(error)
            if len(read) == 1:
                await self._give_up(read[0][0], error)
                return
            self._tools.log.warning("batch_refused", records=len(read), error=repr(error))
            for each in read:
                if not self._fuse.blown:
                    await self._apply([each])
            return
        self._narrator.applied(read)
        self._narrator.moved(moved)

    async def _give_up(self, record: Record, error: Exception) -> None:
        await self._bury(record, "cannot_apply", repr(error), error)
        if not self._fuse.blown:
            await self._patiently(lambda: apply(self._tools.pool, [(record, None)]))

    async def _read(self, record: Record) -> Any:
        try:
            received = decode(record.topic, record.key, record.value, record.headers)
        except ContractError as error:
            await self._bury(record, error.code, error.reason, error)
            return None
        self._fuse.fine()
        return received

    async def _bury(self, record: Record, code: str, reason: str, error: BaseException) -> None:
        if not self._fuse.failed():
            self._tools.metrics.gauge("fuse_blown", 1, group=self._tools.group)
            return
        outcome = "failed" if code == "cannot_apply" else "invalid"
        self._tools.log.error("dead_letter", **place(record), code=code, reason=reason, exc_info=error)
        now: datetime = self._tools.clock.now()
        letter = dead_letter(
            record, self._tools.group, code=code, reason=reason, attempts=1, first_seen=now, error=error
        )
        await bury(self._tools.dead_letters, record, letter)
        self._tools.metrics.count("dead_letters_total", group=self._tools.group, topic=record.topic, code=code)
        self._tools.metrics.count("records_handled_total", group=self._tools.group, topic=record.topic, outcome=outcome)

    async def _patiently(self, work: Any) -> Any:
        """Do it, waiting out a database that is away; anything else is raised."""
        delay = _RETRY_S
        while True:
            try:
                return await work()
            except _PASSING as error:
                _stop_if_cancelled(error)
                if isinstance(error, ValueError):
                    raise  # asyncpg calls a value that fits no column an InterfaceError too; waiting mends none
                self._tools.log.warning("projector_waits_for_database", error=repr(error), retry_s=delay)
                self._tools.health.beat("projector")
                await self._tools.clock.sleep(delay)
                delay = min(delay * 2, _RETRY_MAX_S)

    async def _stand_still(self, stop: asyncio.Event) -> None:
        """The fuse is blown: stay in place, unready, with the lag showing, until somebody restarts us."""
        self._tools.log.error("projector_fuse_blown", reason=self._fuse.blown)
        while not stop.is_set():
            self._tools.health.beat("projector")
            await wait_or_stop(self._tools.clock, 5.0, stop)

    async def _measure(self, subscription: Subscription) -> None:
        now = self._tools.clock.monotonic()
        if now - self._lag_at < _LAG_S or (lag := await subscription.lag()) is None:
            return
        self._lag_at = now
        live = set(lanes.live_partitions(self._tools.partitions))
        for lane, mine in (("live", True), ("run", False)):
            behind = sum(count for place, count in lag.items() if (place.number in live) is mine)
            self._tools.metrics.gauge("consumer_lag", behind, group=self._tools.group, lane=lane)


def _stop_if_cancelled(error: Exception) -> None:
    """A task that is cancelled in the middle of a statement: the rollback fails, and its error hides the cancelling."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


async def _begin_again(pool: asyncpg.Pool, ends: dict[Partition, int]) -> list[Partition]:
    async with pool.acquire() as conn:
        return await offsets.begin_again(conn, ends)
