"""Verdicts through the real fold, in capture time: what a reader of table.state knew at every step, and knew later.

Nothing says how far apart the stills of a room are, so each is held for some seconds and looked at once a step, as a
camera would that films a room which then changes at once. All looks at one still give the same verdict: the fold can
vote no error of it away, and the figures are those of the worst case, errors that last as long as the still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bench.truth.rooms import Truth, View
from classifier_gateway.dispatch.events import verdict_events
from classifier_gateway.fold.row import Row
from classifier_gateway.fold.rules import apply_evidence, apply_tick
from inference.geometry import bounds
from inference.protocol import Judgement
from tablewatch_schemas import (
    CropReady,
    CropReadyCrop,
    TableEvidence,
    TableEvidenceThresholds,
    TableState,
    from_ms,
    to_ms,
)
from tablewatch_schemas.defaults import LIVE_THRESHOLDS, RUN_THRESHOLDS
from tablewatch_schemas.manifest import Thresholds

HELD_MS = 10_000
"""The café's people sit down and stand up within one still; nobody does within much less than ten seconds."""
STEP_MS = 1_000
"""The api's default cadence of a run."""
BEGINS_MS = 1_700_000_000_000

Look = Callable[[View, int], Judgement]
"""The judgement of one still of a view, by number."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a still is held, and the thresholds of the fold."""

    thresholds: Thresholds
    held_ms: int = HELD_MS
    step_ms: int = STEP_MS


LIVE, RUN = Timing(LIVE_THRESHOLDS), Timing(RUN_THRESHOLDS)


@dataclass(slots=True)
class Series:
    """One table, step by step."""

    truth: list[Truth] = field(default_factory=list)
    predicted: list[str] = field(default_factory=list)
    """What a reader knew at that time."""
    confidence: list[float] = field(default_factory=list)
    """Of ``predicted``."""
    states: list[TableState] = field(default_factory=list)
    begins_ms: int = BEGINS_MS

    def history(self, step_ms: int = STEP_MS) -> list[str]:
        """What the whole topic says afterwards: a state is dated back to its first evidence."""
        return [known_later(self.states, self.begins_ms + at * step_ms) for at in range(len(self.truth))]


def known_later(states: Sequence[TableState], at_ms: int) -> str:
    """The state at a time by all records: the newest that began by then, as long as it or a refresh of it holds."""
    begun = [state for state in states if to_ms(state.since) <= at_ms]
    if not begun:
        return "unknown"
    newest = max(begun, key=lambda state: state.version)
    holds_ms = max(to_ms(state.expires_at) for state in begun if state.since == newest.since)
    return newest.state if at_ms <= holds_ms else "unknown"


def folded(views: Sequence[View], look: Look, timing: Timing) -> dict[str, Series]:
    """The tables of one room by name; several views are its cameras, which look at the same moments together."""
    defaults = _evidence_thresholds(timing.thresholds)
    rows: dict[str, Row] = {}
    series = {region.table_id: Series() for view in views for region in view.regions}
    steps = len(views[0].stills) * _steps_a_still(views[0], timing)
    for step in range(steps):
        at_ms = BEGINS_MS + step * timing.step_ms
        number = step // _steps_a_still(views[0], timing)
        for view in views:
            for evidence in _evidence(view, at_ms, look(view, number)):
                _apply(rows, series, evidence, defaults)
        _tick(rows, series, at_ms)
        for table, one in series.items():
            _note(one, rows.get(table), views[0].stills[number].states.get(table))
    return series


def _steps_a_still(view: View, timing: Timing) -> int:
    return max(1, (view.every_ms or timing.held_ms) // timing.step_ms)


def _apply(
    rows: dict[str, Row], series: Mapping[str, Series], evidence: TableEvidence, defaults: TableEvidenceThresholds
) -> None:
    table = evidence.table_id or ""
    evidence_id = f"{evidence.source_id}-{table}-{to_ms(evidence.captured_at)}"
    change = apply_evidence(rows.get(table), evidence, evidence_id, defaults)
    rows[table] = change.row
    series[table].states += change.states


def _tick(rows: dict[str, Row], series: Mapping[str, Series], at_ms: int) -> None:
    for table, row in list(rows.items()):
        change = apply_tick(row, at_ms, forget_ms=10**12)
        if change is not None:
            rows[table] = change.row
            series[table].states += change.states


def _note(one: Series, row: Row | None, truth: Truth) -> None:
    one.truth.append(truth)
    one.predicted.append(row.state if row is not None else "unknown")
    one.confidence.append(row.confidence if row is not None else 0.0)


def _evidence(view: View, at_ms: int, judgement: Judgement) -> list[TableEvidence]:
    """As dispatch makes it of a live frame."""
    return verdict_events(crop_ready(view, judgement, from_ms(at_ms)), judgement, None)


def crop_ready(view: View, judgement: Judgement, at: datetime) -> CropReady:
    """As the cropper publishes it: the boxes say how much of a table the camera sees."""
    crops = tuple(
        CropReadyCrop(table_id=each.table_id, offset=0, length=1, box=bounds(each.polygon), changed=None, change=None)
        for each in view.regions
    )
    return CropReady(
        frame_id=f"{view.name}-{to_ms(at)}", site_id=view.room, camera_id=view.name, run_id=None, video_id=None,
        index=None, media_ms=None, captured_at=at, frame_key=None, crops_key=None, layout_key=None, layout_version=1,
        width=judgement.width, height=judgement.height, crops=crops, make=("tables",), last=False,
    )  # fmt: skip


def _evidence_thresholds(times: Thresholds) -> TableEvidenceThresholds:
    return TableEvidenceThresholds(
        enter_ms=times.enter_ms, leave_ms=times.leave_ms, hold_ms=times.hold_ms, ttl_ms=times.ttl_ms
    )
