"""One table seen by several cameras: the newest look of each is its vote. Pure; times are capture time.

A vote weighs as much as its camera sees: the root of the zone's pixels (how tall a guest is there), times the share of
looks that were certain so far. Two of three equal cameras decide; one of two does so only with nearly twice the view.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from classifier_gateway.fold.row import TAKEN, UNKNOWN, Vote
from tablewatch_schemas import TableEvidence
from tablewatch_schemas.doubts import CAMERAS_DISAGREE, DOUBTFUL, doubt_code

BLIND, STALE, OLDER = "blind", "stale", "older"
_DECISIVE = 0.65
_LOOKS = 50  # of which the share of doubt is told
_USUAL_PIXELS, _MOST_PIXELS = 128 * 128, 256 * 256  # without a size; from where more pixels show nothing more
FORGET_MS = 3_600_000
"""After so long a camera that has not looked is taken as one that sees the table no more."""


@dataclass(frozen=True, slots=True)
class Count:
    """What the votes come to: a label (`unknown` with a reason), and the votes with what each weighed."""

    label: str
    confidence: float
    reason: str | None
    votes: dict[str, Vote]


def camera_of(evidence: TableEvidence) -> str:
    """Who votes: the camera, or the run of a video without one."""
    return evidence.camera_id or evidence.source_id


def cast(votes: Mapping[str, Vote], evidence: TableEvidence, label: str, at_ms: int) -> dict[str, Vote]:
    """The votes after one look. A camera that has not looked for an hour is dropped."""
    camera = camera_of(evidence)
    before = votes.get(camera)
    looks = min(_LOOKS, 1 if before is None else before.looks + 1)
    doubt = 0.0 if before is None else before.doubt
    doubtful = label == UNKNOWN
    certain, since_ms = _certain_since(before, label, at_ms)
    vote = Vote(
        label=label,
        reason=doubt_code(evidence.reason) if doubtful else None,
        confidence=evidence.confidence if evidence.confidence is not None else 0.5,
        at_ms=at_ms,
        since_ms=since_ms,
        certain=certain if doubtful else None,
        pixels=evidence.zone_pixels if evidence.zone_pixels is not None else before.pixels if before else None,
        doubt=round(doubt + (doubtful - doubt) / (looks + 1), 4),
        looks=looks,
    )
    return {name: each for name, each in votes.items() if at_ms - held_ms(each) <= FORGET_MS} | {camera: vote}


def count(votes: Mapping[str, Vote], blind: Iterable[str], at_ms: int, ttl_ms: int) -> Count | None:
    """What they say at a time; None when nobody has a vote."""
    weighed = _weighed(votes, frozenset(blind), at_ms, ttl_ms)
    counted = [each for each in weighed.values() if each.excluded is None]
    certain = [each for each in counted if each.label != UNKNOWN]
    if not counted:
        return None
    if not certain:
        return _doubt(max(counted, key=_rank).reason or DOUBTFUL, weighed)
    best = max(certain, key=_rank)
    sides: dict[str, float] = {}
    for each in certain:
        sides[_side(each.label)] = sides.get(_side(each.label), 0.0) + each.weight
    winner = max(sides, key=lambda side: (sides[side], side == _side(best.label)))
    share = sides[winner] / sum(sides.values())
    if share < _DECISIVE:
        return _doubt(CAMERAS_DISAGREE, weighed)
    agreeing = [each for each in certain if _side(each.label) == winner]
    confidence = sum(each.weight * each.confidence for each in agreeing) / sum(sides.values())
    label = max(agreeing, key=_rank).label
    return Count(label, round(confidence, 4), None, weighed)


def renew(vote: Vote, at_ms: int, gated_ms: int) -> Vote:
    """The vote after a frame in which nothing changed: it stands for at most `gated_ms` after the look."""
    return replace(vote, renewed_ms=max(held_ms(vote), min(at_ms, vote.at_ms + gated_ms)))


def held_ms(vote: Vote) -> int:
    """Up to when what the camera saw is known to hold."""
    return max(vote.at_ms, vote.renewed_ms)


def agree(one: str, other: str) -> bool:
    """Whether two labels say the same of a table: seated and occupied are both taken."""
    return _side(one) == _side(other)


def seeing(votes: Mapping[str, Vote], at_ms: int, ttl_ms: int) -> set[str]:
    """Cameras whose vote is not stale, well or not."""
    return {camera for camera, vote in votes.items() if abs(at_ms - held_ms(vote)) <= ttl_ms}


def without_vote(votes: Mapping[str, Vote], cameras: Iterable[str] | None = None) -> dict[str, Vote]:
    """The votes when these cameras have none because they are blind; None: nobody has looked for too long."""
    why, gone = (STALE, frozenset(votes)) if cameras is None else (BLIND, frozenset(cameras))
    return {name: replace(vote, excluded=why, weight=0.0) if name in gone else vote for name, vote in votes.items()}


def _doubt(reason: str, votes: dict[str, Vote]) -> Count:
    return Count(UNKNOWN, 0.0, reason, votes)


def _certain_since(before: Vote | None, label: str, at_ms: int) -> tuple[str | None, int]:
    """What a camera said last when it was certain, and since when. A doubtful look changes neither.

    0 where it is not known to have said anything else: it has seen no change.
    """
    certain = None if before is None else _certain(before)
    since_ms = 0 if before is None or certain is None else before.since_ms
    if label == UNKNOWN:
        return certain, since_ms
    return label, since_ms if certain is None or agree(certain, label) else at_ms


def _weighed(votes: Mapping[str, Vote], blind: frozenset[str], at_ms: int, ttl_ms: int) -> dict[str, Vote]:
    fresh = seeing(votes, at_ms, ttl_ms) - blind
    weighed = {}
    for camera, vote in votes.items():
        excluded = BLIND if camera in blind else STALE if camera not in fresh else None
        if excluded is None and _is_older(vote, [votes[other] for other in fresh]):
            excluded = OLDER
        weighed[camera] = replace(vote, excluded=excluded, weight=0.0 if excluded else _weight(vote))
    return weighed


def _is_older(vote: Vote, others: Iterable[Vote]) -> bool:
    """Whether another camera has seen the table change since this one looked, so that this one contradicts nothing.

    That the other is in doubt now does not bring back what was before the change.
    """
    return any(
        (label := _certain(other)) is not None and not agree(vote.label, label) and other.since_ms > held_ms(vote)
        for other in others
    )


def _certain(vote: Vote) -> str | None:
    """What the camera said when it was certain last."""
    return vote.certain if vote.label == UNKNOWN else vote.label


def _weight(vote: Vote) -> float:
    pixels = min(_USUAL_PIXELS if vote.pixels is None else vote.pixels, _MOST_PIXELS)
    return round(math.sqrt(max(1, pixels)) * (1 - vote.doubt), 2)


def _rank(vote: Vote) -> tuple[float, int, str]:
    return vote.weight, vote.at_ms, vote.label


def _side(label: str) -> str:
    return "taken" if label in TAKEN else label
