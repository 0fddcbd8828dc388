"""The life of alerts: one alert of what several frames and cameras see. Pure: time is capture time in the evidence.

opened -> acknowledged -> cleared -> verified; dismissed by a person; expired when nobody can say any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from hazard.detect.geometry import contains, iou, middle
from hazard.follow.alerts import OPEN, Alert, Row

_NAMESPACE = UUID("0a6c2f0e-40a5-5f0b-9a86-6a1b7f7f2d11")
_EVIDENCE_FRAMES = 5
_COMMANDS_KEPT = 50
_SAME_PLACE = 0.1
# What a person may do, from where, and what it becomes.
_ACTIONS: dict[str, tuple[frozenset[str], str]] = {
    "acknowledge": (frozenset({"opened"}), "acknowledged"),
    "clear": (OPEN, "cleared"),
    "verify": (OPEN | {"cleared"}, "verified"),
    "dismiss": (OPEN | {"cleared"}, "dismissed"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds of capture time."""

    coloured_ms: int = 15_000
    grey_ms: int = 60_000
    clear_ms: int = 20_000
    verify_ms: int = 60_000
    reopen_ms: int = 60_000
    expire_ms: int = 1_800_000
    dismissed_ms: int = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One area of one frame."""

    kind: str
    box: tuple[float, float, float, float]
    score: float
    coloured: bool
    still_ms: int
    near_table_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What one camera (or run) sees at one moment. `source` is the run or the camera; `blind`: nothing can be said."""

    scope: str
    source: str
    camera_id: str | None
    frame_id: str
    frame_key: str | None
    at_ms: int
    seen: Sequence[Seen]
    blind: bool
    detector: tuple[str, str]


def see(row: Row, frame: Frame, limits: Limits) -> list[Alert]:
    """Fold one frame into the row; the alerts that changed, each with its next version."""
    if frame.at_ms <= row.seen.get(frame.source, -1):
        return []
    row.seen[frame.source] = frame.at_ms
    changed = [] if frame.blind else [*_confirm(row, frame, limits), *_miss(row, frame, limits)]
    return changed + pass_time(row, frame.at_ms, limits)


def pass_time(row: Row, now_ms: int, limits: Limits) -> list[Alert]:
    """Expire alerts that nobody has said anything about, and forget what is settled."""
    late = [
        alert
        for alert in row.alerts.values()
        if alert.status in OPEN | {"cleared"} and now_ms - max(alert.as_of_ms, alert.changed_ms) > limits.expire_ms
    ]
    changed = [_become(alert, "expired", now_ms) for alert in late]
    _settle(row, now_ms, limits)
    return changed


def command(
    row: Row, command_id: str, hazard_id: str, action: str, actor: str, note: str | None, at_ms: int
) -> Alert | None:
    """What a person decided; None when it does not apply (any more) or was applied before."""
    if command_id in row.commands or (alert := row.alerts.get(hazard_id)) is None or action not in _ACTIONS:
        return None
    row.commands = (*row.commands, command_id)[-_COMMANDS_KEPT:]
    allowed, status = _ACTIONS[action]
    if alert.status not in allowed:
        return None
    # A person's clock against capture time: an alert of a run may lie years back.
    alert.actor, alert.note = actor, note
    return _become(alert, status, max(alert.as_of_ms, at_ms) if row.live else alert.as_of_ms)


def end(row: Row, at_ms: int) -> None:
    """A run is over: its alerts stand as they are, and only what a deletion needs is kept."""
    row.gone |= {alert.hazard_id: alert.version for alert in row.alerts.values()}
    row.alerts, row.seen, row.commands, row.ended_ms = {}, {}, (), at_ms


def hazard_id(scope: str, source: str, frame_id: str, number: int) -> str:
    """The same for the same opening frame, however often it is folded."""
    return f"haz_{uuid5(_NAMESPACE, f'{scope}|{source}|{frame_id}|{number}').hex}"


def _confirm(row: Row, frame: Frame, limits: Limits) -> Iterable[Alert]:
    told: set[str] = set()
    for number, seen in enumerate(frame.seen):
        known = _match(row, frame, seen)
        if known is None:
            if seen.still_ms >= (limits.coloured_ms if seen.coloured else limits.grey_ms):
                opened = _open(row, frame, seen, number)
                told.add(opened.hazard_id)
                yield opened
        elif known.hazard_id not in told:
            # Two areas of one frame may be one alert's: it is told of once.
            told.add(known.hazard_id)
            yield from _again(known, frame, seen, limits)


def _match(row: Row, frame: Frame, seen: Seen) -> Alert | None:
    """The alert that an area belongs to: the same place for one camera, the same nearest table between cameras."""
    for alert in row.alerts.values():
        if alert.camera_id == frame.camera_id:
            near = iou(alert.box, seen.box) >= _SAME_PLACE
            if near or contains(alert.box, middle(seen.box)) or contains(seen.box, middle(alert.box)):
                return alert
        elif alert.near_table_ids[:1] == seen.near_table_ids[:1] != ():
            return alert
    return None


def _open(row: Row, frame: Frame, seen: Seen, number: int) -> Alert:
    alert = Alert(
        hazard_id=hazard_id(frame.scope, frame.source, frame.frame_id, number),
        camera_id=frame.camera_id,
        kind=seen.kind,
        status="opened",
        version=1,
        severity=_severity(seen),
        confidence=seen.score,
        box=seen.box,
        near_table_ids=seen.near_table_ids,
        opened_ms=frame.at_ms - seen.still_ms,
        as_of_ms=frame.at_ms,
        frame_ids=(frame.frame_id,),
        frame_key=frame.frame_key,
        detector=frame.detector,
        changed_ms=frame.at_ms,
    )
    row.alerts[alert.hazard_id] = alert
    return alert


def _again(alert: Alert, frame: Frame, seen: Seen, limits: Limits) -> Iterable[Alert]:
    """Seen once more: tell only what a reader would act on."""
    alert.as_of_ms, alert.gone_ms = frame.at_ms, None
    if alert.status == "dismissed":
        return
    if alert.camera_id == frame.camera_id:
        alert.box = seen.box
    alert.frame_ids = (*alert.frame_ids, frame.frame_id)[-_EVIDENCE_FRAMES:]
    if seen.score > alert.confidence:
        alert.confidence, alert.frame_key = seen.score, frame.frame_key
    if alert.status == "cleared" and frame.at_ms - alert.changed_ms >= limits.reopen_ms:
        alert.actor = alert.note = None
        yield _become(alert, "opened", frame.at_ms)
    elif alert.severity == "info" and _severity(seen) == "warning":
        alert.severity = "warning"
        yield _become(alert, alert.status, frame.at_ms)


def _miss(row: Row, frame: Frame, limits: Limits) -> Iterable[Alert]:
    """Alerts of this camera that its frame does not show: gone for a while is cleared, for longer is verified."""
    for alert in row.alerts.values():
        if alert.camera_id != frame.camera_id or alert.as_of_ms >= frame.at_ms or alert.status == "dismissed":
            continue
        alert.gone_ms = frame.at_ms if alert.gone_ms is None else alert.gone_ms
        gone_for = frame.at_ms - alert.gone_ms
        if alert.status in OPEN and gone_for >= limits.clear_ms:
            yield _become(alert, "cleared", frame.at_ms)
        elif alert.status == "cleared" and gone_for >= limits.verify_ms:
            yield _become(alert, "verified", frame.at_ms)


def _become(alert: Alert, status: str, at_ms: int) -> Alert:
    alert.status, alert.version, alert.changed_ms = status, alert.version + 1, at_ms
    return alert


def _settle(row: Row, now_ms: int, limits: Limits) -> None:
    """Drop alerts whose life is over; a dismissed one is remembered while its area may still be there."""
    for alert in list(row.alerts.values()):
        over = alert.status in ("verified", "expired")
        if over or (alert.status == "dismissed" and now_ms - alert.as_of_ms > limits.dismissed_ms):
            if not row.live:
                row.gone[alert.hazard_id] = alert.version
            del row.alerts[alert.hazard_id]


def _severity(seen: Seen) -> str:
    return "warning" if seen.coloured else "info"
