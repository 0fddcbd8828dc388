"""Where a video is, since when, what it waits for, and what to do. Pure: the findings are gathered elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tablewatch_cli.stages import SERVICES, Subscription

STUCK_S = 60.0
FINAL = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Backlog:
    """Records that a group has yet to read on the partitions that this run's keys go to."""

    subscription: Subscription
    records: int
    members: int
    """Processes in the group."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about a video that is not done."""

    job: Mapping[str, Any]
    not_ready: Mapping[str, str | None] = field(default_factory=dict)
    """By service: why it is not ready, None when it is. Empty when the services' addresses are not known."""
    backlogs: Sequence[Backlog] = ()
    projector_lag: int | None = None
    dead_letters: Sequence[str] = ()
    """`topic/offset` of dead letters that name this video or run."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The field names are those of `why-stuck --json`."""

    where: str
    since: str
    quiet_s: float
    """Seconds since the job document changed."""
    stuck: bool
    """The job document has not changed for STUCK_S, or something must be done before it can."""
    waits_for: str
    do: str


def diagnose(found: Findings, now: datetime) -> Diagnosis:
    """The first cause that explains the findings, the certain ones before the likely."""
    job = found.job
    quiet = max(0.0, (now - datetime.fromisoformat(job["updated_at"])).total_seconds())
    if job["status"] in FINAL:
        waits_for, do = _ended(job)
        return Diagnosis(job["status"], job["updated_at"], quiet, False, waits_for, do)
    broken = _dead_letters(found) or _waiting(job) or _not_ready(found) or _no_consumer(found)
    waits_for, do = broken or _backlog(found) or _in_progress(job)
    stuck = broken is not None or quiet > STUCK_S or bool(job.get("stuck"))
    return Diagnosis(job["stage"], job["updated_at"], quiet, stuck, waits_for, do)


def _ended(job: Mapping[str, Any]) -> tuple[str, str]:
    error = job.get("error")
    if error is None:
        return "nothing: it is " + str(job["status"]), "nothing"
    failed = f"nothing: it failed with {error['code']}: {error['reason']}"
    if error.get("retryable"):
        return failed, f"POST /v1/videos/{job['video_id']}/retry goes on from where it stood"
    return failed, "correct what the reason says and upload it again"


def _dead_letters(found: Findings) -> tuple[str, str] | None:
    if not found.dead_letters:
        return None
    topic, _, offset = found.dead_letters[0].rpartition("/")
    return (
        f"a record of it that was dead-lettered: {', '.join(found.dead_letters)}",
        f"see why: tablewatch dlq show {topic} -o {offset}; when that is fixed: replay and then discard it",
    )


def _waiting(job: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the extractor itself says: it knows better than a readiness probe what keeps this run."""
    waiting = job.get("waiting")
    if waiting is None:
        return None
    service = SERVICES[job["stage"]][0]
    return (
        f"{waiting['code']}: {waiting['reason']}",
        f"put that right (tablewatch check, and the log of {service}); it then goes on by itself",
    )


def _not_ready(found: Findings) -> tuple[str, str] | None:
    for service in SERVICES[found.job["stage"]]:
        why = found.not_ready.get(service)
        if why is not None:
            return (
                f"{service}, which is not ready: {why}",
                f"look at the log of {service}; restart it if it is not running",
            )
    return None


def _no_consumer(found: Findings) -> tuple[str, str] | None:
    for each in found.backlogs:
        if each.records and not each.members:
            to = each.subscription
            return (
                f"{to.group}: {each.records} records of {to.topic} wait and no process reads them",
                f"start {to.service}",
            )
    return None


def _backlog(found: Findings) -> tuple[str, str] | None:
    for each in found.backlogs:
        if each.records:
            to = each.subscription
            return (
                f"{to.group}, which has {each.records} records of {to.topic} before or of this run to read",
                f"wait; if `tablewatch lag` does not shrink, start another {to.service}",
            )
    if found.projector_lag:
        return (
            f"the api's projector, {found.projector_lag} records behind",
            "wait; the topics may be further than the job document shows",
        )
    return None


def _in_progress(job: Mapping[str, Any]) -> tuple[str, str]:
    if job["stage"] == "upload":
        return "the file, or the rest of it, from whoever uploads it", "resume the upload, or cancel the video"
    service = SERVICES[job["stage"]][0]
    return (
        f"{service}, which is at work on it ({job.get('progress', 0)} %)",
        f"wait; if nothing changes, look for {job['run_id']} in the log of {service}",
    )
