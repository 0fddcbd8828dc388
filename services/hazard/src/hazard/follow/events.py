"""From alerts to hazard.alert, and ticks. Pure."""

from datetime import datetime

from hazard.candidate import DETECTOR, TICK
from hazard.follow.row import Alert
from tablewatch_schemas import (
    HazardAlert,
    HazardAlertEvidence,
    HazardAlertEvidenceDetector,
    HazardCandidate,
    from_ms,
    to_ms,
)
from tablewatch_schemas.ids import end_hazard_id


def alert_event(alert: Alert, site_id: str, run_id: str | None) -> HazardAlert:
    """An alert, under its version."""
    return HazardAlert(
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
        near_table_labels=alert.near_table_labels,
        opened_at=from_ms(alert.opened_ms),
        acknowledged_at=_time(alert.acknowledged_ms),
        cleared_at=_time(alert.cleared_ms),
        as_of=from_ms(alert.as_of_ms),
        evidence=HazardAlertEvidence(
            frame_ids=alert.frame_ids,
            frame_key=alert.frame_key,
            detector=HazardAlertEvidenceDetector(name=alert.detector[0], version=alert.detector[1]),
        ),
        actor=alert.actor,
        note=alert.note,
        last=False,
    )


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


def run_end_event(candidate: HazardCandidate, run_id: str) -> HazardAlert:
    """The last record of a run, at its last candidate: a run without hazards has this one alone."""
    return HazardAlert(
        hazard_id=end_hazard_id(run_id),
        site_id=candidate.site_id,
        camera_id=candidate.camera_id,
        run_id=run_id,
        version=1,
        kind="none",
        status="ended",
        severity="info",
        confidence=1.0,
        box=None,
        near_table_ids=(),
        near_table_labels=(),
        opened_at=candidate.captured_at,
        as_of=candidate.captured_at,
        evidence=HazardAlertEvidence(frame_ids=(candidate.frame_id,), frame_key=candidate.frame_key, detector=None),
        actor=None,
        note=None,
        last=True,
    )


def tick_event(key: str, now: datetime) -> HazardCandidate:
    """Tells one row what time it is: a candidate of no camera, keyed as the row."""
    site_id, _, run_id = key.partition("@")
    return HazardCandidate(
        site_id=site_id,
        camera_id=None,
        run_id=run_id or None,
        frame_id=f"tick-{to_ms(now)}-{key}",
        frame_key=None,
        captured_at=now,
        observations=(),
        suspended=TICK,
        detector=DETECTOR,
        last=False,
    )
