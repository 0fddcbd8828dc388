"""The fold: a row and one piece of evidence give the next row and what is to be said. Pure, no Faust, no clock.

Everything depends on the row and the evidence alone, so that a repeat after a crash says the same again under the same
ids, and evidence that the row has already seen says nothing. Order is kept per (table, source): one camera being ahead
does not silence another. Rows and outputs: see `row.py` and the README.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from classifier_gateway.fold.row import STATES, UNKNOWN, Row, Thresholds
from classifier_gateway.fold.say import say
from classifier_gateway.fold.vote import concluded, confidence_of, vote, with_ids
from tablewatch_schemas import TableEvidence, TableState, to_ms

DELETED, ENDED = "deleted", "ended"
_STICKY = frozenset({"reserved", "blocked"})
_MEMORY = 0.8


@dataclass(frozen=True, slots=True)
class Folded:
    """The next row, what to say, and whether the key is to be erased with a tombstone."""

    row: Row
    states: tuple[TableState, ...] = ()
    erased: bool = False


def fold(row: Row | None, evidence: TableEvidence, evidence_id: str, defaults: Thresholds) -> Folded:
    """One piece of evidence about one table. Kinds that this version does not know change nothing."""
    row = row or _new(evidence)
    if evidence.kind == "end":
        return _end(row, evidence, evidence_id, defaults)
    if row.closed or evidence.kind not in _KINDS or _repeated(row, evidence):
        return Folded(row)
    seen = replace(
        row,
        video_id=row.video_id or evidence.video_id,
        order=row.order | {_source(evidence): to_ms(evidence.captured_at)},
        idle_ms=None,
    )
    return _KINDS[evidence.kind](seen, evidence, evidence_id, _limits(evidence, defaults))


def tick(row: Row, now_ms: int, forget_ms: int) -> Folded | None:
    """Time goes by. A live state grows stale; a run's row is forgotten (None) `forget_ms` after its first idle tick."""
    if row.run_id is None:
        expired = row.state != UNKNOWN and now_ms > row.expires_ms
        return _stale(row) if expired else Folded(row)
    if row.idle_ms is None:
        return Folded(replace(row, idle_ms=now_ms))
    return None if now_ms - row.idle_ms > forget_ms else Folded(row)


def _new(evidence: TableEvidence) -> Row:
    if evidence.table_id is None or evidence.site_id is None:
        raise ValueError("evidence of no table")
    return Row(table_id=evidence.table_id, site_id=evidence.site_id, run_id=evidence.run_id, video_id=evidence.video_id)


def _source(evidence: TableEvidence) -> str:
    # Health and signals are told at other times than frames, and must not silence them.
    seen = evidence.kind in ("verdict", "unavailable")
    return evidence.source_id if seen else f"{evidence.kind}:{evidence.source_id}"


def _repeated(row: Row, evidence: TableEvidence) -> bool:
    newest = row.order.get(_source(evidence))
    return newest is not None and to_ms(evidence.captured_at) <= newest


def _limits(evidence: TableEvidence, defaults: Thresholds) -> Thresholds:
    own = evidence.thresholds
    if own is None:
        return defaults
    return Thresholds(enter_ms=own.enter_ms, leave_ms=own.leave_ms, hold_ms=own.hold_ms, ttl_ms=own.ttl_ms)


def _verdict(row: Row, evidence: TableEvidence, evidence_id: str, limits: Thresholds) -> Folded:
    at_ms = to_ms(evidence.captured_at)
    row, states = _gap(row, at_ms, limits)
    if evidence.camera_id in row.unwell or evidence.label not in STATES or evidence.label == UNKNOWN:
        return Folded(row, states)
    label = row.state if row.state in _STICKY and evidence.label == "free" else evidence.label
    confidence = evidence.confidence if evidence.confidence is not None else 0.5
    row = _noted(row, evidence, at_ms, limits)
    candidate = vote(row.candidate, row.state, label, confidence, at_ms, limits)
    if candidate is not None and label == candidate.label:
        candidate = with_ids(candidate, evidence_id, evidence.frame_id)
    row = replace(row, candidate=candidate)
    if concluded(candidate, row.state, limits):
        row, said = _concluded(row)
        return Folded(row, (*states, said))
    row = _held(row, label, confidence, evidence_id, evidence.frame_id)
    if row.state != UNKNOWN and at_ms - row.told_ms >= limits.ttl_ms / 2:
        row, said = say(row, "refresh")
        return Folded(row, (*states, said))
    return Folded(row, states)


def _unavailable(row: Row, evidence: TableEvidence, evidence_id: str, limits: Thresholds) -> Folded:
    return Folded(*_gap(row, to_ms(evidence.captured_at), limits))


def _camera(row: Row, evidence: TableEvidence, evidence_id: str, limits: Thresholds) -> Folded:
    """Health of one camera: label unknown while it sees nothing useful, null when it is well."""
    name = evidence.camera_id or evidence.source_id
    others = {camera: why for camera, why in row.unwell.items() if camera != name}
    if evidence.label != UNKNOWN:
        return Folded(replace(row, unwell=others))
    row = replace(row, unwell=others | {name: evidence.reason or ""})
    if row.state == UNKNOWN or any(camera not in row.unwell for camera in row.cameras):
        return Folded(row)
    return Folded(*_told(_turned(row, UNKNOWN, to_ms(evidence.captured_at), 0.0), "camera"))


def _signal(row: Row, evidence: TableEvidence, evidence_id: str, limits: Thresholds) -> Folded:
    """Somebody says what the table is: at once, without hysteresis."""
    if evidence.label not in STATES:
        return Folded(row)
    at_ms = to_ms(evidence.captured_at)
    row = _noted(row, evidence, at_ms, limits)
    confidence = evidence.confidence if evidence.confidence is not None else 1.0
    row = replace(_turned(row, evidence.label, at_ms, confidence), evidence_ids=(evidence_id,), frame_ids=())
    return Folded(*_told(row, "signal"))


def _end(row: Row, evidence: TableEvidence, evidence_id: str, defaults: Thresholds) -> Folded:
    """The last word of a run; said once, however often the end comes."""
    if evidence.reason == DELETED:
        return Folded(replace(row, closed=DELETED, candidate=None, idle_ms=None), erased=row.closed != DELETED)
    if row.closed:
        return Folded(row)
    row = _guessed(replace(row, video_id=row.video_id or evidence.video_id))
    if not row.as_of_ms:
        at_ms = to_ms(evidence.captured_at)
        row = replace(row, as_of_ms=at_ms, since_ms=at_ms, expires_ms=at_ms + _limits(evidence, defaults).ttl_ms)
    row, said = say(replace(row, evidence_ids=row.evidence_ids or (evidence_id,)), "ended", last=True)
    row = Row(
        table_id=row.table_id, site_id=row.site_id, run_id=row.run_id, video_id=row.video_id, version=row.version,
        closed=ENDED,
    )  # fmt: skip
    return Folded(row, (said,))


def _guessed(row: Row) -> Row:
    """A run too short for steady evidence ends with what was seen, at half the confidence."""
    candidate = row.candidate
    if row.state != UNKNOWN or candidate is None or candidate.against:
        return row
    row = replace(row, evidence_ids=candidate.evidence_ids, frame_ids=candidate.frame_ids)
    return _turned(row, candidate.label, candidate.first_ms, round(confidence_of(candidate) / 2, 3))


def _gap(row: Row, at_ms: int, limits: Thresholds) -> tuple[Row, tuple[TableState, ...]]:
    """Stale by capture time alone: nothing was seen between the last evidence and `at_ms` for longer than it holds."""
    if row.candidate is not None and at_ms - row.candidate.last_ms > limits.ttl_ms:
        row = replace(row, candidate=None)
    if row.state == UNKNOWN or at_ms <= row.expires_ms:
        return row, ()
    folded = _stale(row)
    return folded.row, folded.states


def _stale(row: Row) -> Folded:
    return Folded(*_told(_turned(row, UNKNOWN, row.expires_ms, 0.0), "stale"))


def _concluded(row: Row) -> tuple[Row, TableState]:
    candidate = row.candidate
    if candidate is None:
        raise ValueError("no candidate")
    turned = _turned(row, candidate.label, candidate.first_ms, confidence_of(candidate))
    return say(replace(turned, evidence_ids=candidate.evidence_ids, frame_ids=candidate.frame_ids), "evidence")


def _turned(row: Row, state: str, since_ms: int, confidence: float) -> Row:
    """In another state, dated back to `since_ms` but never before the one before it."""
    previous = row.state if row.version else None
    since = max(since_ms, row.since_ms)
    return replace(row, previous=previous, state=state, since_ms=since, confidence=confidence, candidate=None)


def _noted(row: Row, evidence: TableEvidence, at_ms: int, limits: Thresholds) -> Row:
    """What every usable verdict tells: who looked, when, with what."""
    cameras = row.cameras
    if evidence.camera_id is not None and evidence.camera_id not in cameras:
        cameras = tuple(sorted((*cameras, evidence.camera_id)))
    as_of = max(row.as_of_ms, at_ms)
    model = row.model if evidence.model is None else (evidence.model.name, evidence.model.version)
    return replace(
        row,
        cameras=cameras,
        as_of_ms=as_of,
        expires_ms=max(row.expires_ms, as_of + limits.ttl_ms),
        people=evidence.people,
        model=model,
        layout_version=evidence.layout_version or row.layout_version,
    )


def _held(row: Row, label: str, confidence: float, evidence_id: str, frame_id: str | None) -> Row:
    """The state stays: confidence follows the verdicts, and what agrees is what it rests on."""
    if row.state == UNKNOWN:
        return row
    agrees = label == row.state
    share = confidence if agrees else 1 - confidence
    row = replace(row, confidence=round(_MEMORY * row.confidence + (1 - _MEMORY) * share, 3))
    if not agrees:
        return row
    return replace(row, evidence_ids=(evidence_id,), frame_ids=row.frame_ids if frame_id is None else (frame_id,))


def _told(row: Row, reason: str) -> tuple[Row, tuple[TableState, ...]]:
    row, said = say(row, reason)
    return row, (said,)


_KINDS: dict[str, Callable[[Row, TableEvidence, str, Thresholds], Folded]] = {
    "verdict": _verdict,
    "unavailable": _unavailable,
    "camera": _camera,
    "signal": _signal,
}
