"""`dlq`: look at dead letters, replay them, or delete them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import click
from aiokafka import AIOKafkaProducer, TopicPartition

from tablewatch_cli import asking, completion, dead_letters, output
from tablewatch_cli.broker import Broker, bootstrap_of, connected
from tablewatch_cli.dead_letters import DeadLetter
from tablewatch_cli.errors import Exit
from tablewatch_cli.settings import load
from tablewatch_schemas.foreign import MAX_NUMBER

Rows = list[dict[str, Any]]
MAX_REQUEST_BYTES = 4_000_000  # a record that failed may be larger than what our producers send
OFFSETS = click.option(
    "--offset", "-o", "offsets", type=click.IntRange(0, MAX_NUMBER), multiple=True, help="Only this one (repeatable)."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("dlq")
def dlq_group() -> None:
    """Dead letters: records that failed for good in a consumer group, in <topic>.<group>.dlq."""


@dlq_group.command("list")
@click.option("--all", "everything", is_flag=True, help="Empty dead-letter topics too.")
@JSON
def list_command(everything: bool, as_json: bool) -> None:
    """Dead-letter topics that hold something."""
    rows = [row for row in asyncio.run(_list(_bootstrap())) if row["records"] or everything]
    if as_json:
        output.as_json(rows)
        return
    output.table(rows, ("topic", "records", "first_offset", "last_offset"), "no dead letters")
    if any(row["records"] for row in rows):
        output.note("look: tablewatch dlq show TOPIC")


async def _list(bootstrap: str) -> Rows:
    async with connected(bootstrap) as broker:
        partitions = [TopicPartition(topic, 0) for topic in await broker.topics() if topic.endswith(".dlq")]
        edges = await broker.edges(sorted(partitions))
    return [
        {"topic": at.topic, "records": edge.count, "first_offset": edge.first if edge.count else None,
         "last_offset": edge.end - 1 if edge.count else None}
        for at, edge in edges.items()
    ]  # fmt: skip


@dlq_group.command("show")
@click.argument("topic", shell_complete=completion.dead_letter_topics)
@OFFSETS
@JSON
def show_command(topic: str, offsets: tuple[int, ...], as_json: bool) -> None:
    """Why each record of TOPIC is there; --json has key, headers and bytes too."""
    documents = [letter.document() for letter in asyncio.run(_read(_bootstrap(), topic, offsets or None))]
    if as_json:
        output.as_json(documents)
        return
    columns = ("offset", "dead_at", "reason_code", "attempts", "from", "key", "reason", "stack")
    output.table(
        [{**document, "from": _from(document["origin"])} for document in documents], columns, f"{topic} is empty"
    )
    if documents:
        advice = f"cause fixed: tablewatch dlq replay {topic} --all; not worth it: tablewatch dlq discard {topic} --all"
        output.note(advice)


def _from(origin: Any) -> str | None:
    return None if origin is None else f"{origin['topic']} {origin['partition']}/{origin['offset']}"


async def _read(bootstrap: str, topic: str, offsets: Iterable[int] | None) -> list[DeadLetter]:
    async with connected(bootstrap) as broker:
        return await dead_letters.read(broker, await dead_letters.partition_of(broker, topic), offsets)


@dlq_group.command("replay")
@click.argument("topic", shell_complete=completion.dead_letter_topics)
@OFFSETS
@click.option("--all", "everything", is_flag=True, help="Every record.")
@JSON
def replay_command(topic: str, offsets: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Replay records of TOPIC to where they came from: same key, bytes, headers (ce_id) and partition.

    Every group of the original topic gets them, and skips by ce_id what it has processed already. The header
    dlq-replayed-from marks them. They stay in TOPIC until discarded. On a compacted topic a record whose key has had
    a later one is skipped.
    """
    _one_of(offsets, everything)
    rows = asyncio.run(_replay(_bootstrap(), topic, None if everything else offsets))
    if as_json:
        output.as_json(rows)
    else:
        output.table(rows, ("offset", "outcome", "to_topic", "to_partition", "to_offset"), f"{topic} is empty")
    if any(row["outcome"] == "no_origin" for row in rows):
        raise click.exceptions.Exit(Exit.REFUSED)


async def _replay(bootstrap: str, topic: str, offsets: Iterable[int] | None) -> Rows:
    async with connected(bootstrap) as broker:
        found = await dead_letters.read(broker, await dead_letters.partition_of(broker, topic), offsets)
        replaced = await dead_letters.superseded(broker, found, await _compacted(broker, found))
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", max_request_size=MAX_REQUEST_BYTES
        )
        await producer.start()
        try:
            return [await _outcome(producer, letter, letter.offset in replaced) for letter in found]
        finally:
            await producer.stop()


async def _compacted(broker: Broker, found: list[DeadLetter]) -> set[str]:
    topics = {letter.origin[0].topic for letter in found if letter.origin}
    configs = await broker.configs(sorted(topics))
    return {topic for topic, config in configs.items() if "compact" in config.get("cleanup.policy", "")}


async def _outcome(producer: AIOKafkaProducer, letter: DeadLetter, replaced: bool) -> dict[str, Any]:
    row = {"offset": letter.offset, "to_topic": None, "to_partition": None, "to_offset": None}
    if letter.origin is None:
        return {**row, "outcome": "no_origin"}
    if replaced:
        return {**row, "outcome": "superseded"}
    at, offset = await dead_letters.replay(producer, letter)
    return {**row, "outcome": "replayed", "to_topic": at.topic, "to_partition": at.partition, "to_offset": offset}


@dlq_group.command("discard")
@click.argument("topic", shell_complete=completion.dead_letter_topics)
@click.option(
    "--through", type=click.IntRange(0, MAX_NUMBER), metavar="OFFSET", help="Up to and including this offset."
)
@click.option("--all", "everything", is_flag=True, help="Every record that is there now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON
def discard_command(topic: str, through: int | None, everything: bool, yes: bool, as_json: bool) -> None:
    """Delete the oldest records of TOPIC for good."""
    _one_of(() if through is None else (through,), everything, "--through")
    if as_json and not yes:
        raise click.UsageError("with --json give --yes too: nobody can be asked")
    last, count = asyncio.run(_to_discard(_bootstrap(), topic, through))
    if count and not yes:
        asking.confirm(f"Delete {count} records of {topic} for good (through offset {last})?")
    if count:
        asyncio.run(_discard(_bootstrap(), topic, last))
    if as_json:
        output.as_json({"topic": topic, "discarded": count, "through": last if count else None})
    else:
        output.line(f"{count} records of {topic} deleted")


async def _to_discard(bootstrap: str, topic: str, through: int | None) -> tuple[int, int]:
    """The last offset to delete, and how many records that are; fixed before the user is asked."""
    async with connected(bootstrap) as broker:
        at = await dead_letters.partition_of(broker, topic)
        edges = (await broker.edges([at]))[at]
    last = edges.end - 1 if through is None else min(through, edges.end - 1)
    return last, max(0, last + 1 - edges.first)


async def _discard(bootstrap: str, topic: str, last: int) -> None:
    async with connected(bootstrap) as broker:
        await broker.delete_before(await dead_letters.partition_of(broker, topic), last + 1)


def _one_of(offsets: tuple[int, ...], everything: bool, name: str = "--offset") -> None:
    if bool(offsets) == everything:
        raise click.UsageError(f"give {name} OFFSET or --all")


def _bootstrap() -> str:
    return bootstrap_of(load())
