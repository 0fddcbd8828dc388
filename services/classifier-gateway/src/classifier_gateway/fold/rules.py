"""The rules of a table's state: a row and one piece of evidence give the next row and the states to publish. Pure.

Everything depends on the row and the evidence alone, never on a clock: evidence that is redelivered after a crash makes
the same states under the same ids, and evidence that the row has seen already makes none. Order is kept per (table,
source), so that a camera that is ahead does not silence another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from classifier_gateway.fold.events import table_state_event
from classifier_gateway.fold.hysteresis import (
    confidence_of,
    is_doubt_steady,
    is_steady,
    is_too_doubtful,
    next_candidate,
    next_doubt,
    with_doubt,
    with_ids,
)
from classifier_gateway.fold.row import STATES, UNKNOWN, Candidate, Row, Vote
from classifier_gateway.fold.votes import (
    FORGET_MS,
    Count,
    agree,
    camera_of,
    cast,
    count,
    held_ms,
    renew,
    seeing,
    without_vote,
)
from tablewatch_schemas import TableEvidence, TableEvidenceThresholds, TableState, to_ms
from tablewatch_schemas.defaults import GATED_MS
from tablewatch_schemas.doubts import (
    CAMERAS_DISAGREE,
    DOUBTFUL,
    DOUBTS,
    NO_EVIDENCE,
    SIGNAL,
    STALE,
    camera_code,
)

DELETED, ENDED = "deleted", "ended"
_STICKY = frozenset({"reserved", "blocked"})
_SMOOTHING = 0.8
_COIN = 0.5  # how sure a doubtful look is of anything


@dataclass(frozen=True, slots=True)
class RowChange:
    """The next row, the states to publish, and whether the key is to be erased with a tombstone."""

    row: Row
    states: tuple[TableState, ...] = ()
    erased: bool = False


def apply_evidence(
    row: Row | None,
    evidence: TableEvidence,
    evidence_id: str,
    defaults: TableEvidenceThresholds,
    gated_ms: int = GATED_MS,
) -> RowChange:
    """One piece of evidence about one table. Kinds that this version does not know change nothing.

    `gated_ms` is how long a look stands for frames in which nothing changed.
    """
    row = row or _new(evidence)
    if evidence.kind == "end":
        return _end(row, evidence, evidence_id, defaults)
    if row.closed or evidence.kind not in (*_KINDS, "gated") or _is_duplicate(row, evidence):
        return RowChange(row)
    seen = replace(
        row,
        video_id=row.video_id or evidence.video_id,
        newest_ms=row.newest_ms | {_source(evidence): to_ms(evidence.captured_at)},
        idle_ms=None,
    )
    thresholds = evidence.thresholds or defaults
    if evidence.kind == "gated":
        change = _gated(_named(seen, evidence), evidence, thresholds, gated_ms)
    else:
        change = _KINDS[evidence.kind](_named(seen, evidence), evidence, evidence_id, thresholds)
    is_renamed = change.row.label != row.label and row.version > 0
    return _publish(change.row, "refresh") if is_renamed and not change.states else change


def apply_tick(row: Row, now_ms: int, forget_ms: int) -> RowChange | None:
    """Time passes. A live state becomes stale; a run's row is dropped (None) `forget_ms` after its first idle tick."""
    if row.run_id is None:
        expired = row.state != UNKNOWN and now_ms > row.expires_ms
        return _stale(row) if expired else RowChange(row)
    if row.idle_ms is None:
        return RowChange(replace(row, idle_ms=now_ms))
    return None if now_ms - row.idle_ms > forget_ms else RowChange(row)


def _new(evidence: TableEvidence) -> Row:
    if evidence.table_id is None or evidence.site_id is None:
        raise ValueError("evidence of no table")
    return Row(table_id=evidence.table_id, site_id=evidence.site_id, run_id=evidence.run_id, video_id=evidence.video_id)


def _named(row: Row, evidence: TableEvidence) -> Row:
    """With the name that evidence brings, unless the row has it from a newer layout.

    A frame that was cut by the layout of before is often classified after a table was renamed. Layouts of several
    cameras may have the table, so it is when they were drawn that says which is newer; evidence of before does not
    say it, and is compared by version. A layout that nothing comes of any more, because it was drawn without the table
    or its camera is gone, names the table no longer than FORGET_MS.
    """
    version, at_ms = evidence.layout_version or 0, to_ms(evidence.captured_at)
    drawn_ms = 0 if evidence.layout_created_at is None else to_ms(evidence.layout_created_at)
    is_older = drawn_ms < row.label_ms if drawn_ms or row.label_ms else version < row.label_version
    if evidence.table_label is None or (is_older and at_ms - row.label_seen_ms <= FORGET_MS):
        return row
    return replace(row, label=evidence.table_label, label_version=version, label_ms=drawn_ms, label_seen_ms=at_ms)


def _source(evidence: TableEvidence) -> str:
    # Health and signals have other times than frames, and must not silence them.
    of_a_frame = evidence.kind in ("verdict", "unavailable", "gated")
    return evidence.source_id if of_a_frame else f"{evidence.kind}:{evidence.source_id}"


def _is_duplicate(row: Row, evidence: TableEvidence) -> bool:
    newest = row.newest_ms.get(_source(evidence))
    return newest is not None and to_ms(evidence.captured_at) <= newest


def _verdict(row: Row, evidence: TableEvidence, evidence_id: str, thresholds: TableEvidenceThresholds) -> RowChange:
    """One look of one camera: its vote, and what the votes of all cameras come to."""
    at_ms = to_ms(evidence.captured_at)
    row, states = _expired_by(row, at_ms, thresholds)
    label = evidence.label
    if evidence.camera_id in row.blind or label is None or label not in STATES:
        return RowChange(row, states)
    counted = count(cast(row.votes, evidence, label, at_ms), row.blind, at_ms, thresholds.ttl_ms)
    if counted is None:
        return RowChange(row, states)
    row = _with_votes(row, counted.votes, camera_of(evidence))
    if counted.label == UNKNOWN:
        return _doubtful(row, states, evidence, evidence_id, counted.reason or DOUBTFUL, thresholds)
    doubt = next_doubt(row.doubt, doubtful=False, at_ms=at_ms, thresholds=thresholds)
    row = replace(row, doubt=doubt, doubt_reason=None if doubt is None else row.doubt_reason)
    if not agree(label, counted.label):  # what the others saw holds; this look brings nothing newer of it
        return RowChange(row, states)
    return _certain(row, states, evidence, evidence_id, counted, thresholds)


def _certain(
    row: Row, states: tuple[TableState, ...], evidence: TableEvidence, evidence_id: str, counted: Count,
    thresholds: TableEvidenceThresholds,
) -> RowChange:  # fmt: skip
    at_ms, confidence = to_ms(evidence.captured_at), counted.confidence
    label = row.state if row.state in _STICKY and counted.label == "free" else counted.label
    row = _observed(row, evidence, at_ms, thresholds)
    candidate = next_candidate(row.candidate, row.state, label, confidence, at_ms, thresholds)
    if candidate is not None and label == candidate.label:
        candidate = with_ids(candidate, evidence_id, evidence.frame_id)
    row = replace(row, candidate=candidate)
    if candidate is not None and is_steady(candidate, row.state, thresholds, _before_doubt(row)):
        return _publish(_adopt(row, candidate, confidence_of(candidate)), "evidence", states)
    row = _unchanged(row, label, confidence, evidence_id, evidence.frame_id)
    return RowChange(row, states) if row.state == UNKNOWN else _refreshed(row, at_ms, thresholds, states)


def _doubtful(
    row: Row, states: tuple[TableState, ...], evidence: TableEvidence, evidence_id: str, reason: str,
    thresholds: TableEvidenceThresholds,
) -> RowChange:  # fmt: skip
    """A look after which nobody can tell. It is no evidence for the state of the table: that grows stale meanwhile.

    What people set (reserved, blocked) is not undone by doubt.
    """
    if row.state in _STICKY:
        return RowChange(row, states)
    at_ms = to_ms(evidence.captured_at)
    doubt = next_doubt(row.doubt, doubtful=True, at_ms=at_ms, thresholds=thresholds)
    if doubt is not None:
        doubt = with_ids(doubt, evidence_id, evidence.frame_id)
    row = replace(
        row, doubt=doubt, doubt_reason=reason, candidate=with_doubt(row.candidate),
        confidence=row.confidence if row.state == UNKNOWN else _smoothed(row.confidence, _COIN),
    )  # fmt: skip
    if row.unknown_reason in DOUBTS:
        row = replace(_observed(row, evidence, at_ms, thresholds), unknown_reason=reason)
        row = _with_evidence(row, evidence_id, evidence.frame_id)
        return _refreshed(row, at_ms, thresholds, states)
    if doubt is None or not is_doubt_steady(doubt, thresholds):
        return RowChange(row, states)
    row = _became_unknown(_observed(row, evidence, at_ms, thresholds), doubt.first_ms, reason)
    row = replace(row, doubt=doubt, evidence_ids=doubt.evidence_ids, frame_ids=doubt.frame_ids)
    return _publish(row, reason, states)


def _gated(row: Row, evidence: TableEvidence, thresholds: TableEvidenceThresholds, gated_ms: int) -> RowChange:
    """A frame in which nothing changed: what its camera saw last still holds, for at most `gated_ms` after that look.

    It renews the state where that look is what the state says, and is no vote for or against a candidate.
    """
    at_ms, camera = to_ms(evidence.captured_at), camera_of(evidence)
    row, states = _expired_by(row, at_ms, thresholds)
    vote = row.votes.get(camera)
    if vote is None or camera in row.blind:
        return RowChange(row, states)
    vote = renew(vote, at_ms, gated_ms)
    row = replace(row, votes=row.votes | {camera: vote})
    if not _says(vote, row) or held_ms(vote) <= row.as_of_ms:
        return RowChange(row, states)
    as_of = held_ms(vote)
    row = replace(row, as_of_ms=as_of, expires_ms=max(row.expires_ms, as_of + thresholds.ttl_ms))
    return _refreshed(row, as_of, thresholds, states)


def _says(vote: Vote, row: Row) -> bool:
    """Whether a vote is what the table's state says."""
    if row.state == UNKNOWN:
        return row.unknown_reason == CAMERAS_DISAGREE or (row.unknown_reason in DOUBTS and vote.label == UNKNOWN)
    return agree(vote.label, row.state) or (row.state in _STICKY and vote.label == "free")


def _with_votes(row: Row, votes: dict[str, Vote], camera: str) -> Row:
    """The row with these votes; a camera whose vote was dropped sees the table no more."""
    seen = {each for each in row.cameras if each in votes or each not in row.votes}
    cameras = row.cameras if camera == row.run_id else tuple(sorted(seen | {camera}))
    return replace(row, votes=votes, cameras=cameras)


def _before_doubt(row: Row) -> str | None:
    """The state that doubt has interrupted; None outside of doubt."""
    return row.previous if row.unknown_reason in DOUBTS else None


def _name(row: Row, evidence: TableEvidence, evidence_id: str, thresholds: TableEvidenceThresholds) -> RowChange:
    """What a table is called, and nothing about its state."""
    return RowChange(row)


def _unavailable(row: Row, evidence: TableEvidence, evidence_id: str, thresholds: TableEvidenceThresholds) -> RowChange:
    return RowChange(*_expired_by(row, to_ms(evidence.captured_at), thresholds))


def _camera(row: Row, evidence: TableEvidence, evidence_id: str, thresholds: TableEvidenceThresholds) -> RowChange:
    """Health of one camera: label unknown while it sees nothing useful, null when it is well."""
    camera = evidence.camera_id or evidence.source_id
    others = {name: why for name, why in row.blind.items() if name != camera}
    if evidence.label != UNKNOWN:
        return RowChange(replace(row, blind=others))
    at_ms = to_ms(evidence.captured_at)
    row = replace(row, blind=others | {camera: evidence.reason or ""})
    row = replace(row, votes=without_vote(row.votes, row.blind))
    cameras = seeing(row.votes, at_ms, thresholds.ttl_ms) or row.cameras
    if any(name not in row.blind for name in cameras):
        return RowChange(row)
    why = camera_code((evidence.reason or "").partition(":")[0])
    if row.state != UNKNOWN:
        return _publish(_became_unknown(row, at_ms, why), "camera")
    if row.unknown_reason in (why, SIGNAL):
        return RowChange(row)
    if not row.as_of_ms:  # never known: the first that is said of it
        row = replace(row, cameras=(camera,), as_of_ms=at_ms, since_ms=at_ms, expires_ms=at_ms + thresholds.ttl_ms)
    return _publish(replace(row, unknown_reason=why, candidate=None, doubt=None, doubt_reason=None), "camera")


def _signal(row: Row, evidence: TableEvidence, evidence_id: str, thresholds: TableEvidenceThresholds) -> RowChange:
    """A person or another system sets the state: at once, without hysteresis."""
    if evidence.label not in STATES:
        return RowChange(row)
    at_ms = to_ms(evidence.captured_at)
    row = _observed(row, evidence, at_ms, thresholds)
    confidence = evidence.confidence if evidence.confidence is not None else 1.0
    row = _transition(row, evidence.label, at_ms, confidence)
    if evidence.label == UNKNOWN:
        row = replace(row, unknown_reason=SIGNAL)
    return _publish(replace(row, evidence_ids=(evidence_id,), frame_ids=()), "signal")


def _end(row: Row, evidence: TableEvidence, evidence_id: str, defaults: TableEvidenceThresholds) -> RowChange:
    """The last state of a run; published once, however often the end is delivered."""
    if evidence.reason == DELETED:
        return RowChange(replace(row, closed=DELETED, candidate=None, idle_ms=None), erased=row.closed != DELETED)
    if row.closed:
        return RowChange(row)
    row = _best_guess(_named(replace(row, video_id=row.video_id or evidence.video_id), evidence))
    if row.state == UNKNOWN and row.unknown_reason is None:
        row = replace(row, unknown_reason=row.doubt_reason or NO_EVIDENCE)
    if not row.as_of_ms:
        at_ms = to_ms(evidence.captured_at)
        ttl_ms = (evidence.thresholds or defaults).ttl_ms
        row = replace(row, as_of_ms=at_ms, since_ms=at_ms, expires_ms=at_ms + ttl_ms)
    ended = _publish(replace(row, evidence_ids=row.evidence_ids or (evidence_id,)), "ended", last=True)
    return RowChange(_closed(ended.row), ended.states)


def _closed(row: Row) -> Row:
    """What stays of an ended run: enough to ignore late evidence."""
    return Row(
        table_id=row.table_id, site_id=row.site_id, run_id=row.run_id, video_id=row.video_id, version=row.version,
        closed=ENDED,
    )  # fmt: skip


def _best_guess(row: Row) -> Row:
    """A run too short for steady evidence ends with what was seen, at half the confidence."""
    candidate = row.candidate
    if row.state != UNKNOWN or row.unknown_reason in DOUBTS or candidate is None or candidate.against:
        return row
    if is_too_doubtful(candidate, row.state):
        return row
    return _adopt(row, candidate, round(confidence_of(candidate) / 2, 3))


def _expired_by(row: Row, at_ms: int, thresholds: TableEvidenceThresholds) -> tuple[Row, tuple[TableState, ...]]:
    """Stale by capture time alone: between the last evidence and `at_ms` is more time than a state holds."""
    if row.candidate is not None and at_ms - row.candidate.last_ms > thresholds.ttl_ms:
        row = replace(row, candidate=None)
    if row.doubt is not None and at_ms - row.doubt.last_ms > thresholds.ttl_ms:
        row = replace(row, doubt=None, doubt_reason=None)
    if at_ms <= row.expires_ms:
        return row, ()
    if row.state == UNKNOWN:  # readers take it as stale by its `expires_at`
        return replace(row, unknown_reason=STALE) if row.unknown_reason in DOUBTS else row, ()
    change = _stale(row)
    return change.row, change.states


def _stale(row: Row) -> RowChange:
    row = replace(row, votes=without_vote(row.votes))
    return _publish(_became_unknown(row, row.expires_ms, STALE), "stale")


def _became_unknown(row: Row, since_ms: int, reason: str | None) -> Row:
    """Unknown, with no confidence in anything."""
    return replace(_transition(row, UNKNOWN, since_ms, 0.0), unknown_reason=reason)


def _adopt(row: Row, candidate: Candidate, confidence: float) -> Row:
    """The candidate is the state, dated back to its first verdict."""
    row = _transition(row, candidate.label, candidate.first_ms, confidence)
    return replace(row, evidence_ids=candidate.evidence_ids, frame_ids=candidate.frame_ids)


def _transition(row: Row, state: str, since_ms: int, confidence: float) -> Row:
    """Another state, since `since_ms` but never before the start of the one before it."""
    previous = row.state if row.version else None
    since = max(since_ms, row.since_ms)
    return replace(
        row, previous=previous, state=state, since_ms=since, confidence=confidence, candidate=None, doubt=None,
        doubt_reason=None, unknown_reason=None,
    )  # fmt: skip


def _observed(row: Row, evidence: TableEvidence, at_ms: int, thresholds: TableEvidenceThresholds) -> Row:
    """With what every usable verdict or signal brings: camera, time, people, model, layout."""
    cameras = row.cameras
    if evidence.camera_id is not None and evidence.camera_id not in cameras:
        cameras = tuple(sorted((*cameras, evidence.camera_id)))
    as_of = max(row.as_of_ms, at_ms)
    model = row.model if evidence.model is None else (evidence.model.name, evidence.model.version)
    return replace(
        row,
        cameras=cameras,
        as_of_ms=as_of,
        expires_ms=max(row.expires_ms, as_of + thresholds.ttl_ms),
        people=evidence.people,
        model=model,
        layout_version=evidence.layout_version or row.layout_version,
    )


def _unchanged(row: Row, label: str, confidence: float, evidence_id: str, frame_id: str | None) -> Row:
    """The state stays: its confidence follows the verdicts, and the newest that agrees is its evidence."""
    if row.state == UNKNOWN:
        return row
    agrees = label == row.state
    share = confidence if agrees else 1 - confidence
    row = replace(row, confidence=_smoothed(row.confidence, share))
    return _with_evidence(row, evidence_id, frame_id) if agrees else row


def _smoothed(confidence: float, newest: float) -> float:
    return round(_SMOOTHING * confidence + (1 - _SMOOTHING) * newest, 3)


def _with_evidence(row: Row, evidence_id: str, frame_id: str | None) -> Row:
    return replace(row, evidence_ids=(evidence_id,), frame_ids=row.frame_ids if frame_id is None else (frame_id,))


def _refreshed(row: Row, at_ms: int, thresholds: TableEvidenceThresholds, states: tuple[TableState, ...]) -> RowChange:
    """Published again once half of its time has gone."""
    due = at_ms - row.published_ms >= thresholds.ttl_ms / 2
    return _publish(row, "refresh", states) if due else RowChange(row, states)


def _publish(row: Row, reason: str, before: tuple[TableState, ...] = (), *, last: bool = False) -> RowChange:
    """The row with the next version, and its state to publish after those of `before`."""
    row = replace(row, version=row.version + 1, published_ms=row.as_of_ms)
    return RowChange(row, (*before, table_state_event(row, reason, last=last)))


_KINDS: dict[str, Callable[[Row, TableEvidence, str, TableEvidenceThresholds], RowChange]] = {
    "verdict": _verdict,
    "unavailable": _unavailable,
    "camera": _camera,
    "signal": _signal,
    "name": _name,
}
