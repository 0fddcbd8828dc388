"""One record of the follow role: rows and evidence in, alerts and rows out. No Faust here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chassis.fold import Rows, Step
from chassis.records import Record, Sendable
from hazard.follow import rules
from hazard.follow.alerts import Alert, Row
from hazard.follow.rules import Frame, Limits, Seen
from hazard.reading import SOURCE, read
from tablewatch_schemas import (
    HazardAlert,
    HazardAlertEvidence,
    HazardAlertEvidenceDetector,
    HazardCandidate,
    HazardCommand,
    Received,
    encode,
    from_ms,
    to_ms,
    tombstone,
)
from tablewatch_schemas.ids import end_hazard_id

TICK = "tick"
RUN_DELETED = "run_deleted"
RUN_CANCELLED = "run_cancelled"
ENDED_KEPT_MS = 3_600_000


def step(record: Record, rows: Rows, limits: Limits) -> Step:
    """Fold one hazard.candidate or hazard.command. Raises Invalid."""
    received = read(record)
    if received.key is None or received.event is None:
        return Step()
    row = Row.read(rows.get(received.key), live=lane_of(received.key) == "live")
    if isinstance(received.event, HazardCandidate):
        outputs = _candidate(row, received, received.event, limits)
    else:
        outputs = _command(row, received, received.event)
    return Step(tuple(outputs), {received.key: row.write()})


def lane_of(key: str) -> str:
    """The lane of a row's key: runs are `site@run`."""
    return "run" if "@" in key else "live"


def _candidate(row: Row, received: Received[Any], event: HazardCandidate, limits: Limits) -> Iterable[Sendable]:
    if event.suspended == RUN_DELETED and event.run_id:
        return _delete(row, received, event.run_id)
    if event.suspended == TICK:
        return _tick(row, received, event, limits)
    if row.ended_ms is not None or (event.suspended == RUN_CANCELLED and row.write() is None):
        return []
    outputs = [_alert(alert, received, event.site_id, event.run_id) for alert in rules.see(row, _frame(event), limits)]
    if event.last and event.run_id:
        rules.end(row, to_ms(received.time))
        outputs.append(_ended(received, event, event.run_id))
    return outputs


def _tick(row: Row, received: Received[Any], event: HazardCandidate, limits: Limits) -> list[Sendable]:
    """The clock's word, for rows that nobody else speaks to: silent cameras, and runs long over."""
    now_ms = to_ms(event.captured_at)
    if row.ended_ms is not None and now_ms - row.ended_ms > ENDED_KEPT_MS:
        row.ended_ms = None
    if not row.live:
        return []
    return [_alert(alert, received, event.site_id, None) for alert in rules.pass_time(row, now_ms, limits)]


def _delete(row: Row, received: Received[Any], run_id: str) -> list[Sendable]:
    """Tombstones for everything that was said about a run."""
    rules.end(row, to_ms(received.time))
    versions = row.gone | {end_hazard_id(run_id): 1}
    row.gone = {}
    return [
        tombstone(HazardAlert, name, source=SOURCE, time=received.time, lane="run", version=version + 1)
        for name, version in versions.items()
    ]


def _command(row: Row, received: Received[Any], event: HazardCommand) -> list[Sendable]:
    at_ms = to_ms(event.requested_at)
    alert = rules.command(row, event.command_id, event.hazard_id, event.action, event.actor, event.note, at_ms)
    return [] if alert is None else [_alert(alert, received, event.site_id, event.run_id)]


def _frame(event: HazardCandidate) -> Frame:
    return Frame(
        scope=event.site_id,
        source=event.run_id or event.camera_id or "",
        camera_id=event.camera_id,
        frame_id=event.frame_id,
        frame_key=event.frame_key,
        at_ms=to_ms(event.captured_at),
        seen=[
            Seen(
                kind=one.kind,
                box=(one.box[0], one.box[1], one.box[2], one.box[3]),
                score=one.score,
                coloured=one.coloured,
                still_ms=one.stationary_ms,
                near_table_ids=one.near_table_ids,
            )
            for one in event.observations
        ],
        blind=event.suspended is not None,
        detector=(event.detector.name, event.detector.version),
    )


def _alert(alert: Alert, received: Received[Any], site_id: str, run_id: str | None) -> Sendable:
    evidence = HazardAlertEvidence(
        frame_ids=alert.frame_ids,
        frame_key=alert.frame_key,
        detector=HazardAlertEvidenceDetector(name=alert.detector[0], version=alert.detector[1]),
    )
    event = HazardAlert(
        hazard_id=alert.hazard_id,
        site_id=site_id,
        camera_id=alert.camera_id,
        run_id=run_id,
        version=alert.version,
        kind=alert.kind,
        status=alert.status,
        severity=alert.severity,
        confidence=alert.confidence,
        box=alert.box,
        near_table_ids=alert.near_table_ids,
        opened_at=from_ms(alert.opened_ms),
        as_of=from_ms(alert.as_of_ms),
        evidence=evidence,
        actor=alert.actor,
        note=alert.note,
        last=False,
    )
    return _encoded(event, received)


def _ended(received: Received[Any], event: HazardCandidate, run_id: str) -> Sendable:
    """The word that a run has no more to say."""
    at: datetime = event.captured_at
    ended = HazardAlert(
        hazard_id=end_hazard_id(run_id),
        site_id=event.site_id,
        camera_id=event.camera_id,
        run_id=run_id,
        version=1,
        kind="none",
        status="ended",
        severity="info",
        confidence=1.0,
        box=None,
        near_table_ids=(),
        opened_at=at,
        as_of=at,
        evidence=HazardAlertEvidence(frame_ids=(event.frame_id,), frame_key=event.frame_key, detector=None),
        actor=None,
        note=None,
        last=True,
    )
    return _encoded(ended, received)


def _encoded(event: HazardAlert, received: Received[Any]) -> Sendable:
    # The cause's time and not the clock's: a record folded twice gives the same bytes twice.
    return encode(event, source=SOURCE, time=received.time, cause=received)
