"""From a frame and its pieces to crop.ready: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tablewatch_schemas import CropReady, CropReadyCrop, FrameExtracted, keys


@dataclass(frozen=True, slots=True)
class Crop:
    """What the cutter found for one table; `box` relative, `change` 0 to 1 or None."""

    table_id: str
    box: tuple[float, float, float, float]
    jpeg: bytes
    change: float | None


def wanted(frame: FrameExtracted) -> bool:
    """Whether this frame has tables to cut."""
    return "tables" in frame.make and frame.layout_key is not None and frame.object_key is not None


def crops_key(frame: FrameExtracted) -> str:
    """Where the crops of a frame are stored, by its ids: a redelivery overwrites itself."""
    if frame.run_id is not None and frame.index is not None:
        return keys.run_crops(frame.site_id, frame.run_id, frame.index)
    return keys.live_crops(frame.site_id, frame.camera_id or "", frame.captured_at)


def crop_ready(
    frame: FrameExtracted, layout_version: int | None, crops: Sequence[Crop], changed_at: float
) -> CropReady:
    """The event; without crops it only carries `last` on. A change of `changed_at` or more counts as changed."""
    return CropReady(
        frame_id=frame.frame_id,
        site_id=frame.site_id,
        camera_id=frame.camera_id,
        run_id=frame.run_id,
        video_id=frame.video_id,
        index=frame.index,
        media_ms=frame.media_ms,
        captured_at=frame.captured_at,
        frame_key=frame.object_key if crops else None,
        crops_key=crops_key(frame) if crops else None,
        layout_key=frame.layout_key,
        layout_version=layout_version,
        width=frame.width,
        height=frame.height,
        crops=placed(crops, changed_at),
        make=frame.make,
        last=frame.last,
    )


def placed(crops: Sequence[Crop], changed_at: float) -> tuple[CropReadyCrop, ...]:
    """Offset and length of each crop in the object that holds them back to back."""
    offset, entries = 0, []
    for crop in crops:
        changed = None if crop.change is None else crop.change >= changed_at
        entries.append(
            CropReadyCrop(
                table_id=crop.table_id,
                offset=offset,
                length=len(crop.jpeg),
                box=tuple(round(edge, 6) for edge in crop.box),
                changed=changed,
                change=crop.change,
            )
        )
        offset += len(crop.jpeg)
    return tuple(entries)
