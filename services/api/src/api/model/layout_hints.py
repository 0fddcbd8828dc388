"""Looks whose doubt may come from how a table is drawn, counted for who draws layouts. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tablewatch_schemas import TableEvidence

REASONS = ("person_outside_zone", "zone_too_small")
"""Doubts that another outline of the table may end."""
MARKS = tuple(f'"{reason}"'.encode() for reason in REASONS)
"""What the value of a record contains that is to be counted; others of the live lane are not even decoded."""


class DoubtfulLook(NamedTuple):
    """One look that is counted. A source (camera or run) looks at a table once at each capture time."""

    camera_id: str
    layout_version: int
    table_id: str
    reason: str
    site_id: str
    source_id: str
    run_id: str | None
    captured_at: datetime


def doubtful_look(evidence: TableEvidence) -> DoubtfulLook | None:
    """The look to count; None: it says nothing about how the table is drawn."""
    if evidence.kind != "verdict" or evidence.label != "unknown" or evidence.reason not in REASONS:
        return None
    site, camera, version = evidence.site_id, evidence.camera_id, evidence.layout_version
    if site is None or camera is None or version is None or evidence.table_id is None:
        return None
    return DoubtfulLook(
        camera, version, evidence.table_id, evidence.reason, site, evidence.source_id, evidence.run_id,
        evidence.captured_at,
    )  # fmt: skip
