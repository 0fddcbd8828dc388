"""Metrics and log lines of what the projector did, reported after the commit: what is not committed did not happen."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from api.metrics import JOB_SECONDS, JOBS, LIGHT_TO_STATE_SECONDS
from api.model import job
from api.model.job import Run
from api.model.job_transitions import JobTransition
from api.model.run_facts import RunFacts
from chassis import logs
from chassis.clock import Clock
from chassis.metrics import RECORDS_HANDLED, Metrics
from chassis.records import Record
from chassis.trace import trace_id
from tablewatch_schemas import Received, TableState, about, to_ms


@dataclass(frozen=True, slots=True)
class JobTransitions:
    """The transitions of one job in a batch; `facts` are those after the last of them."""

    run: Run
    facts: RunFacts
    transitions: Sequence[JobTransition]
    trace_id: str | None


class Reporter:
    """Counts and logs committed batches."""

    def __init__(self, group: str, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._group, self._clock, self._metrics, self._log = group, clock, metrics, log

    def records(self, records: Iterable[tuple[Record, Received[Any] | None]]) -> None:
        """Count the records of a batch. Dead-lettered ones (None) were counted when they were published."""
        debug = logging.getLogger().isEnabledFor(logging.DEBUG)
        for record, received in records:
            if received is None:
                continue
            self._metrics.count(RECORDS_HANDLED, group=self._group, topic=record.topic, outcome="ok")
            if isinstance(received.event, TableState):
                self._latency(received.event)
            if debug:
                ids = logs.coordinates(record) | about(received.event)
                self._log.debug("record_done", **ids, trace_id=trace_id(received.traceparent))

    def jobs(self, jobs: Iterable[JobTransitions]) -> None:
        """Log each transition; count the jobs that ended."""
        for each in jobs:
            run = each.run
            ids = {"video_id": run.video_id, "run_id": run.run_id, "camera_id": run.camera_id}
            for state in (transition.state for transition in each.transitions):
                code = None if state.error is None else state.error["code"]
                values = {"status": state.status, "stage": state.stage, "attempt": state.attempt, "code": code}
                self._log.info("job", **ids, **values, trace_id=each.trace_id)
                if state.status in job.FINAL:
                    self._job_ended(each, state.status, code or "")

    def _job_ended(self, each: JobTransitions, status: str, code: str) -> None:
        self._metrics.count(JOBS, status=status, code=code)
        uploaded_ms = each.facts.uploaded_ms
        if uploaded_ms is None:
            return
        seconds = max(0, to_ms(self._clock.now()) - uploaded_ms) / 1000
        self._metrics.observe(JOB_SECONDS, seconds, status=status)
        if status == "done" and "tables" in each.run.make:
            self._metrics.observe(LIGHT_TO_STATE_SECONDS, seconds, lane="run")

    def _latency(self, state: TableState) -> None:
        """Of live transitions only: a confirmation is written long after its evidence."""
        if state.run_id is None and state.state != state.previous_state and state.reason == "evidence":
            seconds = max(0, to_ms(self._clock.now()) - to_ms(state.as_of)) / 1000
            self._metrics.observe(LIGHT_TO_STATE_SECONDS, seconds, lane="live")
