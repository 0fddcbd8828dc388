"""`ledger`: what became of every frame, counted on the topics."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click
from aiokafka import TopicPartition

from tablewatch_cli import ledger, letters, output
from tablewatch_cli.broker import Broker, bootstrap_of, connected
from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.ledger import Account, Ledger
from tablewatch_cli.settings import load

COLUMNS = ("run_id", "stage", "extracted", "done", "dropped", "dead_lettered", "under_way", "missing", "repeated")
LOOK_S = 0.5


@click.command("ledger")
@click.option("--run", "run_id", metavar="ID", help="Only this run of a video; `live`: only live cameras.")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS",
              help="Look again until nothing is under way, at most so long.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="{balanced, settled, totals, accounts}.")
def ledger_command(run_id: str | None, wait_s: float, as_json: bool) -> None:
    """Count what became of every frame: extracted = done + dropped by reason + dead-lettered + under way + missing.

    Counted by frame id from the topics, for tables and for hazards. `missing` must be 0: a frame that its consumer
    group has committed and nobody tells of. Exits 4 if one is.
    """
    accounts = _settled(bootstrap_of(load()), run_id, time.monotonic() + wait_s)
    if run_id is not None and not accounts:
        raise CliError("unknown_run", f"no frame of {run_id} is on frame.extracted (any more)")
    _show(accounts, as_json=as_json)
    if not all(each.balanced for each in accounts):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def _settled(bootstrap: str, run_id: str | None, until: float) -> list[Account]:
    while True:
        accounts = asyncio.run(count(bootstrap, run_id))
        if time.monotonic() >= until or (accounts and not any(each.under_way for each in accounts)):
            return accounts
        time.sleep(LOOK_S)


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
            output.err.print(
                f"{each.missing} frames of {each.run_id} are missing from {each.stage}, e.g. {each.missing_frames[0]}: "
                f"grep it in the logs of the services (LOG_LEVEL=debug), and look at `tablewatch dlq list`",
                markup=False, soft_wrap=True,
            )  # fmt: skip


def _reasons(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "0"


async def count(bootstrap: str, run_id: str | None = None) -> list[Account]:
    """The accounts of now. The groups' offsets are asked first: what they had done by then is on the topics read."""
    async with connected(bootstrap) as broker:
        there, groups = await broker.topics(), await broker.groups()
        committed = {group: _plain(await broker.committed(group)) for group in ledger.READERS if group in groups}
        book = Ledger(committed)
        for topic in (topic for topic in ledger.TOPICS if topic in there):
            await _take(broker, book, topic, there[topic])
        for group, (topic, _) in ledger.READERS.items():
            if (name := f"{topic}.{group}.dlq") in there:
                await _take_letters(broker, book, group, name, there[name])
    return book.accounts(run_id)


def _plain(offsets: Mapping[TopicPartition, int]) -> dict[tuple[str, int], int]:
    return {(at.topic, at.partition): offset for at, offset in offsets.items()}


async def _take(broker: Broker, book: Ledger, topic: str, partitions: int) -> None:
    for at, edge in (await broker.edges(TopicPartition(topic, number) for number in range(partitions))).items():
        if edge.count:
            async for record in broker.read(at, edge.first, edge.end):
                book.take((topic, record.partition, record.offset), _document(record.value))


async def _take_letters(broker: Broker, book: Ledger, group: str, topic: str, partitions: int) -> None:
    for at, edge in (await broker.edges(TopicPartition(topic, number) for number in range(partitions))).items():
        if edge.count:
            async for record in broker.read(at, edge.first, edge.end):
                letter = letters.Letter.of(record)
                origin = letter.origin and (letter.origin[0].topic, letter.origin[0].partition, letter.origin[1])
                book.take_letter(group, origin, _document(letter.value))


def _document(value: bytes | None) -> Mapping[str, Any] | None:
    try:
        said = json.loads(value or b"null")
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
