"""`why-stuck`: where is a video, since when, what does it wait for, what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
import httpx
from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2

from tablewatch_cli import diagnosis, lag, ops, output, stages, web
from tablewatch_cli.broker import Broker, connected
from tablewatch_cli.client import Api, checked_job
from tablewatch_cli.dead_letters import DeadLetter
from tablewatch_cli.diagnosis import Backlog, Findings
from tablewatch_cli.errors import Exit
from tablewatch_cli.parameters import Id
from tablewatch_cli.settings import Target, load

TIMEOUT_S = 5.0
NEWEST_DEAD_LETTERS = 500


@click.command("why-stuck")
@click.argument("video", type=Id())
@click.option("--json", "as_json", is_flag=True, help="{video_id, where, since, quiet_s, stuck, waits_for, do}.")
def why_stuck_command(video: str, as_json: bool) -> None:
    """Where VIDEO is, since when, what it waits for, and what to do. Exits 4 if it is stuck."""
    target = load()
    with Api(target) as api:
        job = checked_job(api.get(f"/v1/videos/{video}/job"))
    diagnosed = diagnosis.diagnose(gather(target, job), datetime.now(UTC))
    if as_json:
        output.as_json({"video_id": video, **asdict(diagnosed)})
    else:
        output.line(
            f"{video} is in {diagnosed.where} since {diagnosed.since} ({diagnosed.quiet_s:.0f} s ago)\n"
            f"waits for: {diagnosed.waits_for}\ndo: {diagnosed.do}"
        )
    if diagnosed.stuck:
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def gather(target: Target, job: Mapping[str, Any]) -> Findings:
    """Ask the services and Kafka, as far as their addresses are known; a job that has ended needs neither."""
    if job["status"] in diagnosis.FINAL:
        return Findings(job)
    not_ready = {name: _not_ready(f"{url.rstrip('/')}/readyz") for name, url in target.ops_urls.items()}
    if target.kafka_bootstrap is None:
        return Findings(job, not_ready)
    backlogs, dead_letters = asyncio.run(_of_kafka(target.kafka_bootstrap, job))
    return Findings(job, not_ready, backlogs, _projector_lag(target), dead_letters)


def _not_ready(url: str) -> str | None:
    """Why a service is not ready, or None."""
    try:
        response = web.get(url, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        return f"cannot be reached at {url}: {error}"
    return None if response.is_success else ops.complaints(response.text)


def _projector_lag(target: Target) -> int | None:
    """Records that the api's projector has yet to read; None when its metrics cannot be read."""
    try:
        page = web.get(f"{target.ops_urls['api'].rstrip('/')}/metrics", timeout=TIMEOUT_S).text
    except (KeyError, httpx.HTTPError):
        return None
    return sum(each.total for each in lag.of_metrics([page], ()) if each.group == stages.PROJECTOR)


async def _of_kafka(bootstrap: str, job: Mapping[str, Any]) -> tuple[list[Backlog], list[str]]:
    async with connected(bootstrap) as broker:
        topics, groups = await broker.topics(), await broker.groups()
        backlogs = []
        for to in stages.SUBSCRIPTIONS[job["stage"]]:
            if to.topic in topics:
                # only of a known group: a broker that has never had one has no coordinator to ask for offsets
                committed = await broker.committed(to.group) if to.group in groups else {}
                records = await _lag(broker, committed, partitions_of_run(to, job, topics[to.topic]))
                backlogs.append(Backlog(to, records, groups[to.group].members if to.group in groups else 0))
        return backlogs, await _dead_letters(broker, [topic for topic in topics if topic.endswith(".dlq")], job)


def partitions_of_run(to: stages.Subscription, job: Mapping[str, Any], count: int) -> list[TopicPartition]:
    """Partitions, of `count`, that hold this run's records: the one of its key, or the whole lane of runs."""
    runs = [number for number in range(count) if not lag.is_live(number, count)] or [0]
    if to.key is not None:
        runs = [runs[(murmur2(str(job[to.key]).encode()) & 0x7FFFFFFF) % len(runs)]]
    return [TopicPartition(to.topic, number) for number in runs]


async def _lag(broker: Broker, committed: Mapping[TopicPartition, int], partitions: list[TopicPartition]) -> int:
    edges = await broker.edges(partitions)
    return sum(max(0, edge.end - max(committed.get(at, edge.first), edge.first)) for at, edge in edges.items())


async def _dead_letters(broker: Broker, topics: list[str], job: Mapping[str, Any]) -> list[str]:
    """`topic/offset` of dead letters that name the video or the run, among the newest of each topic."""
    ids = [str(job["video_id"]).encode(), str(job["run_id"]).encode()]
    edges = await broker.edges(TopicPartition(topic, 0) for topic in sorted(topics))
    found = []
    for partition, edge in edges.items():
        if not edge.count:
            continue
        start = max(edge.first, edge.end - NEWEST_DEAD_LETTERS)
        async for record in broker.read(partition, start, edge.end):
            letter = DeadLetter.of(record)
            if any(each in (letter.key or b"") or each in (letter.value or b"") for each in ids):
                found.append(f"{partition.topic}/{letter.offset}")
    return found
