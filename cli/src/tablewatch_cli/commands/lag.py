"""`lag`: what each consumer group has yet to read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict

import click
import httpx

from tablewatch_cli import completion, lag, output, web
from tablewatch_cli.broker import bootstrap_of, connected
from tablewatch_cli.settings import Target, load

TIMEOUT_S = 5.0
COLUMNS = ("group", "topic", "live", "run", "total", "members", "lost", "beyond")


@click.command("lag")
@click.option("--group", metavar="NAME", shell_complete=completion.groups, help="Only this consumer group.")
@click.option("--behind", is_flag=True, help="Only where something waits.")
@click.option("--json", "as_json", is_flag=True, help=f"A JSON list of {{{', '.join(COLUMNS)}}}.")
def lag_command(group: str | None, behind: bool, as_json: bool) -> None:
    """Records that each consumer group has yet to read, by topic and lane.

    A group without a topic has committed nothing to Kafka yet; its lag is read from its metrics. Runs of videos may
    wait: live tables go first. `lost` were deleted by retention before the group read them; `beyond` are offsets of an
    earlier topic of that name, which was deleted and made anew.
    """
    measured = [each for each in measure(load()) if group in (None, each.group)]
    found = [each for each in measured if not behind or each.total or each.lost or each.beyond]
    rows = [{**asdict(each), "total": each.total} for each in found]
    if as_json:
        output.as_json(rows)
        return
    output.table(rows, COLUMNS, "no group has anything to read")
    for complaint in filter(None, (each.complaint() for each in found)):
        output.note(complaint)


def measure(target: Target) -> list[lag.Lag]:
    """Every group's lag. Raises NoKafka, KafkaUnreachable."""
    found = asyncio.run(_of_kafka(bootstrap_of(target)))
    return found + lag.of_metrics(_pages(target), {each.group for each in found})


async def _of_kafka(bootstrap: str) -> list[lag.Lag]:
    async with connected(bootstrap) as broker:
        return await lag.of_broker(broker)


def _pages(target: Target) -> Iterator[str]:
    for url in target.ops_urls.values():
        try:
            yield web.get(f"{url.rstrip('/')}/metrics", timeout=TIMEOUT_S).text
        except httpx.HTTPError:  # `check` reports a service that is down
            continue
