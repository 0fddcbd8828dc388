"""Hysteresis: when the evidence for another state is steady enough. Pure; seconds count in capture time."""

from __future__ import annotations

from msgspec.structs import replace

from classifier_gateway.fold.row import TAKEN, UNKNOWN, Candidate, Thresholds

_KEPT_IDS = 5
_SHARE = 0.6


def vote(
    candidate: Candidate | None, state: str, label: str, confidence: float, at_ms: int, limits: Thresholds
) -> Candidate | None:
    """The candidate after one verdict. `state` is what the table is, `label` what was seen at `at_ms`.

    A verdict against the candidate is ignored when one for it follows within `hold_ms`.
    """
    if candidate is None:
        return None if label == state else _begin(label, confidence, at_ms)
    if label == candidate.label:
        return _support(candidate, confidence, at_ms, limits.hold_ms)
    since = candidate.against_ms if candidate.against_ms is not None else at_ms
    if at_ms - since >= limits.hold_ms and (candidate.against or limits.hold_ms == 0):
        return None if label == state else _begin(label, confidence, at_ms)
    return replace(candidate, against=candidate.against + 1, against_ms=since)


def concluded(candidate: Candidate | None, state: str, limits: Thresholds) -> bool:
    """Whether the candidate is now the state: long enough, and most verdicts since its first speak for it."""
    if candidate is None or candidate.against_ms is not None:
        return False
    lasted = candidate.last_ms - candidate.first_ms
    return lasted >= needed_ms(candidate.label, state, limits) and _share(candidate) >= _SHARE


def needed_ms(label: str, state: str, limits: Thresholds) -> int:
    """Leaving takes longer than entering; out of unknown both are quick."""
    leaving = (state in TAKEN and label not in TAKEN) or (label == "free" and state != UNKNOWN)
    return limits.leave_ms if leaving else limits.enter_ms


def confidence_of(candidate: Candidate) -> float:
    """Mean confidence of its votes, less what spoke against it."""
    return round(candidate.trust / candidate.votes * _share(candidate), 3)


def with_ids(candidate: Candidate, evidence_id: str, frame_id: str | None) -> Candidate:
    """The candidate with what its newest vote came from; the first and the latest few are kept."""
    frames = candidate.frame_ids if frame_id is None else _kept((*candidate.frame_ids, frame_id))
    return replace(candidate, evidence_ids=_kept((*candidate.evidence_ids, evidence_id)), frame_ids=frames)


def _begin(label: str, confidence: float, at_ms: int) -> Candidate:
    return Candidate(
        label=label, first_ms=at_ms, last_ms=at_ms, votes=1, against=0, against_ms=None, trust=confidence,
        evidence_ids=(), frame_ids=(),
    )  # fmt: skip


def _support(candidate: Candidate, confidence: float, at_ms: int, hold_ms: int) -> Candidate:
    if candidate.against_ms is not None and at_ms - candidate.against_ms > hold_ms:
        return _begin(candidate.label, confidence, at_ms)
    return replace(
        candidate,
        first_ms=min(candidate.first_ms, at_ms),
        last_ms=max(candidate.last_ms, at_ms),
        votes=candidate.votes + 1,
        against_ms=None,
        trust=round(candidate.trust + confidence, 6),
    )


def _share(candidate: Candidate) -> float:
    return candidate.votes / (candidate.votes + candidate.against)


def _kept(ids: tuple[str, ...]) -> tuple[str, ...]:
    return ids if len(ids) <= _KEPT_IDS else (ids[0], *ids[-_KEPT_IDS + 1 :])
