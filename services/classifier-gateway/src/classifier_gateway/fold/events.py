"""From a row to table.state, and the tick. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from classifier_gateway.fold.row import UNKNOWN, Row, Vote
from tablewatch_schemas import (
    TableEvidence,
    TableState,
    TableStateEvidence,
    TableStateEvidenceModel,
    TableStateVote,
    from_ms,
)


def table_state_event(row: Row, reason: str, *, last: bool = False) -> TableState:
    """The state of a row, under its version."""
    return TableState(
        table_id=row.table_id,
        label=row.label,
        site_id=row.site_id,
        run_id=row.run_id,
        video_id=row.video_id,
        camera_ids=row.cameras,
        version=row.version,
        state=row.state,
        previous_state=row.previous,
        confidence=row.confidence,
        as_of=from_ms(row.as_of_ms),
        since=from_ms(row.since_ms),
        expires_at=from_ms(row.expires_ms),
        reason=reason,
        unknown_reason=row.unknown_reason if row.state == UNKNOWN else None,
        evidence=_evidence(row),
        votes=_votes(row.votes),
        last=last,
    )


def _votes(votes: Mapping[str, Vote]) -> tuple[TableStateVote, ...]:
    """What each camera said, with its share of what counted."""
    total = sum(vote.weight for vote in votes.values()) or 1.0
    return tuple(
        TableStateVote(
            camera_id=camera, label=vote.label, reason=vote.reason, confidence=vote.confidence,
            as_of=from_ms(vote.at_ms), zone_pixels=vote.pixels, doubt=vote.doubt,
            weight=round(vote.weight / total, 3), excluded=vote.excluded,
        )
        for camera, vote in sorted(votes.items())
    )  # fmt: skip


def tick_event(partition: int, now: datetime) -> TableEvidence:
    """Tells the rows of one partition what time it is."""
    return TableEvidence(
        kind="tick", site_id=None, table_id=None, camera_id=None, run_id=None, source_id=f"clock-{partition}",
        captured_at=now, label=None, confidence=None, people=None, things=None, reason=None, frame_id=None,
        frame_key=None, crop=None, model=None, layout_version=None, thresholds=None, last=False,
    )  # fmt: skip


def _evidence(row: Row) -> TableStateEvidence:
    return TableStateEvidence(
        evidence_ids=row.evidence_ids,
        frame_ids=row.frame_ids,
        people=row.people,
        model=None if row.model is None else TableStateEvidenceModel(name=row.model[0], version=row.model[1]),
        layout_version=row.layout_version,
    )
