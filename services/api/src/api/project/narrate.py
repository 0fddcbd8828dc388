"""What the projector says of its work: lines that carry the ids, and how long things took."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from api.project import job
from api.project.fold import Facts
from api.project.history import Transition
from api.project.job import Run
from chassis.clock import Clock
from chassis.metrics import Metrics
from chassis.records import Record
from tablewatch_schemas import Received, TableState, about, to_ms


@dataclass(frozen=True, slots=True)
class Moved:
    """A job that came to other places in a batch."""

    run: Run
    facts: Facts
    transitions: Sequence[Transition]
    trace_id: str | None


class Narrator:
    """Told after the commit: what is not committed did not happen."""

    def __init__(self, group: str, clock: Clock, metrics: Metrics, log: Any) -> None:
        self._group, self._clock, self._metrics, self._log = group, clock, metrics, log

    def applied(self, read: Iterable[tuple[Record, Received[Any] | None]]) -> None:
        """Records that are in the read models now; those that are dead-lettered came with None and are told already."""
        debug = logging.getLogger().isEnabledFor(logging.DEBUG)
        for record, received in read:
            if received is None:
                continue
            self._metrics.count("records_handled_total", group=self._group, topic=record.topic, outcome="ok")
            if isinstance(received.event, TableState):
                self._latency(received.event)
            if debug:
                self._log.debug("record_done", **place(record), **about(received.event), trace_id=trace_id(received))

    def moved(self, moved: Iterable[Moved]) -> None:
        """Jobs and where they came to."""
        for each in moved:
            run = each.run
            ids = {"video_id": run.video_id, "run_id": run.run_id, "camera_id": run.camera_id}
            for step in each.transitions:
                there = step.place
                code = None if there.error is None else there.error["code"]
                said = {"status": there.status, "stage": there.stage, "attempt": there.attempt, "code": code}
                self._log.info("job", **ids, **said, trace_id=each.trace_id)
                if there.status in job.FINAL:
                    self._finished(each, there.status, code or "")

    def _finished(self, each: Moved, status: str, code: str) -> None:
        now = to_ms(self._clock.now())
        self._metrics.count("jobs_total", status=status, code=code)
        began = each.facts.uploaded_ms
        if began is None:
            return
        self._metrics.observe("job_seconds", max(0, now - began) / 1000, status=status)
        if status == "done" and "tables" in each.run.make:
            self._metrics.observe("light_to_state_seconds", max(0, now - began) / 1000, lane="run")

    def _latency(self, state: TableState) -> None:
        """Of a live table that changed; a state that is said again has old light behind it."""
        if state.run_id is None and state.state != state.previous_state and state.reason == "evidence":
            seconds = max(0, to_ms(self._clock.now()) - to_ms(state.as_of)) / 1000
            self._metrics.observe("light_to_state_seconds", seconds, lane="live")


def place(record: Record) -> dict[str, Any]:
    """Where a record stands, as every consumer's lines have it."""
    key = None if record.key is None else record.key[:200].decode(errors="replace")
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset, "key": key}


def trace_id(received: Received[Any]) -> str | None:
    """The trace that a record belongs to."""
    return received.traceparent[3:35] if received.traceparent else None
