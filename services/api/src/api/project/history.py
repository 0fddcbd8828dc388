"""What a job went through: one transition whenever a reader would see it somewhere else. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.project import job
from api.project.fold import Facts, Json, RunEvent, fold
from api.project.job import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job stands; `step` is what the extractor is doing, None before it began."""

    status: str
    stage: str
    step: str | None
    attempt: int
    error: Json | None


@dataclass(frozen=True, slots=True)
class Transition:
    """A job came to a place; `at` is when that was said."""

    at: datetime
    place: Place


def place(run: Run, facts: Facts) -> Place:
    """Where a job stands by what is known."""
    return Place(
        status=job.status(run, facts),
        stage=job.stage(run, facts),
        step=facts.stage,
        attempt=max(1, facts.attempt),
        error=facts.refusal or facts.failure,
    )


def follow(run: Run, facts: Facts, events: Sequence[tuple[RunEvent, datetime]]) -> tuple[Facts, list[Transition]]:
    """The facts after several events, and the transitions on the way; what is told again makes none."""
    transitions: list[Transition] = []
    here = place(run, facts)
    for event, time in events:
        after = fold(facts, event, time)
        if after is not facts and (there := place(run, after)) != here:
            transitions.append(Transition(time, there))
            here = there
        facts = after
    return facts, transitions
