"""The rules of an alert's life: one alert of what several frames and cameras observe. Pure; times are capture time.

opened -> acknowledged -> cleared -> verified; dismissed by a person; expired when no frame shows it or its absence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from hazard.follow.row import Alert, Row
from hazard.geometry import Box, center, contains, iou
from tablewatch_schemas.hazard_actions import ACTIONS, OPEN

_NAMESPACE = UUID("0a6c2f0e-40a5-5f0b-9a86-6a1b7f7f2d11")
_EVIDENCE_FRAMES = 5
_MOST_COMMANDS = 50
_SAME_AREA_IOU = 0.1


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of capture time until: an area that stands still opens an alert (coloured, grey); an alert that is
    not seen any more is cleared and verified; a cleared one that is still seen is opened; one without news expires; a
    dismissed one that is not seen any more is dropped."""

    coloured_ms: int = 15_000
    grey_ms: int = 60_000
    clear_ms: int = 20_000
    verify_ms: int = 60_000
    reopen_ms: int = 60_000
    expire_ms: int = 1_800_000
    dismissed_ms: int = 86_400_000


DEFAULT_TIMINGS = Timings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One area of one frame."""

    kind: str
    box: Box
    score: float
    coloured: bool
    still_ms: int
    near_table_ids: tuple[str, ...]
    near_table_labels: tuple[str, ...] | None = None

    @property
    def severity(self) -> str:
        """Grey areas may be shadows."""
        return "warning" if self.coloured else "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameObservations:
    """What one camera observes in one frame. `source` is the run or the camera; `blind`: nothing can be observed."""

    site_id: str
    source: str
    camera_id: str | None
    frame_id: str
    frame_key: str | None
    at_ms: int
    observations: Sequence[Observation]
    blind: bool
    detector: tuple[str, str]


def apply_frame(row: Row, frame: FrameObservations, timings: Timings) -> list[Alert]:
    """Take one frame into the row; the alerts that changed, each with its next version."""
    if frame.at_ms <= row.newest_ms.get(frame.source, -1):
        return []
    row.newest_ms[frame.source] = frame.at_ms
    changed = [] if frame.blind else [*_observed(row, frame, timings), *_unobserved(row, frame, timings)]
    return changed + apply_time(row, frame.at_ms, timings)


def apply_time(row: Row, now_ms: int, timings: Timings) -> list[Alert]:
    """Expire alerts without news, and drop those that are closed."""
    silent = [
        alert
        for alert in row.alerts.values()
        if alert.status in OPEN | {"cleared"} and now_ms - max(alert.as_of_ms, alert.changed_ms) > timings.expire_ms
    ]
    changed = [_transition(alert, "expired", now_ms) for alert in silent]
    _drop_closed(row, now_ms, timings)
    return changed


def apply_command(
    row: Row, command_id: str, hazard_id: str, action: str, actor: str, note: str | None, at_ms: int
) -> Alert | None:
    """A person's decision; None when it does not apply (any more) or was applied before."""
    if command_id in row.commands or (alert := row.alerts.get(hazard_id)) is None or action not in ACTIONS:
        return None
    row.commands = (*row.commands, command_id)[-_MOST_COMMANDS:]
    allowed, status = ACTIONS[action]
    if alert.status not in allowed:
        return None
    # A person's clock against capture time: an alert of a run may lie years back.
    alert.actor, alert.note = actor, note
    return _transition(alert, status, max(alert.as_of_ms, at_ms) if row.live else alert.as_of_ms)


def end_run(row: Row, at_ms: int) -> None:
    """A run is over. Its alerts stay in the row: a command that was accepted before may arrive after it."""
    row.newest_ms, row.ended_ms = {}, at_ms


def forget_alerts(row: Row) -> None:
    """The row holds only what a deletion needs: the alerts stay as published."""
    row.closed_versions |= {alert.hazard_id: alert.version for alert in row.alerts.values()}
    row.alerts, row.commands, row.ended_ms = {}, (), None


def hazard_id(site_id: str, source: str, frame_id: str, number: int) -> str:
    """The same for the same observation of the same frame, however often it is folded."""
    return f"haz_{uuid5(_NAMESPACE, f'{site_id}|{source}|{frame_id}|{number}').hex}"


def _observed(row: Row, frame: FrameObservations, timings: Timings) -> Iterable[Alert]:
    changed: set[str] = set()
    for number, observation in enumerate(frame.observations):
        alert = _match(row, frame, observation)
        if alert is None:
            if observation.still_ms >= (timings.coloured_ms if observation.coloured else timings.grey_ms):
                opened = _open(row, frame, observation, number)
                changed.add(opened.hazard_id)
                yield opened
        elif alert.hazard_id not in changed:
            # Two areas of one frame may belong to one alert: it changes once.
            changed.add(alert.hazard_id)
            yield from _confirm(alert, frame, observation, timings)


def _match(row: Row, frame: FrameObservations, observation: Observation) -> Alert | None:
    """The alert that an area belongs to: the same area for one camera, the same nearest table between cameras."""
    for alert in row.alerts.values():
        if alert.camera_id == frame.camera_id:
            if _same_area(alert.box, observation.box):
                return alert
        elif alert.near_table_ids[:1] == observation.near_table_ids[:1] != ():
            return alert
    return None


def _same_area(one: Box, other: Box) -> bool:
    return iou(one, other) >= _SAME_AREA_IOU or contains(one, center(other)) or contains(other, center(one))


def _open(row: Row, frame: FrameObservations, observation: Observation, number: int) -> Alert:
    alert = Alert(
        hazard_id=hazard_id(frame.site_id, frame.source, frame.frame_id, number),
        camera_id=frame.camera_id,
        kind=observation.kind,
        status="opened",
        version=1,
        severity=observation.severity,
        confidence=observation.score,
        box=observation.box,
        near_table_ids=observation.near_table_ids,
        near_table_labels=observation.near_table_labels,
        opened_ms=frame.at_ms - observation.still_ms,
        as_of_ms=frame.at_ms,
        frame_ids=(frame.frame_id,),
        frame_key=frame.frame_key,
        detector=frame.detector,
        changed_ms=frame.at_ms,
    )
    row.alerts[alert.hazard_id] = alert
    return alert


def _confirm(alert: Alert, frame: FrameObservations, observation: Observation, timings: Timings) -> Iterable[Alert]:
    """Observed once more; the alert is only published when a reader would act on it."""
    alert.as_of_ms, alert.unseen_since_ms = frame.at_ms, None
    if alert.status == "dismissed":
        return
    if alert.camera_id == frame.camera_id:
        alert.box = observation.box
    alert.frame_ids = (*alert.frame_ids, frame.frame_id)[-_EVIDENCE_FRAMES:]
    if observation.score > alert.confidence:
        alert.confidence, alert.frame_key = observation.score, frame.frame_key
    if alert.status == "cleared" and frame.at_ms - alert.changed_ms >= timings.reopen_ms:
        alert.actor = alert.note = None
        yield _transition(alert, "opened", frame.at_ms)
    elif alert.severity == "info" and observation.severity == "warning":
        alert.severity = "warning"
        yield _transition(alert, alert.status, frame.at_ms)


def _unobserved(row: Row, frame: FrameObservations, timings: Timings) -> Iterable[Alert]:
    """Alerts of this camera that its frame does not show: cleared after a while, verified after a longer one."""
    for alert in row.alerts.values():
        if alert.camera_id != frame.camera_id or alert.as_of_ms >= frame.at_ms or alert.status == "dismissed":
            continue
        alert.unseen_since_ms = frame.at_ms if alert.unseen_since_ms is None else alert.unseen_since_ms
        unseen_ms = frame.at_ms - alert.unseen_since_ms
        if alert.status in OPEN and unseen_ms >= timings.clear_ms:
            yield _transition(alert, "cleared", frame.at_ms)
            alert.cleared_ms = alert.unseen_since_ms  # it was gone before that was certain
        elif alert.status == "cleared" and unseen_ms >= timings.verify_ms:
            yield _transition(alert, "verified", frame.at_ms)


def _transition(alert: Alert, status: str, at_ms: int) -> Alert:
    if status != alert.status:
        _keep_time(alert, status, at_ms)
    alert.status, alert.version, alert.changed_ms = status, alert.version + 1, at_ms
    return alert


def _keep_time(alert: Alert, status: str, at_ms: int) -> None:
    """When it was acknowledged and when it was gone, of an alert that was opened anew from its beginning."""
    if status == "opened":
        alert.acknowledged_ms = alert.cleared_ms = None
    elif status == "acknowledged":
        alert.acknowledged_ms = at_ms
    elif status == "cleared" or (status == "verified" and alert.status in OPEN):
        alert.cleared_ms = at_ms


def _drop_closed(row: Row, now_ms: int, timings: Timings) -> None:
    """A dismissed alert stays in the row while its area may still be there."""
    for alert in list(row.alerts.values()):
        closed = alert.status in ("verified", "expired")
        if closed or (alert.status == "dismissed" and now_ms - alert.as_of_ms > timings.dismissed_ms):
            if not row.live:
                row.closed_versions[alert.hazard_id] = alert.version
            del row.alerts[alert.hazard_id]
