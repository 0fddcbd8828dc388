"""From a frame and its crops to crop.ready: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cropper.geometry import Box
from tablewatch_schemas import CropReady, CropReadyCrop, FrameExtracted, from_ms, keys, to_ms
from tablewatch_schemas.layout import Layout

SOURCE = "tablewatch/cropper"

Tables = tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
"""(table_id, polygon) of each."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One table, cropped from a frame: `jpeg` is its bounding box, black outside the polygon.

    `box` is relative, x1 y1 x2 y2.
    """

    table_id: str
    box: Box
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """How much a table's region differs between two frames, luma, 0 to 1: in the mean, and at the spot of most change.

    Somebody far away who sits down changes a spot, while the mean of a large region hardly moves.
    """

    mean: float
    spot: float


@dataclass(frozen=True, slots=True)
class Limits:
    """From which change on a table counts as changed."""

    mean: float
    spot: float

    def reached(self, change: Change) -> bool:
        """Whether it counts."""
        return change.mean >= self.mean or change.spot >= self.spot


@dataclass(frozen=True, slots=True)
class StoredCrop:
    """Where a crop lies in the object that holds all of a frame."""

    table_id: str
    box: Box
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class CropsObject:
    """The stored crops of one frame. Its bytes come of that frame alone, whoever names it."""

    key: str
    crops: tuple[StoredCrop, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """How a table's region differs from the frame before; None, None where there was none to compare with."""

    change: float | None = None
    changed: bool | None = None


def needs_crops(frame: FrameExtracted) -> bool:
    """Whether this frame has tables to crop."""
    return "tables" in frame.make and frame.layout_key is not None and frame.object_key is not None


def position(frame: FrameExtracted) -> int:
    """Where the frame is in its camera or run: its capture time in ms, its index in a run. Its objects are named so."""
    return to_ms(frame.captured_at) if frame.run_id is None or frame.index is None else frame.index


def crops_key(frame: FrameExtracted) -> str:
    """Object key of a frame's crops, made of its ids: a redelivered frame overwrites its own."""
    return crops_key_at(frame, position(frame))


def crops_key_at(frame: FrameExtracted, at: int) -> str:
    """The same of the frame at a position of its camera or run."""
    if frame.run_id is not None and frame.index is not None:
        return keys.run_crops(frame.site_id, frame.run_id, at)
    return keys.live_crops(frame.site_id, frame.camera_id or "", from_ms(at))


def frame_key_at(frame: FrameExtracted, at: int) -> str:
    """Object key of the picture at a position; all of a run have the same ending."""
    if frame.run_id is not None and frame.index is not None:
        ending: Literal["jpg", "png"] = "png" if (frame.object_key or "").endswith(".png") else "jpg"
        return keys.run_frame(frame.site_id, frame.run_id, at, ending)
    return keys.live_frame(frame.site_id, frame.camera_id or "", from_ms(at))


def prefixes_before(frame: FrameExtracted, reach: int) -> list[str]:
    """Prefixes of the keys of all crops at most `reach` before the frame: few objects even of a long run or day.

    A day is a whole number of steps, so none of them lies in two folders.
    """
    step = 10 ** len(str(reach))
    first, last = max(0, position(frame) - reach) // step, position(frame) // step
    found = [crops_key_at(frame, number * step).rpartition(".")[0] for number in range(first, last + 1)]
    return [key[: -len(str(step)) + 1] for key in found]


def tables_of(layout: Layout) -> Tables:
    """Which regions are cut, and for which tables: all of a layout that a crop depends on."""
    return tuple((table.table_id, tuple(table.polygon)) for table in layout.tables)


def crops_object(key: str, crops: Sequence[Crop]) -> CropsObject:
    """Of crops that are stored back to back."""
    offset, stored = 0, []
    for crop in crops:
        stored.append(StoredCrop(crop.table_id, _rounded(crop.box), offset, len(crop.jpeg)))
        offset += len(crop.jpeg)
    return CropsObject(key, tuple(stored))


def compared(
    to_previous: Sequence[Change | None], to_cut: Sequence[Change | None], limits: Limits
) -> tuple[Compared, ...]:
    """Of each table. One that differs from the frame that was last cut has changed, however slowly that came about."""
    return tuple(
        Compared()
        if before is None
        else Compared(before.mean, any(limits.reached(each) for each in (before, cut) if each))
        for before, cut in zip(to_previous, to_cut, strict=True)
    )


def crop_ready_event(
    frame: FrameExtracted, layout_version: int | None, stored: CropsObject | None, changes: Sequence[Compared]
) -> CropReady:
    """The event; without crops it only passes `last` on."""
    has_crops = stored is not None and bool(stored.crops)
    return CropReady(
        frame_id=frame.frame_id,
        site_id=frame.site_id,
        camera_id=frame.camera_id,
        run_id=frame.run_id,
        video_id=frame.video_id,
        index=frame.index,
        media_ms=frame.media_ms,
        captured_at=frame.captured_at,
        frame_key=frame.object_key if has_crops else None,
        crops_key=stored.key if stored is not None and has_crops else None,
        layout_key=frame.layout_key,
        layout_version=layout_version,
        width=frame.width,
        height=frame.height,
        crops=() if stored is None else _entries(stored, changes),
        make=frame.make,
        last=frame.last,
    )


def _entries(stored: CropsObject, changes: Sequence[Compared]) -> tuple[CropReadyCrop, ...]:
    return tuple(
        CropReadyCrop(
            table_id=crop.table_id,
            offset=crop.offset,
            length=crop.length,
            box=crop.box,
            changed=each.changed,
            change=each.change,
        )
        for crop, each in zip(stored.crops, changes, strict=True)
    )


def _rounded(box: Box) -> Box:
    left, top, right, bottom = (round(edge, 6) for edge in box)
    return left, top, right, bottom
