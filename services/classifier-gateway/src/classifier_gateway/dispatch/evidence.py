"""What dispatch writes: verdicts, their absence, health, signals and ends as table.evidence. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from inference import Region, TableVerdict
from tablewatch_schemas import (
    CameraStatus,
    CropReady,
    TableEvidence,
    TableEvidenceCrop,
    TableEvidenceModel,
    TableEvidenceThresholds,
    TableSignal,
    VideoCommand,
)
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest

_BLIND = frozenset({"dark", "moved", "offline", "frozen"})
_GAPS = 3


def regions(layout: Layout, table_ids: Iterable[str]) -> tuple[Region, ...]:
    """The tables of a layout that crops came for, as the classifier wants them."""
    wanted = set(table_ids)
    return tuple(
        Region(table.table_id, table.polygon, table.top) for table in layout.tables if table.table_id in wanted
    )


def thresholds(manifest: Manifest | None) -> TableEvidenceThresholds | None:
    """Of a run; a state holds for at least three frames, however sparse they are. None: the fold's defaults."""
    if manifest is None:
        return None
    times = manifest.thresholds
    return TableEvidenceThresholds(
        enter_ms=times.enter_ms,
        leave_ms=times.leave_ms,
        hold_ms=times.hold_ms,
        ttl_ms=max(times.ttl_ms, _GAPS * (manifest.sampling.every_ms or 0)),
    )


def verdicts(
    ready: CropReady, found: Sequence[TableVerdict], limits: TableEvidenceThresholds | None
) -> list[TableEvidence]:
    """One for each table that the classifier judged."""
    crops = {crop.table_id: (crop.offset, crop.length) for crop in ready.crops}
    return [
        _of_frame(
            ready, "verdict", each.table_id, limits,
            label=each.label, confidence=round(each.confidence, 4), people=each.people, things=each.things,
            crop=_crop(ready, crops.get(each.table_id)),
            model=TableEvidenceModel(name=each.model, version=each.version),
        )
        for each in found
    ]  # fmt: skip


def unavailable(ready: CropReady, limits: TableEvidenceThresholds | None, reason: str) -> list[TableEvidence]:
    """Nobody judged the tables of this frame in time."""
    return [_of_frame(ready, "unavailable", crop.table_id, limits, reason=reason) for crop in ready.crops]


def ends(ready: CropReady, table_ids: Iterable[str], limits: TableEvidenceThresholds | None) -> list[TableEvidence]:
    """The run is over, for each of its tables."""
    return [_of_frame(ready, "end", table_id, limits, last=True) for table_id in table_ids]


def stopped(command: VideoCommand, table_ids: Iterable[str]) -> list[TableEvidence]:
    """A run was cancelled or deleted: its tables end, and are erased when it is deleted."""
    return [
        _evidence(
            "end", command.site_id, table_id, command.camera_id, command.run_id, command.run_id, command.requested_at,
            video_id=command.video_id, reason="deleted" if command.action == "delete" else "cancelled", last=True,
        )
        for table_id in table_ids
    ]  # fmt: skip


def health(status: CameraStatus, table_ids: Iterable[str]) -> list[TableEvidence]:
    """How well a camera sees, for each of its tables: label unknown while it sees nothing useful."""
    label = "unknown" if status.status in _BLIND else None
    return [
        _evidence(
            "camera", status.site_id, table_id, status.camera_id, None, status.camera_id, status.observed_at,
            label=label, reason=f"{status.status}: {status.reason}",
        )
        for table_id in table_ids
    ]  # fmt: skip


def signal(said: TableSignal) -> TableEvidence:
    """What people or other systems say about a table."""
    return _evidence(
        "signal", said.site_id, said.table_id, None, said.run_id, said.source, said.signalled_at,
        label=said.state, confidence=1.0, reason=said.reason,
    )  # fmt: skip


def _of_frame(
    ready: CropReady, kind: str, table_id: str, limits: TableEvidenceThresholds | None, **more: Any
) -> TableEvidence:
    return _evidence(
        kind, ready.site_id, table_id, ready.camera_id, ready.run_id, ready.run_id or ready.camera_id or "",
        ready.captured_at, video_id=ready.video_id, frame_id=ready.frame_id, frame_key=ready.frame_key,
        layout_version=ready.layout_version, thresholds=limits, **more,
    )  # fmt: skip


def _evidence(
    kind: str, site_id: str, table_id: str, camera_id: str | None, run_id: str | None, source_id: str, at: datetime,
    **more: Any,
) -> TableEvidence:  # fmt: skip
    values: dict[str, Any] = dict.fromkeys(_OPTIONAL) | {"last": False} | more
    return TableEvidence(
        kind=kind, site_id=site_id, table_id=table_id, camera_id=camera_id, run_id=run_id, source_id=source_id,
        captured_at=at, **values,
    )  # fmt: skip


_OPTIONAL = (
    "video_id", "label", "confidence", "people", "things", "reason", "frame_id", "frame_key", "crop", "model",
    "layout_version", "thresholds",
)  # fmt: skip


def _crop(ready: CropReady, place: tuple[int, int] | None) -> TableEvidenceCrop | None:
    if place is None or ready.crops_key is None:
        return None
    return TableEvidenceCrop(key=ready.crops_key, offset=place[0], length=place[1])
