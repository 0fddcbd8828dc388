"""Faust in a process of ours: the configuration of its app, and its stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from folding import faust_patches
from folding.options import FoldOptions
from progress.aiokafka_patches import read_any_header_name

Agent = Callable[[Any], Any]


def build(
    options: FoldOptions, agent: Agent, recovered: Callable[[], None], revoked: Callable[[], Awaitable[None]]
) -> tuple[Any, Any]:
    """A Faust app and its table: no web server, it creates no topics, rows in memory, every replica acknowledges.

    `recovered` is called whenever rows were read from the changelog, before the records after them are delivered;
    `revoked` before partitions are revoked, which waits for it.
    Never started by Faust's worker: that would take over signals, logs and standard output.
    """
    read_any_header_name()
    import faust  # only folds need it, and it takes a second

    for name in ("faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    options.datadir.mkdir(parents=True, exist_ok=True)  # it stays empty, but Faust requires it
    app = faust.App(
        options.group,
        broker=[f"kafka://{address}" for address in options.bootstrap.split(",")],
        store="memory://",
        datadir=options.datadir,
        web_enabled=False,
        autodiscover=False,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,  # a record that is not acknowledged is redelivered; waiting for it may never end
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=256 * 1024,  # of a partition at once: the others wait until all of it is folded
        broker_session_timeout=10.0,
        broker_commit_interval=1.0,
        producer_acks=-1,
        producer_linger=0.01,  # of rows: only the next commit waits for them, and each would be a request
        loop=asyncio.get_running_loop(),
    )
    raw: Any = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    changelog = app.topic(options.changelog, partitions=options.partitions, compacting=True, deleting=False, **raw)
    table = app.Table(
        "rows", partitions=options.partitions, changelog_topic=changelog, key_type=bytes, value_type=bytes
    )
    source = app.topic(*options.topics, partitions=options.partitions, **raw)
    app.agent(source, name=options.group)(agent)
    faust_patches.apply_patches(app, recovered)
    faust_patches.set_producer_buffer(app, 2 * options.max_buffered)

    async def on_partitions_revoked(*_: Any, **__: Any) -> None:
        await revoked()

    app.on_partitions_revoked.connect(on_partitions_revoked)
    return app, table


async def stop(app: Any, options: FoldOptions, log: Any) -> None:
    """Stop Faust, within `stop_timeout_s`: what is not committed is redelivered."""
    try:
        async with asyncio.timeout(options.stop_timeout_s):
            await app.stop()
    except Exception as error:  # noqa: BLE001 (whatever Faust raises while it stops, the process goes on)
        log.warning("fold_stop", app=options.group, error=repr(error))
