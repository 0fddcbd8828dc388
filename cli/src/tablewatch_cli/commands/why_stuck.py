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

from tablewatch_cli import diagnosis, lag, letters, output, road
from tablewatch_cli.broker import Broker, connected
from tablewatch_cli.client import Api
from tablewatch_cli.diagnosis import Evidence, Waiting
from tablewatch_cli.errors import Exit
from tablewatch_cli.settings import Target, load

TIMEOUT_S = 5.0
LAST_LETTERS = 500


@click.command("why-stuck")
@click.argument("video")
@click.option("--json", "as_json", is_flag=True, help="{video_id, where, since, quiet_s, stuck, waits_for, do}.")
def why_stuck_command(video: str, as_json: bool) -> None:
    """Where VIDEO is, since when, what it waits for, and what to do. Exits 4 if it is stuck."""
    target = load()
    with Api(target) as api:
        job = api.get(f"/v1/videos/{video}/job")
    verdict = diagnosis.diagnose(gather(target, job), datetime.now(UTC))
    if as_json:
        output.as_json({"video_id": video, **asdict(verdict)})
    else:
        output.out.print(
            f"{video} is in {verdict.where} since {verdict.since} ({verdict.quiet_s:.0f} s ago)\n"
            f"waits for: {verdict.waits_for}\ndo: {verdict.do}",
            markup=False,
            soft_wrap=True,
        )
    if verdict.stuck:
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def gather(target: Target, job: Mapping[str, Any]) -> Evidence:
    """Ask the services and Kafka, as far as their addresses are known; an ended job needs neither."""
    if job["status"] in diagnosis.FINAL:
        return Evidence(job)
    services = {name: _unready(f"{url.rstrip('/')}/readyz") for name, url in target.ops_urls.items()}
    if target.kafka_bootstrap is None:
        return Evidence(job, services)
    waiting, dead = asyncio.run(_of_kafka(target.kafka_bootstrap, job))
    return Evidence(job, services, waiting, _projector(target), dead)


def _unready(url: str) -> str | None:
    try:
        response = httpx.get(url, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        return f"cannot be reached at {url}: {error}"
    return None if response.is_success else f"it answered {response.status_code}: {response.text[:200].strip()}"


def _projector(target: Target) -> int | None:
    """Records that the api's projector has yet to read; None when it does not say."""
    try:
        page = httpx.get(f"{target.ops_urls['api'].rstrip('/')}/metrics", timeout=TIMEOUT_S).text
    except (KeyError, httpx.HTTPError):
        return None
    return sum(each.total for each in lag.of_metrics([page], ()) if each.group == road.PROJECTOR)


async def _of_kafka(bootstrap: str, job: Mapping[str, Any]) -> tuple[list[Waiting], list[str]]:
    async with connected(bootstrap) as broker:
        topics, groups = await broker.topics(), await broker.groups()
        waiting = []
        for leg in road.ROAD[job["stage"]]:
            if leg.topic in topics:
                # only of a known group: a broker that has never had one has nobody to ask for offsets
                committed = await broker.committed(leg.group) if leg.group in groups else {}
                records = await _records(broker, committed, places(leg, job, topics[leg.topic]))
                waiting.append(Waiting(leg, records, groups[leg.group].members if leg.group in groups else 0))
        return waiting, await _dead(broker, [topic for topic in topics if topic.endswith(".dlq")], job)


def places(leg: road.Leg, job: Mapping[str, Any], count: int) -> list[TopicPartition]:
    """Partitions of a topic where this run's records are: of its key, or all of the lane of runs."""
    runs = [number for number in range(count) if not lag.is_live(number, count)] or [0]
    if leg.key is not None:
        runs = [runs[(murmur2(str(job[leg.key]).encode()) & 0x7FFFFFFF) % len(runs)]]
    return [TopicPartition(leg.topic, number) for number in runs]


async def _records(broker: Broker, committed: Mapping[TopicPartition, int], wanted: list[TopicPartition]) -> int:
    edges = await broker.edges(wanted)
    return sum(max(0, edge.end - max(committed.get(at, edge.first), edge.first)) for at, edge in edges.items())


async def _dead(broker: Broker, topics: list[str], job: Mapping[str, Any]) -> list[str]:
    """Dead letters, of the last of each topic, that name the video or the run."""
    ids = [str(job["video_id"]).encode(), str(job["run_id"]).encode()]
    edges = await broker.edges(TopicPartition(topic, 0) for topic in sorted(topics))
    found = []
    for at, edge in edges.items():
        if not edge.count:
            continue
        async for record in broker.read(at, max(edge.first, edge.end - LAST_LETTERS), edge.end):
            letter = letters.Letter.of(record)
            if any(each in (letter.key or b"") or each in (letter.value or b"") for each in ids):
                found.append(f"{at.topic}/{letter.offset}")
    return found
