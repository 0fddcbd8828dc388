"""The transitions of a job: one whenever its status, stage, step, attempt or error changes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.model import job
from api.model.job import Run
from api.model.run_facts import RunEvent, RunFacts, apply_event
from api.model.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """What a transition leads to; `step` is what the extractor is doing, None before it began."""

    status: str
    stage: str
    step: str | None
    attempt: int
    error: Json | None


@dataclass(frozen=True, slots=True)
class JobTransition:
    """A job reached a state; `at` is the time of the event that reported it."""

    at: datetime
    state: JobState


def job_state(run: Run, facts: RunFacts) -> JobState:
    """The state of a job by its facts."""
    return JobState(
        status=job.status(run, facts),
        stage=job.stage(run, facts),
        step=facts.stage,
        attempt=max(1, facts.attempt),
        error=facts.refusal or facts.failure,
    )


TimedEvent = tuple[RunEvent, datetime]
"""An event of a run, and when it was made."""


def apply_events(run: Run, facts: RunFacts, events: Sequence[TimedEvent]) -> tuple[RunFacts, list[JobTransition]]:
    """The facts after several events, and the transitions on the way; a redelivered event makes none."""
    transitions: list[JobTransition] = []
    current = job_state(run, facts)
    for event, time in events:
        after = apply_event(facts, event, time)
        if after is not facts and (reached := job_state(run, after)) != current:
            transitions.append(JobTransition(time, reached))
            current = reached
        facts = after
    return facts, transitions
