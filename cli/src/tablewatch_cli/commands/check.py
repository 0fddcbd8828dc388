"""`check`: is each part reachable, healthy, and keeping up?"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import click
import httpx
from aiokafka import TopicPartition

from tablewatch_cli import lag, ops, output, sandbox, web
from tablewatch_cli.broker import Broker, connected
from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.lag import BEHIND_RECORDS
from tablewatch_cli.ops import Sample
from tablewatch_cli.settings import Target, load
from tablewatch_schemas import TOPICS

TIMEOUT_S = 5.0
LOCAL = "run `check` beside `make run`, whose run.json has it"
OUTBOX_OLD_S = 60.0
VERDICTS = {True: "ok", False: "WRONG", None: "not checked"}
KAFKA_PARTS = ("topics", "dead letters", "lag")
DEPENDENCIES = {"store": "the object store", "database": "the database", "broker": "the broker"}
"""What services check themselves, by its name in /readyz."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part. `ok` is False when somebody should look; `detail` says what to do.

    `healthy` and `behind` are None where they do not apply or could not be found out; `reachable` and `ok` are None
    where nothing was asked, because its address is not known here.
    """

    part: str
    reachable: bool | None
    healthy: bool | None
    behind: bool | None
    detail: str

    @property
    def ok(self) -> bool | None:
        if self.reachable is None:
            return None
        return self.reachable and self.healthy is not False and not self.behind


@click.command("check")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON list of {part, ok, reachable, healthy, behind, detail}; ok is null where nothing was checked.",
)
def check_command(as_json: bool) -> None:
    """Check every part: API, key, uploads, database, services and their fuses, what they say of store, database and
    broker, the model in use, jobs, outboxes, cameras, sandbox, Kafka, topics, dead letters, lag. Names what it could
    not check.

    Exits 4 if one is wrong.
    """
    findings = list(examine(load()))
    if as_json:
        output.as_json([{**asdict(finding), "ok": finding.ok} for finding in findings])
    else:
        rows = [
            {"": VERDICTS[finding.ok], **asdict(finding)} | {
                name: _yes_no(getattr(finding, name)) for name in ("reachable", "healthy", "behind")
            }
            for finding in findings
        ]  # fmt: skip
        output.table(rows, ("", "part", "reachable", "healthy", "behind", "detail"), "nothing to check")
    if any(finding.ok is False for finding in findings):
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def _yes_no(answer: bool | None) -> str:
    return "-" if answer is None else "yes" if answer else "no"


def examine(target: Target) -> Iterator[Finding]:
    """Check every part that the target names, one after another."""
    yield _api(target)
    for part, address in (("uploads", target.ingest_url), ("postgres", target.database_url)):
        yield _open_port(part, httpx.URL(address)) if address else _not_checked(part, LOCAL)
    if target.ops_urls:
        yield from _services(target.ops_urls)
    else:
        yield from (_not_checked(part, LOCAL) for part in ("services", *DEPENDENCIES, "jobs", "outboxes", "sandbox"))
    if target.kafka_bootstrap:
        yield from asyncio.run(_kafka(target.kafka_bootstrap))
    else:
        yield from (_not_checked(part, "set KAFKA_BOOTSTRAP") for part in ("kafka", *KAFKA_PARTS))


def _not_checked(part: str, do: str) -> Finding:
    return Finding(part, None, None, None, f"its address is not known here: {do}")


def _services(ops_urls: Mapping[str, str]) -> Iterator[Finding]:
    """Each service, what they say of their dependencies, and what their metrics say of jobs, outboxes and sandboxes."""
    pages: dict[str, list[Sample]] = {}
    readings: dict[str, ops.Readiness] = {}
    for service, url in ops_urls.items():
        finding, pages[service], readings[service] = _service(service, url.rstrip("/"))
        yield finding
    yield from (_dependency(name, readings) for name in DEPENDENCIES)
    yield from models_in_use([each for page in pages.values() for each in page])
    if samples := [each for page in pages.values() for each in page]:
        yield _jobs(samples)
        yield _outboxes(samples)
        yield from cameras_read(samples)
        yield from frames_taken(samples)
        yield from frames_judged(samples)
    if found := sandbox.verdict(pages):
        yield Finding("sandbox", True, found.closed, None, found.detail)


def _dependency(name: str, readings: Mapping[str, ops.Readiness]) -> Finding:
    """What the services that use it found: they have its address and its keys, and `check` has not."""
    users = [service for service, reading in readings.items() if name in reading.checks]
    complaints = {service: readings[service].complaints.get(name) for service in users}
    broken = {service: complaint for service, complaint in complaints.items() if complaint}
    if not users:
        return Finding(name, None, None, None, f"no service answered that uses {DEPENDENCIES[name]}")
    if not broken:
        return Finding(name, True, True, None, f"{len(users)} services use it and find it well")
    return Finding(name, False, False, None, f"{next(iter(broken.values()))} (say {', '.join(broken)})")


def _api(target: Target) -> Finding:
    url = f"{target.api_url}/v1/sites"
    try:
        response = web.get(url, headers={"Authorization": f"Bearer {target.key}"}, timeout=TIMEOUT_S)
    except httpx.TimeoutException:
        return Finding("api", True, False, None, f"did not answer {url} within {TIMEOUT_S:g} s: see database, below")
    except httpx.HTTPError as error:
        return Finding("api", False, None, None, f"cannot be reached at {url}: {error}; is the stack up (make run)?")
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Finding("api", True, False, None, "the key is not accepted: set TABLEWATCH_KEY")
    detail = "answers" if response.is_success else f"answered {response.status_code}: {response.text[:200].strip()}"
    return Finding("api", True, response.is_success, None, detail)


def _service(name: str, url: str) -> tuple[Finding, list[Sample], ops.Readiness]:
    """Readiness, blown fuses and lag of a service; with the samples of its metrics page and its readiness."""
    try:
        ready = web.get(f"{url}/readyz", timeout=TIMEOUT_S)
        samples = ops.samples(web.get(f"{url}/metrics", timeout=TIMEOUT_S).text)
    except httpx.HTTPError as error:
        advice = f"cannot be reached at {url}: {error}; look at its log, start it again"
        return Finding(name, False, None, None, advice), [], ops.Readiness()
    reading = ops.readiness(ready.text)
    fuses, lanes = ops.blown_fuses(samples), ops.lag_by_lane(samples)
    waiting = f"{lanes['live']} live and {lanes['run']} run records to read"
    late = lanes["live"] > BEHIND_RECORDS
    if fuses:
        detail = (
            f"the dead-letter fuse of {', '.join(fuses)} is blown ({ops.complaints(ready.text)}): see why with "
            f"`tablewatch dlq list`, fix the cause (a restart of {name} tries again at once); {waiting}"
        )
        return Finding(name, True, False, late, detail), samples, reading
    detail = waiting if ready.is_success else f"not ready: {ops.complaints(ready.text)}; {waiting}"
    if late:
        detail += f": start another {name}"
    return Finding(name, True, ready.is_success, late, detail), samples, reading


def _open_port(part: str, url: httpx.URL) -> Finding:
    address = f"{url.host}:{url.port or 80}"
    try:
        with socket.create_connection((url.host, url.port or 80), timeout=TIMEOUT_S):
            return Finding(part, True, None, None, f"listens at {address}")
    except OSError as error:
        return Finding(part, False, None, None, f"cannot be reached at {address}: {error}; start it again")


def _jobs(samples: list[Sample]) -> Finding:
    stuck, open_ = int(ops.highest(samples, "jobs_stuck")), int(ops.highest(samples, "jobs_open"))
    oldest = ops.highest(samples, "job_oldest_seconds")
    detail = f"{open_} open, the oldest for {oldest:.0f} s" if open_ else "none open"
    if stuck:
        detail += f"; {stuck} stuck: GET /v1/videos says which, then `tablewatch why-stuck VIDEO`"
    return Finding("jobs", True, not stuck, None, detail)


def models_in_use(samples: list[Sample]) -> Iterator[Finding]:
    """Whether frames are judged by the models that were chosen for them."""
    codes = {each.labels.get("detector"): each.labels.get("code") for each in samples if _is_refusal(each)}
    for each in samples:
        if each.name == "classifier_model" and each.value:
            used, wanted = each.labels.get("model", "?"), each.labels.get("wanted", "?")
            detail = f"frames are judged by {used} {each.labels.get('version', '')}"
            if used != wanted:
                detail += (
                    f" in place of {wanted}, which cannot be used ({codes.get(wanted, 'model_missing')}): the log of"
                    " classifier-gateway says why (model_missing, detector_refused). Bring its file"
                    " (`python -m inference.models`) or mend its entry (docs/detectors.md) and start"
                    " classifier-gateway again, or choose another"
                    f" (CLASSIFIER_GATEWAY_MODEL={used}, or for the site or camera)"
                )
            yield Finding("model", True, used == wanted, None, detail)


def _is_refusal(sample: Sample) -> bool:
    return sample.name == "detector_refused" and bool(sample.value)


MAX_LOST_SHARE, MAX_LOST_FRAMES = 0.1, 3
"""Of the live frames of five minutes; a few are lost when a service is started."""


UNWELL = ("offline", "frozen", "dark", "moved", "blocked")
"""Statuses of cameras of which no table is known."""


def cameras_read(samples: list[Sample]) -> Iterator[Finding]:
    """Whether live cameras give pictures; nothing where none is to be read."""
    counts = dict.fromkeys(("live", *UNWELL, "degraded", "paused", "unknown"), 0)
    for each in samples:
        if each.name == "cameras_captured" and (status := each.labels.get("status")) in counts:
            counts[status] += int(each.value)
    waiting = int(ops.highest(samples, "cameras_unclaimed"))
    if total := sum(counts.values()) + waiting:
        detail = f"{counts['live']} of {total} are live"
        unwell = ", ".join(f"{counts[status]} {status}" for status in UNWELL if counts[status])
        if unwell:
            detail += f", {unwell}: `tablewatch cameras` says which, and what to do"
        if waiting:
            detail += (
                f", {waiting} are read by nobody, as every extractor is full: start another, or raise CAMERA_LIMIT"
            )
        yield Finding("cameras", True, not unwell and not waiting, None, detail)


def frames_taken(samples: list[Sample]) -> Iterator[Finding]:
    """Whether what cameras give is published; nothing where none was taken lately."""
    yield from _recent(
        "live frames", "captured", samples,
        "slow: the extractor, its store or Kafka cannot keep up; late: older than max_age_ms; store_*: see store",
    )  # fmt: skip


def frames_judged(samples: list[Sample]) -> Iterator[Finding]:
    """Whether live frames are looked at in time; nothing where none came lately."""
    yield from _recent(
        "live looks", "judged", samples,
        "late, superseded, unavailable: the classifier cannot keep up, tables become unknown. Start another"
        " classifier-gateway, take fewer pictures (cadence_ms) or a faster detector",
    )  # fmt: skip


def _recent(part: str, good: str, samples: list[Sample], advice: str) -> Iterator[Finding]:
    """By what became of the live frames of the last five minutes in the stage `good`."""
    dropped: Counter[str] = Counter()
    done = 0
    for each in samples:
        if each.name == "live_recent_frames" and each.labels.get("stage") == good:
            if each.labels.get("outcome") == "dropped":
                dropped[each.labels.get("reason", "?")] += int(each.value)
            else:
                done += int(each.value)
    lost = sum(dropped.values())
    if lost or done:
        detail = f"{done} of {done + lost} live frames of the last 5 minutes were {good}"
        ok = lost <= MAX_LOST_SHARE * (done + lost) + MAX_LOST_FRAMES
        if not ok:
            reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.most_common() if count)
            detail += f"; dropped: {reasons}. {advice}"
        yield Finding(part, True, ok, None, detail)


def _outboxes(samples: list[Sample]) -> Finding:
    rows, age = int(ops.highest(samples, "outbox_rows")), ops.highest(samples, "outbox_oldest_seconds")
    late = age > OUTBOX_OLD_S
    detail = f"{rows} rows, the oldest {age:.0f} s old"
    if late:
        detail += (
            ": events are stored and not sent; is Kafka reachable from the services? look for produce_failed in logs"
        )
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
        unknown = (Finding(part, None, None, None, "Kafka does not answer") for part in KAFKA_PARTS)
        return [Finding("kafka", False, None, None, f"does not answer at {bootstrap} ({error.code})"), *unknown]


def _topics(topics: dict[str, int]) -> Finding:
    missing = sorted(set(TOPICS) - topics.keys())
    create = "create them again as deploy/topics.yaml has them (a start of the local stack does)"
    detail = f"missing: {', '.join(missing)}; {create}" if missing else "all there"
    return Finding("topics", True, not missing, None, detail)


async def _lag(broker: Broker) -> Finding:
    """Whether our own groups keep up; other teams watch theirs."""
    ours = {group for info in TOPICS.values() for group in info.consumers}
    lags = [each for each in await lag.of_broker(broker) if each.group in ours]
    complaints = [complaint for each in lags if (complaint := each.complaint())]
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
