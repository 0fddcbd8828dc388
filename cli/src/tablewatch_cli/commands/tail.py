"""`tail`: read a topic as any other team would, without a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import click
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from lines.visible import json_text, on_one_line
from tablewatch_cli import completion, filters, output
from tablewatch_cli.broker import bootstrap_of
from tablewatch_cli.errors import KafkaUnreachable, UnknownTopic
from tablewatch_cli.settings import load
from tablewatch_cli.times import TimeParam
from tablewatch_schemas import TOPICS, ContractError
from tablewatch_schemas.foreign import header_texts, read_json, text_of


@click.command("tail")
@click.argument("topic", shell_complete=completion.topics)
@click.option("--from-start", is_flag=True, help="From the oldest record on the topic, not only new ones.")
@click.option(
    "--since",
    type=TimeParam(),
    metavar="TIME",
    help="From then on (the broker's record time): 15m, 2h, 1d ago, or a UTC time.",
)
@click.option("--key", metavar="KEY", help="Only records with this key.")
@click.option("--site", metavar="ID", help="Only of this site.")
@click.option("--camera", metavar="ID", help="Only of this camera.")
@click.option("--run", metavar="ID", help="Only of this run of a video.")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Only where a field has a value, e.g. state=dirty, model.name=x, run_id=null (repeatable: all must hold).",
)
@click.option("--count", "-n", type=click.IntRange(min=1), help="Stop after so many records.")
@click.option("--no-follow", is_flag=True, help="Stop at the end instead of waiting for more.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line: topic, partition, offset, key, headers, value."
)
def tail_command(
    topic: str, from_start: bool, since: datetime | None, key: str | None, site: str | None, camera: str | None,
    run: str | None, where: tuple[str, ...], count: int | None, no_follow: bool, as_json: bool,
) -> None:  # fmt: skip
    """Follow TOPIC, for instance table.state. Dead-letter topics are named <topic>.<group>.dlq."""
    named = {"site_id": site, "camera_id": camera, "run_id": run}
    chosen = filters.record_filter(key, [*((name, text) for name, text in named.items() if text), *_conditions(where)])
    show = _json_line if as_json else _pretty_line
    start_ms = 0 if from_start else int(since.timestamp() * 1000) if since else None
    asyncio.run(_follow(bootstrap_of(load()), topic, start_ms, chosen, count, no_follow, show))


def _conditions(where: tuple[str, ...]) -> list[tuple[str, str]]:
    try:
        return [filters.parse(each) for each in where]
    except ValueError as error:
        raise click.UsageError(f"--where: {error}") from error


async def _follow(
    bootstrap: str,
    topic: str,
    start_ms: int | None,
    chosen: filters.RecordFilter,
    count: int | None,
    no_follow: bool,
    show: Callable[[ConsumerRecord], str],
) -> None:
    shown = 0
    try:
        async for record in records(bootstrap, topic, start_ms, follow=not no_follow):
            if not chosen(_key(record), _value(record)):
                continue
            output.write_line(show(record))
            shown += 1
            if shown == count:
                return
    except KafkaError as error:
        raise KafkaUnreachable(f"{bootstrap}: {error!r}") from error


async def records(bootstrap: str, topic: str, start_ms: int | None, *, follow: bool) -> AsyncIterator[ConsumerRecord]:
    """Records of all partitions, each in order; from the end when `start_ms` is None."""
    partitions = await _partitions(bootstrap, topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        await _seek(consumer, partitions, start_ms)
        ends = await consumer.end_offsets(partitions)
        while follow or await _behind(consumer, ends):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    yield record
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, topic: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        found = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics()}
    finally:
        await admin.close()
    if topic not in found:
        raise UnknownTopic(f"{topic} is not on {bootstrap}; known: {', '.join(sorted(TOPICS))}.")
    return [TopicPartition(topic, number) for number in range(found[topic])]


async def _seek(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], start_ms: int | None) -> None:
    if start_ms is None:
        await consumer.seek_to_end(*partitions)
    elif start_ms == 0:
        await consumer.seek_to_beginning(*partitions)
    else:
        ends = await consumer.end_offsets(partitions)
        for partition, found in (await consumer.offsets_for_times(dict.fromkeys(partitions, start_ms))).items():
            consumer.seek(partition, found.offset if found else ends[partition])


async def _behind(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return any([await consumer.position(partition) < end for partition, end in ends.items()])


def _key(record: ConsumerRecord) -> str | None:
    return None if record.key is None else record.key.decode(errors="replace")


def _headers(record: ConsumerRecord) -> dict[str, str]:
    return header_texts(record.headers)


def _value(record: ConsumerRecord) -> object:
    if record.value is None:
        return None
    try:
        return read_json(record.value)
    except ContractError:
        return text_of(record.value)


def _json_line(record: ConsumerRecord) -> str:
    return json_text({
        "topic": record.topic, "partition": record.partition, "offset": record.offset, "timestamp_ms": record.timestamp,
        "key": _key(record), "headers": _headers(record), "value": _value(record),
    })  # fmt: skip


def _pretty_line(record: ConsumerRecord) -> str:
    """Time, partition/offset, key, then the value, on one line."""
    value = _value(record)
    at = datetime.fromtimestamp(record.timestamp / 1000).astimezone().strftime("%H:%M:%S")
    key = on_one_line(_key(record) or "-")
    body = "(tombstone)" if record.value is None else on_one_line(value) if isinstance(value, str) else _brief(value)
    return f"{at} {record.partition}/{record.offset} {key} {body}"


def _brief(value: object) -> str:
    if not isinstance(value, dict):
        return json_text(value)
    return " ".join(f"{on_one_line(name)}={json_text(field)}" for name, field in value.items() if field is not None)
