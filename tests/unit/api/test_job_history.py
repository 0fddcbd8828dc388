"""What a job went through, and how long it may still take."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.properties import examples
from tests.unit.api.events_of_a_run import EVENTS, NOW, run

from api.model.job import document, eta_s, is_visible_change
from api.model.job_transitions import apply_events
from api.model.projections import concerns_job
from api.model.run_facts import RunFacts

WHOLE = [event for event in EVENTS.whole(6) if concerns_job(event)]


def timed(events: list[Any]) -> list[tuple[Any, Any]]:
    return [(event, NOW + timedelta(seconds=n)) for n, event in enumerate(events)]


def steps(*events: Any) -> list[tuple[str, str, str | None, int, str | None]]:
    """(status, stage, step, attempt, error code) of every transition."""
    places = [each.state for each in apply_events(run(), RunFacts(), timed(list(events)))[1]]
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
    result = steps(
        EVENTS.uploaded(), EVENTS.progress(1, 1), EVENTS.failed(2, "timeout"), EVENTS.progress(3, 1, attempt=2)
    )
    assert result[-2:] == [
        ("failed", "extract", "extract", 1, "timeout"),
        ("processing", "extract", "extract", 2, None),
    ]


@given(st.integers(0, len(WHOLE)))
@examples(40)
def test_batches_of_any_size_tell_the_same_and_repetitions_nothing(cut: int) -> None:
    events = timed(WHOLE)
    facts, first = apply_events(run(), RunFacts(), events[:cut])
    facts, rest = apply_events(run(), facts, events[cut:])
    assert first + rest == apply_events(run(), RunFacts(), events)[1]
    assert apply_events(run(), facts, events)[1] == []


FRAMES = run(make=("frames",), tables_expected=())


def after(*percents: float, every_s: float = 2.0, **more: Any) -> RunFacts:
    """Facts after a report of progress every so many seconds."""
    events = [
        EVENTS.progress(n + 1, 1, percent=percent, updated_at=NOW + timedelta(seconds=n * every_s), **more)
        for n, percent in enumerate(percents)
    ]
    return apply_events(run(), RunFacts(), timed(events))[0]


@pytest.mark.parametrize(
    ("percents", "expected"),
    [((), None), ((0.0,), None), ((0.0, 0.0), None), ((0.0, 25.0), 6), ((40.0, 50.0, 70.0), 4)],
)
def test_time_left_is_known_once_there_is_a_pace(percents: tuple[float, ...], expected: int | None) -> None:
    assert eta_s(FRAMES, after(*percents)) == expected
    assert document(FRAMES, after(*percents))["eta_s"] == expected


def test_the_pace_is_that_of_the_attempt_and_not_of_the_time_it_waited() -> None:
    facts = after(0.0, 50.0)
    later = NOW + timedelta(hours=1)
    events = [
        EVENTS.progress(5, 1, percent=50.0, attempt=2, updated_at=later),
        EVENTS.progress(6, 1, percent=75.0, attempt=2, updated_at=later + timedelta(seconds=10)),
    ]
    again, _ = apply_events(run(), facts, timed(events[:1]))
    assert eta_s(FRAMES, again) is None
    assert eta_s(FRAMES, apply_events(run(), again, timed(events[1:]))[0]) == 10


def test_nobody_waits_for_what_has_ended_and_no_event_tells_of_it_alone() -> None:
    facts = after(0.0, 25.0)
    assert document(FRAMES, facts.cancel(NOW))["eta_s"] is None
    assert eta_s(FRAMES, apply_events(run(), facts, timed([EVENTS.failed(9)]))[0]) is None
    one = document(FRAMES, facts)
    assert not is_visible_change(one, one | {"eta_s": 1})
