"""`check`: is each part reachable, ready, and keeping up?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tablewatch_cli import lag, output
from tablewatch_cli.broker import connected
from tablewatch_cli.errors import Exit
from tablewatch_cli.settings import Target, load
from tablewatch_schemas import TOPICS

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One part. `ok` is False when somebody should look; `detail` says what to do."""

    part: str
    ok: bool
    detail: str


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of {part, ok, detail}.")
def check_command(as_json: bool) -> None:
    """Check every part: API, key, uploads, services, Kafka, topics, dead letters, lag. Exits 4 if one is wrong."""
    findings = list(examine(load()))
    if as_json:
        output.as_json([asdict(finding) for finding in findings])
    else:
        rows = [
            {"": "ok" if finding.ok else "WRONG", "part": finding.part, "detail": finding.detail}
            for finding in findings
        ]
        output.table(rows, ("", "part", "detail"), "nothing to check")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def examine(target: Target) -> Iterator[Finding]:
    """Look at every part that the target names."""
    yield _http("api", f"{target.api_url}/v1/sites", {"Authorization": f"Bearer {target.key}"})
    if target.ingest_url:
        yield _open_port("ingest", httpx.URL(target.ingest_url))
    for service, url in target.ops_urls.items():
        yield _http(service, f"{url.rstrip('/')}/readyz", {})
    if target.kafka_bootstrap:
        yield from asyncio.run(_kafka(target.kafka_bootstrap))


def _http(part: str, url: str, headers: dict[str, str]) -> Finding:
    try:
        response = httpx.get(url, headers=headers, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        return Finding(part, False, f"cannot be reached at {url}: {error}")
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return Finding(part, False, "the key is not accepted: set TABLEWATCH_KEY")
    detail = "ready" if response.is_success else f"answered {response.status_code}: {response.text[:200].strip()}"
    return Finding(part, response.is_success, detail)


def _open_port(part: str, url: httpx.URL) -> Finding:
    try:
        with socket.create_connection((url.host, url.port or 80), timeout=TIMEOUT_S):
            return Finding(part, True, "ready")
    except OSError as error:
        return Finding(part, False, f"cannot be reached at {url}: {error}")


async def _kafka(bootstrap: str) -> list[Finding]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(TIMEOUT_S * 1000))
    try:
        await admin.start()
        topics = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    except (KafkaError, OSError) as error:
        return [Finding("kafka", False, f"cannot be reached at {bootstrap}: {error!r}")]
    finally:
        await admin.close()
    missing = sorted(set(TOPICS) - topics.keys())
    return [
        Finding("kafka", True, f"reachable at {bootstrap}"),
        Finding("topics", not missing, "all there" if not missing else f"missing: {', '.join(missing)}"),
        await _dead_letters(bootstrap, {topic: count for topic, count in topics.items() if topic.endswith(".dlq")}),
        await _lag(bootstrap),
    ]


async def _lag(bootstrap: str) -> Finding:
    """Whether our own groups keep up; other teams' are theirs to watch."""
    ours = {group for info in TOPICS.values() for group in info.consumers}
    async with connected(bootstrap) as broker:
        found = await lag.of_broker(broker)
    complaints = [said for each in found if each.group in ours and (said := each.complaint())]
    return Finding("lag", not complaints, "; ".join(complaints) or "every group keeps up")


async def _dead_letters(bootstrap: str, topics: dict[str, int]) -> Finding:
    partitions = [TopicPartition(topic, number) for topic, count in sorted(topics.items()) for number in range(count)]
    if not partitions:
        return Finding("dead letters", True, "none")
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        first, last = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    held = {at.topic: last[at] - first[at] for at in partitions if last[at] > first[at]}
    where = ", ".join(f"{topic}: {count} (tablewatch dlq show {topic})" for topic, count in held.items())
    return Finding("dead letters", not held, where or "none")
