"""Stored frames: their objects, and which of them are published next, in media order and without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

from tablewatch_schemas import VideoUploaded, keys


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """One stored frame; columns of the table `frames`, units as in `frame.extracted`."""

    index: int
    media_ms: int
    width: int
    height: int
    size_bytes: int
    keyframe: bool
    sharpness: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What to publish of a run now.

    `last`: the final one of `frames` ends the run. `marker`: a record without a picture does, because the run is given
    up, or was before, when a marker went out already.
    """

    frames: tuple[StoredFrame, ...]
    last: bool = False
    marker: bool = False

    @property
    def ends_run(self) -> bool:
        return self.last or self.marker


def next_batch(
    frames: Sequence[StoredFrame], published: int, total: int | None, given_up: bool, marked: bool, room: int
) -> Batch:
    """The frames that follow on the `published` ones without a gap, at most `room`. `frames` are all that are left.

    Until the `total` is known the newest is held back: it could be the last one, which has to be marked as such.
    """
    prefix = [frame for offset, frame in enumerate(frames) if frame.index == published + offset]
    if total is None and not given_up:
        prefix = prefix[:-1]
    ready = tuple(prefix[:room])
    complete = len(ready) == len(prefix) and (given_up or published + len(ready) == total)
    marker = complete and (given_up or marked or not ready)
    return Batch(ready, complete and not marker, marker)


def object_key(upload: VideoUploaded, index: int) -> str:
    """Of a frame of the run."""
    return keys.run_frame(upload.site_id, upload.run_id, index, "png" if is_png(upload) else "jpg")


def content_type(upload: VideoUploaded) -> str:
    """Of the objects of the run's frames."""
    return "image/png" if is_png(upload) else "image/jpeg"


def is_png(upload: VideoUploaded) -> bool:
    """Whether the frames of the run are PNGs, and not JPEGs."""
    return upload.picture is not None and upload.picture.format == "png"
