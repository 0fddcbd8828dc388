"""From a row to table.state: pure."""

from __future__ import annotations

from msgspec.structs import replace

from classifier_gateway.fold.row import Row
from tablewatch_schemas import TableState, TableStateEvidence, TableStateEvidenceModel, from_ms


def say(row: Row, reason: str, *, last: bool = False) -> tuple[Row, TableState]:
    """The row with its version raised, and the state that it now says."""
    row = replace(row, version=row.version + 1, told_ms=row.as_of_ms)
    return row, TableState(
        table_id=row.table_id,
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
        evidence=_evidence(row),
        last=last,
    )


def _evidence(row: Row) -> TableStateEvidence:
    return TableStateEvidence(
        evidence_ids=row.evidence_ids,
        frame_ids=row.frame_ids,
        people=row.people,
        model=None if row.model is None else TableStateEvidenceModel(name=row.model[0], version=row.model[1]),
        layout_version=row.layout_version,
    )
