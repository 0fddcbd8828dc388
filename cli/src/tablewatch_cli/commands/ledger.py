"""`ledger`: what became of every frame, counted on the topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import click
from aiokafka import ConsumerRecord, TopicPartition

from tablewatch_cli import ledger, live_ledger, output
from tablewatch_cli.broker import Broker, bootstrap_of, connected
from tablewatch_cli.dead_letters import DeadLetter
from tablewatch_cli.errors import Exit, UnknownRun
from tablewatch_cli.lag import is_live
from tablewatch_cli.ledger import Account, Ledger
from tablewatch_cli.live_ledger import LiveAccount, LiveLedger
from tablewatch_cli.parameters import Seconds
from tablewatch_cli.settings import load
from tablewatch_schemas.foreign import read_object

COLUMNS = ("run_id", "stage", "extracted", "done", "dropped", "dead_lettered", "under_way", "missing", "repeated")
LIVE_COLUMNS = (
    "camera_id", "hour", "captured", "classified", "gated", "dropped", "dead_lettered", "in_flight", "missing"
)  # fmt: skip
POLL_S = 0.5


@click.group("ledger", invoke_without_command=True)
@click.option("--run", "run_id", metavar="ID", help="Only this run of a video; `live`: only live cameras.")
@click.option("--wait", "wait_s", type=Seconds(min=0), default=0.0, metavar="SECONDS",
              help="Look again until nothing is under way, at most so long.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="{balanced, settled, totals, accounts}.")
@click.pass_context
def ledger_command(context: click.Context, run_id: str | None, wait_s: float, as_json: bool) -> None:
    """Count what became of every frame: extracted = done + dropped by reason + dead-lettered + under way + missing.

    Counted by frame id from the topics, for tables and for hazards. `missing` must be 0: a frame that its consumer
    group has committed and that has no result on any topic. Exits 4 if one is. Of live cameras by the hour: `ledger
    live`.
    """
    if context.invoked_subcommand is not None:
        return
    accounts = _settled(bootstrap_of(load()), run_id, time.monotonic() + wait_s)
    if run_id is not None and not accounts:
        raise UnknownRun(f"It was: {run_id}.")
    _show(accounts, as_json=as_json)
    if not all(each.balanced for each in accounts):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


@ledger_command.command("live")
@click.option("--camera", "camera_id", metavar="ID", help="Only this camera.")
@click.option("--hours", type=click.IntRange(1, 168), default=2, show_default=True,
              help="So many hours, the current one the last.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="{balanced, settled, totals, accounts}.")
def live_command(camera_id: str | None, hours: int, as_json: bool) -> None:
    """Count what became of every frame of live cameras, by camera and hour.

    captured = classified + gated + dropped by reason + dead-lettered + in flight + missing. Reasons that begin with
    `capture_` are of frames that were never published. In flight: not yet committed by the cropper or the classifier's
    group. `missing` must be 0; exits 4 if it is not.
    """
    since = live_ledger.first_hour(datetime.now(UTC), hours)
    accounts = asyncio.run(count_live(bootstrap_of(load()), since, camera_id))
    if as_json:
        output.as_json({
            "balanced": all(each.balanced for each in accounts),
            "settled": not any(each.in_flight for each in accounts),
            "totals": live_ledger.totals(accounts),
            "accounts": [{**asdict(each), "balanced": each.balanced} for each in accounts],
        })  # fmt: skip
    else:
        rows = [{**asdict(each), "dropped": _reasons(each.dropped)} for each in accounts]
        output.table(rows, LIVE_COLUMNS, "no frame was taken of a live camera in these hours")
        for each in accounts:
            if each.missing:
                output.note(
                    f"{each.missing} frames of {each.camera_id} are missing, e.g. {each.missing_frames[0]}: grep it in"
                    " the logs of the services (LOG_LEVEL=debug)"
                )
    if not all(each.balanced for each in accounts):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def _settled(bootstrap: str, run_id: str | None, deadline: float) -> list[Account]:
    while True:
        accounts = asyncio.run(count(bootstrap, run_id))
        if time.monotonic() >= deadline or (accounts and not any(each.under_way for each in accounts)):
            return accounts
        time.sleep(POLL_S)


def _show(accounts: list[Account], *, as_json: bool) -> None:
    if as_json:
        output.as_json({
            "balanced": all(each.balanced for each in accounts),
            "settled": not any(each.under_way for each in accounts),
            "totals": ledger.totals(accounts),
            "accounts": [{**asdict(each), "balanced": each.balanced} for each in accounts],
        })  # fmt: skip
        return
    rows = [{**asdict(each), "dropped": _reasons(each.dropped)} for each in accounts]
    output.table(rows, COLUMNS, "no frame was extracted yet")
    for each in accounts:
        if each.missing:
            output.note(
                f"{each.missing} frames of {each.run_id} are missing from {each.stage}, e.g. {each.missing_frames[0]}: "
                f"grep it in the logs of the services (LOG_LEVEL=debug), and look at `tablewatch dlq list`"
            )


def _reasons(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "0"


async def count(bootstrap: str, run_id: str | None = None) -> list[Account]:
    """The accounts of now. Offsets are fetched first, so that what was committed by then is on the topics read."""
    async with connected(bootstrap) as broker:
        there, groups = await broker.topics(), await broker.groups()
        committed = {group: _plain(await broker.committed(group)) for group in ledger.READERS if group in groups}
        counted = Ledger(committed)
        for topic in (topic for topic in ledger.TOPICS if topic in there):
            await _add(broker, counted, topic, there[topic])
        for group, (topic, _) in ledger.READERS.items():
            if (name := f"{topic}.{group}.dlq") in there:
                await _add_dead_letters(broker, counted, group, name, there[name])
    return counted.accounts(run_id)


async def count_live(bootstrap: str, since: datetime, camera_id: str | None = None) -> list[LiveAccount]:
    """The accounts of live cameras since the beginning of an hour. Reads the live partitions from there, no more."""
    read_from = round((since - live_ledger.SLACK).timestamp() * 1000)
    async with connected(bootstrap) as broker:
        there, groups = await broker.topics(), await broker.groups()
        committed = {group: _plain(await broker.committed(group)) for group in live_ledger.READERS if group in groups}
        counted = LiveLedger(committed, since, camera_id)
        for topic in (topic for topic in live_ledger.TOPICS if topic in there):
            numbers = [number for number in range(there[topic]) if is_live(number, there[topic])]
            async for record in _records(broker, topic, numbers, read_from):
                counted.add((topic, record.partition, record.offset), read_object(record.value))
        for group, topic in live_ledger.READERS.items():
            if (name := f"{topic}.{group}.dlq") in there:
                async for record in _records(broker, name, range(there[name]), read_from):
                    counted.add_dead_letter(read_object(record.value))
    return counted.accounts()


async def _records(broker: Broker, topic: str, numbers: Iterable[int], since_ms: int) -> AsyncIterator[ConsumerRecord]:
    """Those that partitions of a topic got since then."""
    for at, edge in (await broker.edges_since((TopicPartition(topic, each) for each in numbers), since_ms)).items():
        if edge.count:
            async for record in broker.read(at, edge.first, edge.end):
                yield record


def _plain(offsets: Mapping[TopicPartition, int]) -> dict[tuple[str, int], int]:
    return {(at.topic, at.partition): offset for at, offset in offsets.items()}


async def _add(broker: Broker, counted: Ledger, topic: str, partitions: int) -> None:
    for at, edge in (await broker.edges(TopicPartition(topic, number) for number in range(partitions))).items():
        if edge.count:
            async for record in broker.read(at, edge.first, edge.end):
                counted.add((topic, record.partition, record.offset), read_object(record.value))


async def _add_dead_letters(broker: Broker, counted: Ledger, group: str, topic: str, partitions: int) -> None:
    for at, edge in (await broker.edges(TopicPartition(topic, number) for number in range(partitions))).items():
        if edge.count:
            async for record in broker.read(at, edge.first, edge.end):
                letter = DeadLetter.of(record)
                origin = letter.origin and (letter.origin[0].topic, letter.origin[0].partition, letter.origin[1])
                counted.add_dead_letter(group, origin, read_object(letter.value))
