"""`check`: is each part reachable, healthy, and keeping up?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
import httpx
from aiokafka import TopicPartition

from tablewatch_cli import exposition, lag, output
from tablewatch_cli.broker import Broker, connected
from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.exposition import Sample
from tablewatch_cli.lag import BEHIND_RECORDS
from tablewatch_cli.settings import Target, load
from tablewatch_schemas import TOPICS

TIMEOUT_S = 5.0
OUTBOX_OLD_S = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One part. `ok` is False when somebody should look; `detail` says what to do.

    `healthy` and `behind` are None where the question makes no sense or nobody could be asked.
    """

    part: str
    reachable: bool
    healthy: bool | None
    behind: bool | None
    detail: str

    @property
    def ok(self) -> bool:
        return self.reachable and self.healthy is not False and not self.behind


@click.command("check")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON list of {part, ok, reachable, healthy, behind, detail}."
)
def check_command(as_json: bool) -> None:
    """Check every part: API, key, uploads, database, services and their fuses, jobs, outboxes, Kafka, topics, dead
    letters, lag. Exits 4 if one is wrong."""
    findings = list(examine(load()))
    if as_json:
        output.as_json([{**asdict(finding), "ok": finding.ok} for finding in findings])
    else:
        rows = [
            {"": "ok" if finding.ok else "WRONG", **asdict(finding)} | {
                name: _word(getattr(finding, name)) for name in ("reachable", "healthy", "behind")
            }
            for finding in findings
        ]  # fmt: skip
        output.table(rows, ("", "part", "reachable", "healthy", "behind", "detail"), "nothing to check")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def _word(answer: bool | None) -> str:
    return "-" if answer is None else "yes" if answer else "no"


def examine(target: Target) -> Iterator[Finding]:
    """Look at every part that the target names."""
    yield _api(target)
    if target.ingest_url:
        yield _open_port("ingest's door", httpx.URL(target.ingest_url))
    if target.database_url:
        yield _open_port("postgres", httpx.URL(target.database_url))
    said: list[Sample] = []
    for service, url in target.ops_urls.items():
        finding, page = _service(service, url.rstrip("/"))
        said += page
        yield finding
    if said:
        yield _jobs(said)
        yield _outboxes(said)
    if target.kafka_bootstrap:
        yield from asyncio.run(_kafka(target.kafka_bootstrap))


def _api(target: Target) -> Finding:
    url = f"{target.api_url}/v1/sites"
    try:
        response = httpx.get(url, headers={"Authorization": f"Bearer {target.key}"}, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        return Finding("api", False, None, None, f"cannot be reached at {url}: {error}; is the stack up (make run)?")
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Finding("api", True, False, None, "the key is not accepted: set TABLEWATCH_KEY")
    detail = "answers" if response.is_success else f"answered {response.status_code}: {response.text[:200].strip()}"
    return Finding("api", True, response.is_success, None, detail)


def _service(name: str, url: str) -> tuple[Finding, list[Sample]]:
    """Readiness in words, its blown fuses, and how far behind its groups are; with its metrics."""
    try:
        ready = httpx.get(f"{url}/readyz", timeout=TIMEOUT_S)
        said = exposition.samples(httpx.get(f"{url}/metrics", timeout=TIMEOUT_S).text)
    except httpx.HTTPError as error:
        advice = f"cannot be reached at {url}: {error}; look at its log, start it again"
        return Finding(name, False, None, None, advice), []
    fuses, lanes = exposition.blown(said), exposition.behind(said)
    waiting = f"{lanes['live']} live and {lanes['run']} run records to read"
    late = lanes["live"] > BEHIND_RECORDS
    if fuses:
        detail = (
            f"the dead-letter fuse of {', '.join(fuses)} is blown ({exposition.complaints(ready.text)}): see why with "
            f"`tablewatch dlq list`, mend the cause, restart {name}; {waiting}"
        )
        return Finding(name, True, False, late, detail), said
    detail = waiting if ready.is_success else f"not ready: {exposition.complaints(ready.text)}; {waiting}"
    if late:
        detail += f": start another {name}"
    return Finding(name, True, ready.is_success, late, detail), said


def _open_port(part: str, url: httpx.URL) -> Finding:
    address = f"{url.host}:{url.port or 80}"
    try:
        with socket.create_connection((url.host, url.port or 80), timeout=TIMEOUT_S):
            return Finding(part, True, None, None, f"listens at {address}")
    except OSError as error:
        return Finding(part, False, None, None, f"cannot be reached at {address}: {error}; start it again")


def _jobs(said: list[Sample]) -> Finding:
    stuck, open_ = int(exposition.most(said, "jobs_stuck")), int(exposition.most(said, "jobs_open"))
    oldest = exposition.most(said, "job_oldest_seconds")
    detail = f"{open_} open, the oldest for {oldest:.0f} s" if open_ else "none open"
    if stuck:
        detail += f"; {stuck} stuck: GET /v1/videos says which, then `tablewatch why-stuck VIDEO`"
    return Finding("jobs", True, not stuck, None, detail)


def _outboxes(said: list[Sample]) -> Finding:
    rows, age = int(exposition.most(said, "outbox_rows")), exposition.most(said, "outbox_oldest_seconds")
    late = age > OUTBOX_OLD_S
    detail = f"{rows} rows, the oldest {age:.0f} s old"
    if late:
        detail += ": events are kept and not sent; is Kafka reachable from the services? their logs say produce_failed"
    return Finding("outboxes", True, None, late, detail)


async def _kafka(bootstrap: str) -> list[Finding]:
    try:
        async with connected(bootstrap) as broker:
            topics = await broker.topics()
            return [
                Finding("kafka", True, True, None, f"reachable at {bootstrap}"),
                _topics(topics),
                await _dead_letters(broker, topics),
                await _lag(broker),
            ]
    except CliError as error:
        return [Finding("kafka", False, None, None, f"cannot be reached: {error.reason}; start it again")]


def _topics(topics: dict[str, int]) -> Finding:
    missing = sorted(set(TOPICS) - topics.keys())
    detail = f"missing: {', '.join(missing)}; the stack makes them when it starts" if missing else "all there"
    return Finding("topics", True, not missing, None, detail)


async def _lag(broker: Broker) -> Finding:
    """Whether our own groups keep up; other teams' are theirs to watch."""
    ours = {group for info in TOPICS.values() for group in info.consumers}
    complaints = [said for each in await lag.of_broker(broker) if each.group in ours and (said := each.complaint())]
    return Finding("lag", True, None, bool(complaints), "; ".join(complaints) or "every group keeps up")


async def _dead_letters(broker: Broker, topics: dict[str, int]) -> Finding:
    edges = await broker.edges(
        TopicPartition(topic, number)
        for topic, count in sorted(topics.items())
        if topic.endswith(".dlq")
        for number in range(count)
    )
    held = {at.topic: edge.count for at, edge in edges.items() if edge.count}
    where = ", ".join(f"{topic}: {count} (tablewatch dlq show {topic})" for topic, count in held.items())
    return Finding("dead letters", True, not held, None, where or "none")
