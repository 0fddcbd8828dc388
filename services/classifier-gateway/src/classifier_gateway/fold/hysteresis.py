"""Hysteresis: when the evidence for another state is steady enough. Pure; times are capture time.

A doubtful look is evidence for `unknown`, and its candidate (`next_doubt`) stands beside that of another state. So a
few doubtful looks neither end nor carry a candidate, and one that is right between them is not lost.
"""

from __future__ import annotations

from msgspec.structs import replace

from classifier_gateway.fold.row import TAKEN, UNKNOWN, Candidate
from tablewatch_schemas import TableEvidenceThresholds

_MOST_IDS = 5
_MAJORITY = 0.6
_MOSTLY = 0.7  # more than two of three: a look in doubt, a certain one and another in doubt is not yet doubt
_HALF = 0.5
_CERTAIN = "certain"


def next_candidate(
    candidate: Candidate | None,
    state: str,
    label: str,
    confidence: float,
    at_ms: int,
    thresholds: TableEvidenceThresholds,
) -> Candidate | None:
    """The candidate after one verdict. `state` is what the table is, `label` what was seen at `at_ms`.

    A verdict against the candidate is ignored when one for it follows within `hold_ms`. One that drowned in doubt is no
    candidate any more: a table that nobody could tell for an hour needs no hour of certain looks to be known again.
    """
    if candidate is None or _has_drowned(candidate, state, label, at_ms, thresholds):
        return None if label == state else _new(label, confidence, at_ms)
    if label == candidate.label:
        return _supported(candidate, confidence, at_ms, thresholds.hold_ms)
    since = candidate.against_ms if candidate.against_ms is not None else at_ms
    if at_ms - since >= thresholds.hold_ms and (candidate.against or thresholds.hold_ms == 0):
        return None if label == state else _new(label, confidence, at_ms)
    return replace(candidate, against=candidate.against + 1, against_ms=since)


def next_doubt(
    doubt: Candidate | None, *, doubtful: bool, at_ms: int, thresholds: TableEvidenceThresholds
) -> Candidate | None:
    """The candidate `unknown` after one look. It ends as another does: by certain looks for longer than `hold_ms`."""
    return next_candidate(doubt, _CERTAIN, UNKNOWN if doubtful else _CERTAIN, 1.0, at_ms, thresholds)


def with_doubt(candidate: Candidate | None) -> Candidate | None:
    """The candidate of another state after one doubtful look."""
    return None if candidate is None else replace(candidate, doubtful=candidate.doubtful + 1)


def is_steady(candidate: Candidate | None, state: str, thresholds: TableEvidenceThresholds, before: str | None) -> bool:
    """Whether the candidate becomes the state: its evidence lasted long enough and has the majority since its first.

    `before` is the state that doubt has interrupted, which comes back sooner than another begins.
    """
    if candidate is None or candidate.against_ms is not None or is_too_doubtful(candidate, state):
        return False
    needed_ms = thresholds.hold_ms if candidate.label == before else _needed_ms(candidate.label, state, thresholds)
    return candidate.last_ms - candidate.first_ms >= needed_ms and _share(candidate) >= _MAJORITY


def is_doubt_steady(doubt: Candidate | None, thresholds: TableEvidenceThresholds) -> bool:
    """Whether the table is unknown: doubtful for longer than one contrary verdict is ignored, and most of the time."""
    if doubt is None or doubt.against_ms is not None:
        return False
    return doubt.last_ms - doubt.first_ms > thresholds.hold_ms and _share(doubt) >= _MOSTLY


def is_too_doubtful(candidate: Candidate, state: str) -> bool:
    """Whether so many looks since its first verdict could not tell that the table is unknown rather.

    Out of unknown more of them must be certain, or a table that is doubtful most of the time would come and go.
    """
    looks = candidate.votes + candidate.against + candidate.doubtful
    return candidate.doubtful / looks >= (_HALF if state == UNKNOWN else _MOSTLY)


def _has_drowned(candidate: Candidate, state: str, label: str, at_ms: int, thresholds: TableEvidenceThresholds) -> bool:
    """Whether most looks could not tell, and none was for it for longer than a state takes to change.

    The one that says `label` now counts: where looks are ten seconds apart, each other one may be in doubt.
    """
    alone_ms = max(thresholds.enter_ms, thresholds.leave_ms)
    counted = replace(candidate, votes=candidate.votes + 1) if label == candidate.label else candidate
    return at_ms - candidate.last_ms > alone_ms and is_too_doubtful(counted, state)


def confidence_of(candidate: Candidate) -> float:
    """Mean confidence of the verdicts for it, times their share of all looks, doubtful ones too."""
    looks = candidate.votes + candidate.against + candidate.doubtful
    return round(candidate.confidence_sum / looks, 3)


def with_ids(candidate: Candidate, evidence_id: str, frame_id: str | None) -> Candidate:
    """The candidate with the ids of its newest verdict; the first and the latest few stay."""
    frames = candidate.frame_ids if frame_id is None else _bounded((*candidate.frame_ids, frame_id))
    return replace(candidate, evidence_ids=_bounded((*candidate.evidence_ids, evidence_id)), frame_ids=frames)


def _needed_ms(label: str, state: str, thresholds: TableEvidenceThresholds) -> int:
    """Leaving takes longer than entering; out of unknown both are quick."""
    leaving = (state in TAKEN and label not in TAKEN) or (label == "free" and state != UNKNOWN)
    return thresholds.leave_ms if leaving else thresholds.enter_ms


def _new(label: str, confidence: float, at_ms: int) -> Candidate:
    return Candidate(
        label=label, first_ms=at_ms, last_ms=at_ms, votes=1, against=0, against_ms=None, confidence_sum=confidence,
        evidence_ids=(), frame_ids=(),
    )  # fmt: skip


def _supported(candidate: Candidate, confidence: float, at_ms: int, hold_ms: int) -> Candidate:
    if candidate.against_ms is not None and at_ms - candidate.against_ms > hold_ms:
        return _new(candidate.label, confidence, at_ms)
    return replace(
        candidate,
        first_ms=min(candidate.first_ms, at_ms),
        last_ms=max(candidate.last_ms, at_ms),
        votes=candidate.votes + 1,
        against_ms=None,
        confidence_sum=round(candidate.confidence_sum + confidence, 6),
    )


def _share(candidate: Candidate) -> float:
    return candidate.votes / (candidate.votes + candidate.against)


def _bounded(ids: tuple[str, ...]) -> tuple[str, ...]:
    return ids if len(ids) <= _MOST_IDS else (ids[0], *ids[-_MOST_IDS + 1 :])
