"""One record of hazard.candidate or hazard.command: rows and events in, alerts and rows out. Pure; no Faust here."""

from collections.abc import Iterable
from typing import Any

from chassis.records import Record, Sendable
from events.decode import decode_record
from folding.step import Rows, Step
from hazard.candidate import RUN_CANCELLED, RUN_DELETED, SOURCE, TICK
from hazard.follow.events import alert_event, run_end_event
from hazard.follow.row import Alert, Row
from hazard.follow.rules import (
    FrameObservations,
    Observation,
    Timings,
    apply_command,
    apply_frame,
    apply_time,
    end_run,
    forget_alerts,
)
from tablewatch_schemas import HazardAlert, HazardCandidate, HazardCommand, Received, encode, to_ms, tombstone
from tablewatch_schemas.ids import end_hazard_id
from tablewatch_schemas.keys import lane_of_key

ENDED_KEPT_MS = 3_600_000
"""So long the row of an ended run takes commands that were under way, and opens nothing anew."""


def step(record: Record, rows: Rows, timings: Timings) -> Step:
    """One record. Raises Invalid."""
    received = decode_record(record)
    if received.key is None or received.event is None:
        return Step()
    row = read_row(rows, received.key)
    if isinstance(received.event, HazardCandidate):
        outputs = _candidate(row, received, received.event, timings)
    else:
        outputs = _command(row, received, received.event)
    return Step(tuple(outputs), {received.key: row.to_json()})


def read_row(rows: Rows, key: str) -> Row:
    """The row of a key, or an empty one."""
    return Row.parse(rows.get(key), live=lane_of_key(key) == "live")


def _candidate(row: Row, received: Received[Any], event: HazardCandidate, timings: Timings) -> Iterable[Sendable]:
    if event.suspended == RUN_DELETED and event.run_id:
        return _delete(row, received, event.run_id)
    if event.suspended == TICK:
        return _tick(row, received, event, timings)
    if row.ended_ms is not None or (event.suspended == RUN_CANCELLED and row.to_json() is None):
        return []
    outputs = _encoded(apply_frame(row, _frame_observations(event), timings), received, event.site_id, event.run_id)
    if event.last and event.run_id:
        end_run(row, to_ms(received.time))
        outputs.append(_message(run_end_event(event, event.run_id), received))
    return outputs


def _tick(row: Row, received: Received[Any], event: HazardCandidate, timings: Timings) -> list[Sendable]:
    """Time passes, for rows that get no other records: of silent cameras, and of runs long over."""
    now_ms = to_ms(event.captured_at)
    if row.ended_ms is not None and now_ms - row.ended_ms > ENDED_KEPT_MS:
        forget_alerts(row)
    return _encoded(apply_time(row, now_ms, timings), received, event.site_id, None) if row.live else []


def _delete(row: Row, received: Received[Any], run_id: str) -> list[Sendable]:
    """Tombstones of all alerts of a run."""
    forget_alerts(row)
    end_run(row, to_ms(received.time))
    versions = row.closed_versions | {end_hazard_id(run_id): 1}
    row.closed_versions = {}
    return [
        tombstone(HazardAlert, name, source=SOURCE, time=received.time, lane="run", version=version + 1)
        for name, version in versions.items()
    ]


def _command(row: Row, received: Received[Any], event: HazardCommand) -> list[Sendable]:
    at_ms = to_ms(event.requested_at)
    alert = apply_command(row, event.command_id, event.hazard_id, event.action, event.actor, event.note, at_ms)
    return _encoded([] if alert is None else [alert], received, event.site_id, event.run_id)


def _frame_observations(event: HazardCandidate) -> FrameObservations:
    return FrameObservations(
        site_id=event.site_id,
        source=event.run_id or event.camera_id or "",
        camera_id=event.camera_id,
        frame_id=event.frame_id,
        frame_key=event.frame_key,
        at_ms=to_ms(event.captured_at),
        observations=[
            Observation(
                kind=each.kind,
                box=(each.box[0], each.box[1], each.box[2], each.box[3]),
                score=each.score,
                coloured=each.coloured,
                still_ms=each.stationary_ms,
                near_table_ids=each.near_table_ids,
                near_table_labels=each.near_table_labels,
            )
            for each in event.observations
        ],
        blind=event.suspended is not None,
        detector=(event.detector.name, event.detector.version),
    )


def _encoded(alerts: Iterable[Alert], received: Received[Any], site_id: str, run_id: str | None) -> list[Sendable]:
    return [_message(alert_event(alert, site_id, run_id), received) for alert in alerts]


def _message(event: HazardAlert, received: Received[Any]) -> Sendable:
    # The cause's time and not the clock's: a record folded twice gives the same bytes twice.
    return encode(event, source=SOURCE, time=received.time, cause=received)
