"""Faust as a part of a process of ours: its app, its topics, its end. Everything of Faust that a fold needs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from chassis import fold_start
from chassis.clock import Clock, wait_or_stop

Agent = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class FoldOptions:
    """One fold. `app` is its consumer group; `lane_of` tells the lane of a row's key ("live" or "run"). Seconds.

    `also` are further sources, with the keys and the number of partitions of `topic`.
    `ahead`: how many records may be folded whose outputs are not acknowledged (1 where there are further sources).
    """

    app: str
    topic: str
    partitions: int
    bootstrap: str
    datadir: Path
    lane_of: Callable[[str], str]
    tick_s: float = 5.0
    stalled_s: float = 30.0
    stop_s: float = 8.0
    also: tuple[str, ...] = ()
    ahead: int = 500

    @property
    def changelog(self) -> str:
        """The topic of the rows: compact only, as many partitions as `topic`; it must exist before the fold starts."""
        return f"{self.app}-rows-changelog"


def build(
    options: FoldOptions, agent: Agent, recovered: Callable[[], None], revoked: Callable[[], Awaitable[None]]
) -> tuple[Any, Any]:
    """A Faust app and its table: no web server, no topics of its own making, rows in memory, all acks.

    `recovered` is called whenever rows came from the changelog, before the records after them are folded; `revoked`
    before partitions are given up, which waits for it.
    Never started by Faust's worker: that would take signals, logs and standard output.
    """
    import faust  # lazily: only folds need it

    for name in ("faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    options.datadir.parent.mkdir(parents=True, exist_ok=True)  # Faust makes the last folder only
    options.datadir.mkdir(parents=True, exist_ok=True)  # it stays empty, but Faust insists
    app = faust.App(
        options.app,
        broker=[f"kafka://{address}" for address in options.bootstrap.split(",")],
        store="memory://",
        datadir=options.datadir,
        web_enabled=False,
        autodiscover=False,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,  # a record that is not acknowledged comes again; waiting for it can take for ever
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=256 * 1024,  # of a partition at once: the others wait until all of it is folded
        broker_session_timeout=10.0,
        broker_commit_interval=1.0,
        producer_acks=-1,
        producer_linger=0.01,  # of rows: nothing waits for them but the next commit, and each would be a request
        loop=asyncio.get_running_loop(),
    )
    raw: Any = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    changelog = app.topic(options.changelog, partitions=options.partitions, compacting=True, deleting=False, **raw)
    table = app.Table(
        "rows", partitions=options.partitions, changelog_topic=changelog, key_type=bytes, value_type=bytes
    )
    source = app.topic(options.topic, *options.also, partitions=options.partitions, **raw)
    app.agent(source, name=options.app)(agent)
    fold_start.mend(app, recovered)
    app.producer.buffer.max_messages = 2 * options.ahead  # 100: fewer rows than are written at once

    async def on_partitions_revoked(*_: Any, **__: Any) -> None:
        await revoked()

    app.on_partitions_revoked.connect(on_partitions_revoked)
    return app, table


class Written:
    """Writes to a table from outside of its stream: `partition` is where the next ones go, `sent` their futures.

    Faust takes the partition of the event that it is at, which is another one by the time that a row may be written.
    """

    def __init__(self) -> None:
        self.partition = 0
        self.sent: list[Any] = []

    def attach(self, table: Any, topic: str) -> None:
        """Every write of the table from now on."""
        send = table.send_changelog

        def send_changelog(*args: Any, **kwargs: Any) -> Any:
            future = send(*args, **kwargs)
            self.sent.append(future)
            return future

        def partition_for_key(_key: Any) -> int:
            table._verify_source_topic_partitions(topic)
            return self.partition

        table.send_changelog, table.partition_for_key = send_changelog, partition_for_key

    def taken(self) -> list[Any]:
        """The futures of what was written since this was asked last."""
        sent, self.sent = self.sent, []
        return sent


def current(app: Any, message: Any) -> bool:
    """Whether the group has not changed since this record was fetched: otherwise it comes again, perhaps elsewhere.

    Faust says that it rebalances before partitions are given up, and has the next generation before it ends that.
    """
    return not app.rebalancing and message.generation_id == app.consumer_generation_id


async def end(app: Any, options: FoldOptions, log: Any) -> None:
    """Stop Faust, bounded: what is not committed comes again."""
    try:
        async with asyncio.timeout(options.stop_s):
            await app.stop()
    except Exception as error:  # noqa: BLE001 (whatever Faust raises while it ends, the process ends)
        log.warning("fold_stop", app=options.app, error=repr(error))


async def topics_exist(options: FoldOptions, clock: Clock, log: Any, stop: asyncio.Event) -> bool:
    """Wait for the source and the changelog: Faust would make them with the wrong count. False: stopped."""
    needed = {options.topic, *options.also, options.changelog}
    while not stop.is_set():
        missing = await _missing(options.bootstrap, needed)
        if not missing:
            return True
        log.warning("topics_missing", app=options.app, missing=sorted(missing))
        await wait_or_stop(clock, 2.0, stop)
    return False


async def _missing(bootstrap: str, needed: set[str]) -> set[str]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await consumer.start()
        return needed - set(await consumer.topics())
    except KafkaError:
        return needed
    finally:
        await consumer.stop()
