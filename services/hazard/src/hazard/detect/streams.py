"""Streams: what is in memory of each run and camera while its frames arrive."""

from dataclasses import dataclass

from hazard.detect.floor import Floor
from tablewatch_schemas import FrameExtracted, HazardCandidate, to_ms

Position = tuple[int, int]


@dataclass
class Stream:
    """A run or a camera. `candidate` is that of the frame at `position`: it is republished when that is redelivered."""

    floor: Floor | None = None
    layout_key: str | None = None
    position: Position = (-1, -1)
    candidate: HazardCandidate | None = None
    misses: int = 0
    """Frames in a row whose judgement was not there (`detect.judged`)."""


def stream_key(frame: FrameExtracted) -> str:
    """The run, or else the camera."""
    return frame.run_id or frame.camera_id or ""


def position_of(frame: FrameExtracted) -> Position:
    """Order within a stream; the last marker of a run may share the index of its last picture."""
    at = frame.index if frame.run_id and frame.index is not None else to_ms(frame.captured_at)
    return at, int(frame.last)
