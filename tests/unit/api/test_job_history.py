"""What a job went through, and how long it may still take."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.api.events_of_a_run import NOW, SAYS, run

from api.project.apply import worth_telling
from api.project.batch import concerns_job
from api.project.fold import Facts
from api.project.history import follow
from api.project.job import document, eta_s

WHOLE = [event for event in SAYS.whole(6) if concerns_job(event)]


def timed(events: list[Any]) -> list[tuple[Any, Any]]:
    return [(event, NOW + timedelta(seconds=n)) for n, event in enumerate(events)]


def steps(*events: Any) -> list[tuple[str, str, str | None, int, str | None]]:
    """(status, stage, step, attempt, error code) of every transition."""
    places = [each.place for each in follow(run(), Facts(), timed(list(events)))[1]]
    return [(p.status, p.stage, p.step, p.attempt, (p.error or {}).get("code")) for p in places]


def test_a_run_that_goes_well_passes_every_stage_once() -> None:
    assert steps(*WHOLE) == [
        ("queued", "extract", None, 1, None),
        ("queued", "extract", "plan", 1, None),
        ("processing", "extract", "extract", 1, None),
        ("processing", "tables", "done", 1, None),
        ("processing", "hazards", "done", 1, None),
        ("done", "done", "done", 1, None),
    ]


def test_a_failure_stays_in_the_history_when_a_retry_has_left_it_behind() -> None:
    said = steps(SAYS.uploaded(), SAYS.progress(1, 1), SAYS.failed(2, "timeout"), SAYS.progress(3, 1, attempt=2))
    assert said[-2:] == [
        ("failed", "extract", "extract", 1, "timeout"),
        ("processing", "extract", "extract", 2, None),
    ]


@given(st.integers(0, len(WHOLE)))
@settings(max_examples=40, deadline=None)
def test_batches_of_any_size_tell_the_same_and_repetitions_nothing(cut: int) -> None:
    events = timed(WHOLE)
    facts, first = follow(run(), Facts(), events[:cut])
    facts, rest = follow(run(), facts, events[cut:])
    assert first + rest == follow(run(), Facts(), events)[1]
    assert follow(run(), facts, events)[1] == []


def after(*percents: float, every_s: float = 2.0, **more: Any) -> Facts:
    """Facts after a report of progress every so many seconds."""
    events = [
        SAYS.progress(n + 1, 1, percent=percent, updated_at=NOW + timedelta(seconds=n * every_s), **more)
        for n, percent in enumerate(percents)
    ]
    return follow(run(), Facts(), timed(events))[0]


@pytest.mark.parametrize(
    ("percents", "expected"),
    [((), None), ((0.0,), None), ((0.0, 0.0), None), ((0.0, 25.0), 6), ((40.0, 50.0, 70.0), 4)],
)
def test_time_left_is_known_once_there_is_a_pace(percents: tuple[float, ...], expected: int | None) -> None:
    assert eta_s(after(*percents)) == expected
    assert document(run(), after(*percents))["eta_s"] == expected


def test_the_pace_is_that_of_the_attempt_and_not_of_the_time_it_waited() -> None:
    facts = after(0.0, 50.0)
    later = NOW + timedelta(hours=1)
    events = [
        SAYS.progress(5, 1, percent=50.0, attempt=2, updated_at=later),
        SAYS.progress(6, 1, percent=75.0, attempt=2, updated_at=later + timedelta(seconds=10)),
    ]
    again, _ = follow(run(), facts, timed(events[:1]))
    assert eta_s(again) is None
    assert eta_s(follow(run(), again, timed(events[1:]))[0]) == 10


def test_nobody_waits_for_what_has_ended_and_no_event_tells_of_it_alone() -> None:
    facts = after(0.0, 25.0)
    assert document(run(), facts.cancel(NOW))["eta_s"] is None
    assert eta_s(follow(run(), facts, timed([SAYS.failed(9)]))[0]) is None
    one = document(run(), facts)
    assert not worth_telling(one, one | {"eta_s": 1})
