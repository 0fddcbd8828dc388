"""From crops, verdicts, health, signals, commands and layouts to table.evidence. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inference import Judgement
from tablewatch_schemas import (
    CameraConfig,
    CameraStatus,
    CropReady,
    FrameCommand,
    TableEvidence,
    TableEvidenceCrop,
    TableEvidenceModel,
    TableEvidenceThresholds,
    TableSignal,
    VideoCommand,
    replace,
)
from tablewatch_schemas.doubts import BLIND
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest


@dataclass(frozen=True, slots=True)
class TableNames:
    """What the tables of one layout are called, by id, and when it was drawn."""

    labels: Mapping[str, str] = field(default_factory=dict)
    drawn_at: datetime | None = None


_FRAMES_HELD = 3


def thresholds_of(manifest: Manifest) -> TableEvidenceThresholds:
    """Of a run; a state holds for at least three frames, however sparse they are."""
    times = manifest.thresholds
    return TableEvidenceThresholds(
        enter_ms=times.enter_ms,
        leave_ms=times.leave_ms,
        hold_ms=times.hold_ms,
        ttl_ms=max(times.ttl_ms, _FRAMES_HELD * (manifest.sampling.every_ms or 0)),
    )


def verdict_events(
    ready: CropReady,
    judgement: Judgement,
    thresholds: TableEvidenceThresholds | None,
    judgement_key: str | None = None,
) -> list[TableEvidence]:
    """One for each table that the classifier judged. `judgement_key`: where the whole judgement is stored."""
    crops = {crop.table_id: (crop.offset, crop.length) for crop in ready.crops}
    pixels = {crop.table_id: _pixels(crop.box, ready.width, ready.height) for crop in ready.crops}
    return [
        _frame_event(
            ready, "verdict", each.table_id, thresholds,
            label=each.label, confidence=round(each.confidence, 4), people=each.people, things=each.things,
            reason=each.reason, crop=_crop(ready, crops.get(each.table_id)), zone_pixels=pixels.get(each.table_id),
            model=TableEvidenceModel(name=judgement.model, version=judgement.version),
            judgement_key=judgement_key,
        )
        for each in judgement.verdicts
    ]  # fmt: skip


def dry_run_events(command: FrameCommand, layout: Layout, judgement: Judgement) -> list[TableEvidence]:
    """As `verdict_events` of a live frame with these tables; for the fold of a dry run, never to be published."""
    size = judgement.width, judgement.height
    pixels = {table.table_id: _pixels(table.box, *size) for table in layout.tables}
    names = TableNames({table.table_id: table.label for table in layout.tables}, layout.created_at)
    return with_names(
        [
            _event(
                "verdict", command.site_id, each.table_id, command.camera_id, None, command.camera_id,
                command.captured_at, frame_id=command.frame_id, frame_key=command.object_key,
                layout_version=layout.version, label=each.label, confidence=round(each.confidence, 4),
                people=each.people, things=each.things, reason=each.reason, zone_pixels=pixels.get(each.table_id),
                model=TableEvidenceModel(name=judgement.model, version=judgement.version),
            )
            for each in judgement.verdicts
        ],
        names,
    )  # fmt: skip


def gated_events(
    ready: CropReady, thresholds: TableEvidenceThresholds | None, judgement_key: str | None
) -> list[TableEvidence]:
    """One for each table of a frame that nobody looked at; `judgement_key` is of the last look, which still holds."""
    return [
        _frame_event(ready, "gated", crop.table_id, thresholds, judgement_key=judgement_key) for crop in ready.crops
    ]


def unavailable_events(
    ready: CropReady, thresholds: TableEvidenceThresholds | None, reason: str
) -> list[TableEvidence]:
    """One for each table of a frame that was not classified."""
    return [_frame_event(ready, "unavailable", crop.table_id, thresholds, reason=reason) for crop in ready.crops]


def end_events(
    ready: CropReady, table_ids: Iterable[str], thresholds: TableEvidenceThresholds | None
) -> list[TableEvidence]:
    """The end of a run at its last frame, for each of its tables."""
    return [_frame_event(ready, "end", table_id, thresholds, last=True) for table_id in table_ids]


def command_end_events(command: VideoCommand, table_ids: Iterable[str]) -> list[TableEvidence]:
    """The end of a run that was cancelled or deleted; deleted, the states of its tables are erased."""
    return [
        _event(
            "end", command.site_id, table_id, command.camera_id, command.run_id, command.run_id, command.requested_at,
            video_id=command.video_id, reason="deleted" if command.action == "delete" else "cancelled", last=True,
        )
        for table_id in table_ids
    ]  # fmt: skip


def camera_events(status: CameraStatus, table_ids: Iterable[str]) -> list[TableEvidence]:
    """The health of a camera, for each of its tables: label unknown while it sees nothing useful."""
    label = "unknown" if status.status in BLIND else None
    return [
        _event(
            "camera", status.site_id, table_id, status.camera_id, None, status.camera_id, status.observed_at,
            label=label, reason=f"{status.status}: {status.reason}",
        )
        for table_id in table_ids
    ]  # fmt: skip


def name_events(config: CameraConfig, table_ids: Iterable[str]) -> list[TableEvidence]:
    """What the tables are called in the newest layout of a camera; `with_names` gives the names."""
    return [
        _event(
            "name", config.site_id, table_id, config.camera_id, None, config.camera_id, config.updated_at,
            layout_version=config.layout_version,
        )
        for table_id in table_ids
    ]  # fmt: skip


def with_names(events: Iterable[TableEvidence], names: TableNames) -> list[TableEvidence]:
    """The events with what their tables are called, and since when."""
    return [
        replace(each, table_label=names.labels.get(each.table_id or ""), layout_created_at=names.drawn_at)
        for each in events
    ]


def signal_event(signal: TableSignal) -> TableEvidence:
    """The state that people or other systems gave a table."""
    return _event(
        "signal", signal.site_id, signal.table_id, None, signal.run_id, signal.source, signal.signalled_at,
        label=signal.state, confidence=1.0, reason=signal.reason,
    )  # fmt: skip


def _frame_event(
    ready: CropReady, kind: str, table_id: str, thresholds: TableEvidenceThresholds | None, **more: Any
) -> TableEvidence:
    return _event(
        kind, ready.site_id, table_id, ready.camera_id, ready.run_id, ready.run_id or ready.camera_id or "",
        ready.captured_at, video_id=ready.video_id, frame_id=ready.frame_id, frame_key=ready.frame_key,
        layout_version=ready.layout_version, thresholds=thresholds, **more,
    )  # fmt: skip


def _event(
    kind: str, site_id: str, table_id: str, camera_id: str | None, run_id: str | None, source_id: str, at: datetime,
    **more: Any,
) -> TableEvidence:  # fmt: skip
    values: dict[str, Any] = dict.fromkeys(_OPTIONAL) | {"last": False} | more
    return TableEvidence(
        kind=kind, site_id=site_id, table_id=table_id, camera_id=camera_id, run_id=run_id, source_id=source_id,
        captured_at=at, **values,
    )  # fmt: skip


_OPTIONAL = (
    "video_id", "table_label", "label", "confidence", "people", "things", "reason", "frame_id", "frame_key", "crop",
    "model", "judgement_key", "layout_version", "layout_created_at", "zone_pixels", "thresholds",
)  # fmt: skip


def _crop(ready: CropReady, span: tuple[int, int] | None) -> TableEvidenceCrop | None:
    if span is None or ready.crops_key is None:
        return None
    return TableEvidenceCrop(key=ready.crops_key, offset=span[0], length=span[1])


def _pixels(box: Sequence[float], width: int, height: int) -> int:
    """Pixels of a relative box in a picture of that size."""
    x1, y1, x2, y2 = box
    return round((x2 - x1) * width * (y2 - y1) * height)
