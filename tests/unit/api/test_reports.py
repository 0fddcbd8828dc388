"""Metrics and log lines of the projector, after the commit."""

from datetime import timedelta
from typing import Any

import structlog
from structlog.testing import capture_logs
from tests.support.doubles import ManualClock
from tests.unit.api.events_of_a_run import EVENTS, NOW, run

from api.model.job_transitions import apply_events
from api.model.projections import concerns_job
from api.model.run_facts import RunFacts
from api.project.reports import JobTransitions, Reporter
from chassis.metrics import Metrics
from chassis.records import Record
from tablewatch_schemas import decode, encode

TRACE = "a" * 32


def transitions_of(*events: Any) -> JobTransitions:
    facts, transitions = apply_events(
        run(), RunFacts(), [(event, NOW + timedelta(seconds=n)) for n, event in enumerate(events)]
    )
    return JobTransitions(run(), facts, transitions, TRACE)


def reporter(metrics: Metrics) -> Reporter:
    clock = ManualClock()
    return Reporter("api-projector", clock, metrics, structlog.get_logger())


def test_every_place_a_job_comes_to_is_a_line_and_its_end_a_figure() -> None:
    metrics = Metrics()
    with capture_logs() as lines:
        reporter(metrics).jobs([transitions_of(*[event for event in EVENTS.whole(3) if concerns_job(event)])])
    assert [line["event"] for line in lines] == ["job"] * len(lines)
    assert {(line["run_id"], line["video_id"], line["trace_id"]) for line in lines} == {("run_1", "vid_1", TRACE)}
    assert lines[-1]["status"] == "done"
    assert metrics.value("jobs_total", status="done", code="") == 1
    page = metrics.exposition().decode()
    assert 'job_seconds_count{status="done"} 1.0' in page
    assert 'light_to_state_seconds_count{lane="run"} 1.0' in page


def test_a_failure_is_counted_by_its_code() -> None:
    metrics = Metrics()
    reporter(metrics).jobs([transitions_of(EVENTS.uploaded(), EVENTS.progress(1, 1), EVENTS.failed(2, "timeout"))])
    assert metrics.value("jobs_total", status="failed", code="timeout") == 1


def test_records_are_counted_and_dead_letters_not_twice() -> None:
    metrics = Metrics()
    made = encode(EVENTS.uploaded(), source="tablewatch/test", time=NOW)
    record = Record(made.topic, 5, 7, 0, made.key, made.value, made.headers)
    received = decode(made.topic, made.key, made.value, made.headers)
    reporter(metrics).records([(record, received), (record, None)])
    assert metrics.value("records_handled_total", group="api-projector", topic="video.uploaded", outcome="ok") == 1
