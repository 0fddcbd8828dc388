"""What the projector says of its work: figures and lines, after the commit."""

from datetime import timedelta
from typing import Any

import structlog
from structlog.testing import capture_logs
from tests.unit.api.events_of_a_run import NOW, SAYS, run

from api.project.batch import concerns_job
from api.project.fold import Facts
from api.project.history import follow
from api.project.narrate import Moved, Narrator
from chassis.metrics import Metrics
from chassis.records import Record
from chassis.testing import ManualClock
from tablewatch_schemas import decode, encode

TRACE = "a" * 32


def told(*events: Any) -> Moved:
    facts, transitions = follow(run(), Facts(), [(event, NOW + timedelta(seconds=n)) for n, event in enumerate(events)])
    return Moved(run(), facts, transitions, TRACE)


def narrator(metrics: Metrics) -> Narrator:
    clock = ManualClock()
    return Narrator("api-projector", clock, metrics, structlog.get_logger())


def test_every_place_a_job_comes_to_is_a_line_and_its_end_a_figure() -> None:
    metrics = Metrics()
    with capture_logs() as lines:
        narrator(metrics).moved([told(*[event for event in SAYS.whole(3) if concerns_job(event)])])
    assert [line["event"] for line in lines] == ["job"] * len(lines)
    assert {(line["run_id"], line["video_id"], line["trace_id"]) for line in lines} == {("run_1", "vid_1", TRACE)}
    assert lines[-1]["status"] == "done"
    assert metrics.value("jobs_total", status="done", code="") == 1
    page = metrics.exposition().decode()
    assert 'job_seconds_count{status="done"} 1.0' in page
    assert 'light_to_state_seconds_count{lane="run"} 1.0' in page


def test_a_failure_is_counted_by_its_code() -> None:
    metrics = Metrics()
    narrator(metrics).moved([told(SAYS.uploaded(), SAYS.progress(1, 1), SAYS.failed(2, "timeout"))])
    assert metrics.value("jobs_total", status="failed", code="timeout") == 1


def test_records_are_counted_and_dead_letters_not_twice() -> None:
    metrics = Metrics()
    made = encode(SAYS.uploaded(), source="tablewatch/test", time=NOW)
    record = Record(made.topic, 5, 7, 0, made.key, made.value, made.headers)
    received = decode(made.topic, made.key, made.value, made.headers)
    narrator(metrics).applied([(record, received), (record, None)])
    assert metrics.value("records_handled_total", group="api-projector", topic="video.uploaded", outcome="ok") == 1
