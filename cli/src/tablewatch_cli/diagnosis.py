"""Where a video is, since when, what it waits for, and what to do: a decision on values that others gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tablewatch_cli import road

STUCK_S = 60.0
FINAL = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Records that a group has yet to read on the partitions where this run's keys are."""

    leg: road.Leg
    records: int
    members: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out. `services`: what is wrong with each, None when it is ready; empty when nobody could ask."""

    job: Mapping[str, Any]
    services: Mapping[str, str | None] = field(default_factory=dict)
    waiting: Sequence[Waiting] = ()
    projector: int | None = None
    dead: Sequence[str] = ()
    """`topic/offset` of dead letters that name this video or run."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. `stuck`: nothing has moved for a while, or something must be done before it can."""

    where: str
    since: str
    quiet_s: float
    stuck: bool
    waits_for: str
    do: str


def diagnose(found: Evidence, now: datetime) -> Verdict:
    """The first cause that explains it, from the certain to the likely."""
    job = found.job
    quiet = max(0.0, (now - datetime.fromisoformat(job["updated_at"])).total_seconds())
    if job["status"] in FINAL:
        waits_for, do = _ended(job)
        return Verdict(job["status"], job["updated_at"], quiet, False, waits_for, do)
    broken = _dead(found) or _services(found) or _nobody(found)
    waits_for, do = broken or _behind(found) or _working(job)
    stuck = broken is not None or quiet > STUCK_S or bool(job.get("stuck"))
    return Verdict(job["stage"], job["updated_at"], quiet, stuck, waits_for, do)


def _ended(job: Mapping[str, Any]) -> tuple[str, str]:
    error = job.get("error")
    if error is None:
        return "nothing: it is " + str(job["status"]), "nothing"
    said = f"nothing: it failed with {error['code']}: {error['reason']}"
    if error.get("retryable"):
        return said, f"POST /v1/videos/{job['video_id']}/retry goes on from where it stood"
    return said, "mend what the reason says and upload it again"


def _dead(found: Evidence) -> tuple[str, str] | None:
    if not found.dead:
        return None
    topic, _, offset = found.dead[0].rpartition("/")
    return (
        f"a record of it that was dead-lettered: {', '.join(found.dead)}",
        f"see why: tablewatch dlq show {topic} -o {offset}; when that is mended: replay and then discard it",
    )


def _services(found: Evidence) -> tuple[str, str] | None:
    for service in road.SERVICES[found.job["stage"]]:
        wrong = found.services.get(service)
        if wrong is not None:
            return (
                f"{service}, which is not ready: {wrong}",
                f"look at the log of {service}; restart it if it is not there",
            )
    return None


def _nobody(found: Evidence) -> tuple[str, str] | None:
    for each in found.waiting:
        if each.records and not each.members:
            return (
                f"{each.leg.group}: {each.records} records of {each.leg.topic} wait and no process reads them",
                f"start {each.leg.service}",
            )
    return None


def _behind(found: Evidence) -> tuple[str, str] | None:
    for each in found.waiting:
        if each.records:
            return (
                f"{each.leg.group}, which has {each.records} records of {each.leg.topic} before or of this run to read",
                f"wait; if `tablewatch lag` does not shrink, start another {each.leg.service}",
            )
    if found.projector:
        return (
            f"the api's projector, {found.projector} records behind",
            "wait; the topics may be further than the job says",
        )
    return None


def _working(job: Mapping[str, Any]) -> tuple[str, str]:
    if job["stage"] == "upload":
        return "the file, or the rest of it, from whoever uploads it", "resume the upload, or cancel the video"
    service = road.SERVICES[job["stage"]][0]
    return (
        f"{service}, which is at work on it ({job.get('progress', 0)} %)",
        f"wait; if nothing moves, look for {job['run_id']} in the log of {service}",
    )
