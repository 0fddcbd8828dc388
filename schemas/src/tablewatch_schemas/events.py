"""Made by schemas/generate.py from schemas/<topic>/v1.schema.json; do not edit.

One frozen dataclass for each topic and for each object inside. `read_*` makes one from parsed JSON and ignores fields
and enum values that it does not know; `write_*` makes the JSON values. Times are aware UTC `datetime`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tablewatch_schemas.times import NUMBERS, STRINGS, read_time, write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUploadedSampling:
    """Which frames are taken from the video."""

    mode: str
    """cadence: one frame every `every_ms`; keyframes: every keyframe; all: every frame. Known values: `cadence`,
    `keyframes`, `all`.
    """
    every_ms: int | None
    """Cadence in milliseconds of media time; null unless mode is cadence."""


def read_video_uploaded_sampling(data: dict[str, Any]) -> VideoUploadedSampling:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["mode"]) is str and (data["every_ms"] is None or type(data["every_ms"]) is int)):
        raise TypeError
    return VideoUploadedSampling(
        mode=data["mode"],
        every_ms=data["every_ms"],
    )


def write_video_uploaded_sampling(event: VideoUploadedSampling) -> dict[str, Any]:
    """JSON values of VideoUploadedSampling."""
    return {
        "mode": event.mode,
        "every_ms": event.every_ms,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUploadedPicture:
    """How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full
    size.
    """

    format: str
    """jpeg, or png without loss. Known values: `jpeg`, `png`."""
    quality: int | None
    """JPEG quality, 1 to 100; null: the extractor's usual one."""
    long_side: int | None
    """Longer side of the stored picture, pixels; a smaller picture stays as it is. Null: full size."""


def read_video_uploaded_picture(data: dict[str, Any]) -> VideoUploadedPicture:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["format"]) is str
        and (data["quality"] is None or type(data["quality"]) is int)
        and (data["long_side"] is None or type(data["long_side"]) is int)
    ):
        raise TypeError
    return VideoUploadedPicture(
        format=data["format"],
        quality=data["quality"],
        long_side=data["long_side"],
    )


def write_video_uploaded_picture(event: VideoUploadedPicture) -> dict[str, Any]:
    """JSON values of VideoUploadedPicture."""
    return {
        "format": event.format,
        "quality": event.quality,
        "long_side": event.long_side,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUploaded:
    """A video file is stored and admitted; its run may begin."""

    TOPIC: ClassVar[str] = "video.uploaded"

    video_id: str
    """Video."""
    site_id: str
    """Site that owns the data."""
    run_id: str
    """Run that this upload starts."""
    camera_id: str | None
    """Camera."""
    object_key: str
    """Object that holds the original bytes."""
    manifest_key: str
    """Immutable manifest of the run."""
    size_bytes: int
    """Size of the file, bytes."""
    sha256: str
    """SHA-256 of the file, lower-case hex."""
    container: str
    """Container format by content, e.g. mp4, matroska, mpegts, avi."""
    codec: str
    """Video codec, e.g. h264."""
    width: int
    """Displayed width before rotation, pixels."""
    height: int
    """Displayed height before rotation, pixels."""
    rotation_degrees: int
    """Clockwise rotation to apply for display: 0, 90, 180 or 270."""
    duration_ms: int | None
    """Duration, milliseconds; null if the container does not say."""
    fps: float | None
    """Average frames a second; null if unknown."""
    started_at: datetime | None
    """When the recording started, from the uploader or the container; null if unknown. RFC 3339, UTC, millisecond
    precision.
    """
    layout_key: str | None
    """Layout object that applies; null without a camera."""
    sampling: VideoUploadedSampling
    """Which frames are taken from the video."""
    make: tuple[str, ...]
    """What this run is asked to make. Known values: `frames`, `tables`, `hazards`."""
    uploaded_at: datetime
    """When the last byte was stored. RFC 3339, UTC, millisecond precision."""
    picture: VideoUploadedPicture | None = None
    """How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full
    size.
    """


def read_video_uploaded(data: dict[str, Any]) -> VideoUploaded:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["video_id"]) is str
        and type(data["site_id"]) is str
        and type(data["run_id"]) is str
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and type(data["object_key"]) is str
        and type(data["manifest_key"]) is str
        and type(data["size_bytes"]) is int
        and type(data["sha256"]) is str
        and type(data["container"]) is str
        and type(data["codec"]) is str
        and type(data["width"]) is int
        and type(data["height"]) is int
        and type(data["rotation_degrees"]) is int
        and (data["duration_ms"] is None or type(data["duration_ms"]) is int)
        and (data["fps"] is None or type(data["fps"]) in NUMBERS)
        and (data["layout_key"] is None or type(data["layout_key"]) is str)
        and type(data["make"]) is list
        and STRINGS.issuperset(map(type, data["make"]))
    ):
        raise TypeError
    return VideoUploaded(
        video_id=data["video_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        camera_id=data["camera_id"],
        object_key=data["object_key"],
        manifest_key=data["manifest_key"],
        size_bytes=data["size_bytes"],
        sha256=data["sha256"],
        container=data["container"],
        codec=data["codec"],
        width=data["width"],
        height=data["height"],
        rotation_degrees=data["rotation_degrees"],
        duration_ms=data["duration_ms"],
        fps=data["fps"],
        started_at=None if data["started_at"] is None else read_time(data["started_at"]),
        layout_key=data["layout_key"],
        sampling=read_video_uploaded_sampling(data["sampling"]),
        picture=None if data.get("picture") is None else read_video_uploaded_picture(data["picture"]),
        make=tuple(data["make"]),
        uploaded_at=read_time(data["uploaded_at"]),
    )


def write_video_uploaded(event: VideoUploaded) -> dict[str, Any]:
    """JSON values of VideoUploaded."""
    return {
        "video_id": event.video_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "camera_id": event.camera_id,
        "object_key": event.object_key,
        "manifest_key": event.manifest_key,
        "size_bytes": event.size_bytes,
        "sha256": event.sha256,
        "container": event.container,
        "codec": event.codec,
        "width": event.width,
        "height": event.height,
        "rotation_degrees": event.rotation_degrees,
        "duration_ms": event.duration_ms,
        "fps": event.fps,
        "started_at": None if event.started_at is None else write_time(event.started_at),
        "layout_key": event.layout_key,
        "sampling": write_video_uploaded_sampling(event.sampling),
        "picture": None if event.picture is None else write_video_uploaded_picture(event.picture),
        "make": list(event.make),
        "uploaded_at": write_time(event.uploaded_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRejected:
    """An uploaded file was refused."""

    TOPIC: ClassVar[str] = "video.rejected"

    video_id: str
    """Video."""
    site_id: str
    """Site that owns the data."""
    run_id: str
    """Run that will not start."""
    code: str
    """Stable refusal code, listed in docs/errors-and-retries.md."""
    reason: str
    """A sentence for a person, saying what to do."""
    retryable: bool
    """Whether sending the same file again can succeed."""
    size_bytes: int | None
    """Bytes received, if known."""
    rejected_at: datetime
    """When it was refused. RFC 3339, UTC, millisecond precision."""


def read_video_rejected(data: dict[str, Any]) -> VideoRejected:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["video_id"]) is str
        and type(data["site_id"]) is str
        and type(data["run_id"]) is str
        and type(data["code"]) is str
        and type(data["reason"]) is str
        and type(data["retryable"]) is bool
        and (data["size_bytes"] is None or type(data["size_bytes"]) is int)
    ):
        raise TypeError
    return VideoRejected(
        video_id=data["video_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        code=data["code"],
        reason=data["reason"],
        retryable=data["retryable"],
        size_bytes=data["size_bytes"],
        rejected_at=read_time(data["rejected_at"]),
    )


def write_video_rejected(event: VideoRejected) -> dict[str, Any]:
    """JSON values of VideoRejected."""
    return {
        "video_id": event.video_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "code": event.code,
        "reason": event.reason,
        "retryable": event.retryable,
        "size_bytes": event.size_bytes,
        "rejected_at": write_time(event.rejected_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoProgressError:
    """Why it failed."""

    code: str
    """Stable machine-readable code, listed in docs/errors-and-retries.md."""
    reason: str
    """A sentence for a person, saying what to do."""
    retryable: bool
    """Whether trying again unchanged can succeed."""


def read_video_progress_error(data: dict[str, Any]) -> VideoProgressError:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["code"]) is str and type(data["reason"]) is str and type(data["retryable"]) is bool):
        raise TypeError
    return VideoProgressError(
        code=data["code"],
        reason=data["reason"],
        retryable=data["retryable"],
    )


def write_video_progress_error(event: VideoProgressError) -> dict[str, Any]:
    """JSON values of VideoProgressError."""
    return {
        "code": event.code,
        "reason": event.reason,
        "retryable": event.retryable,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoProgressGap:
    """One gap."""

    from_ms: int
    """Start, milliseconds of media time."""
    to_ms: int | None
    """End, milliseconds; null for the end of the file."""
    code: str
    """Stable code."""


def read_video_progress_gap(data: dict[str, Any]) -> VideoProgressGap:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["from_ms"]) is int
        and (data["to_ms"] is None or type(data["to_ms"]) is int)
        and type(data["code"]) is str
    ):
        raise TypeError
    return VideoProgressGap(
        from_ms=data["from_ms"],
        to_ms=data["to_ms"],
        code=data["code"],
    )


def write_video_progress_gap(event: VideoProgressGap) -> dict[str, Any]:
    """JSON values of VideoProgressGap."""
    return {
        "from_ms": event.from_ms,
        "to_ms": event.to_ms,
        "code": event.code,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoProgressThumbnails:
    """Still pictures of the run, where made."""

    first: str | None
    """Object of the first frame's thumbnail."""
    best: str | None
    """Object of the best frame's thumbnail."""


def read_video_progress_thumbnails(data: dict[str, Any]) -> VideoProgressThumbnails:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        (data["first"] is None or type(data["first"]) is str) and (data["best"] is None or type(data["best"]) is str)
    ):
        raise TypeError
    return VideoProgressThumbnails(
        first=data["first"],
        best=data["best"],
    )


def write_video_progress_thumbnails(event: VideoProgressThumbnails) -> dict[str, Any]:
    """JSON values of VideoProgressThumbnails."""
    return {
        "first": event.first,
        "best": event.best,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoProgress:
    """How far the extraction of a run is. Written on every change worth telling, at most about once a second."""

    TOPIC: ClassVar[str] = "video.progress"

    video_id: str
    """Video."""
    site_id: str
    """Site that owns the data."""
    run_id: str
    """Run."""
    sequence: int
    """Rises with every record of the run; a reader ignores a lower one."""
    status: str
    """State of the extraction. Known values: `queued`, `processing`, `done`, `failed`, `cancelled`."""
    stage: str
    """What it is doing. Known values: `plan`, `extract`, `publish`, `done`."""
    attempt: int
    """Attempt, from 1."""
    frames_published: int
    """Frames published so far."""
    frames_expected: int | None
    """Frames expected in all; null if not known."""
    media_ms_done: int
    """Media time extracted, milliseconds."""
    media_ms_total: int | None
    """Duration, milliseconds; null if not known."""
    percent: float
    """Progress by media time."""
    error: VideoProgressError | None
    """Why it failed."""
    gaps: tuple[VideoProgressGap, ...]
    """Stretches of media time that could not be read."""
    thumbnails: VideoProgressThumbnails
    """Still pictures of the run, where made."""
    updated_at: datetime
    """When this was true. RFC 3339, UTC, millisecond precision."""


def read_video_progress(data: dict[str, Any]) -> VideoProgress:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["video_id"]) is str
        and type(data["site_id"]) is str
        and type(data["run_id"]) is str
        and type(data["sequence"]) is int
        and type(data["status"]) is str
        and type(data["stage"]) is str
        and type(data["attempt"]) is int
        and type(data["frames_published"]) is int
        and (data["frames_expected"] is None or type(data["frames_expected"]) is int)
        and type(data["media_ms_done"]) is int
        and (data["media_ms_total"] is None or type(data["media_ms_total"]) is int)
        and type(data["percent"]) in NUMBERS
        and type(data["gaps"]) is list
    ):
        raise TypeError
    return VideoProgress(
        video_id=data["video_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        sequence=data["sequence"],
        status=data["status"],
        stage=data["stage"],
        attempt=data["attempt"],
        frames_published=data["frames_published"],
        frames_expected=data["frames_expected"],
        media_ms_done=data["media_ms_done"],
        media_ms_total=data["media_ms_total"],
        percent=data["percent"],
        error=None if data["error"] is None else read_video_progress_error(data["error"]),
        gaps=tuple([read_video_progress_gap(each) for each in data["gaps"]]),
        thumbnails=read_video_progress_thumbnails(data["thumbnails"]),
        updated_at=read_time(data["updated_at"]),
    )


def write_video_progress(event: VideoProgress) -> dict[str, Any]:
    """JSON values of VideoProgress."""
    return {
        "video_id": event.video_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "sequence": event.sequence,
        "status": event.status,
        "stage": event.stage,
        "attempt": event.attempt,
        "frames_published": event.frames_published,
        "frames_expected": event.frames_expected,
        "media_ms_done": event.media_ms_done,
        "media_ms_total": event.media_ms_total,
        "percent": event.percent,
        "error": None if event.error is None else write_video_progress_error(event.error),
        "gaps": [write_video_progress_gap(each) for each in event.gaps],
        "thumbnails": write_video_progress_thumbnails(event.thumbnails),
        "updated_at": write_time(event.updated_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameExtracted:
    """One frame is stored. Frames of a run come in media order; the last one says so."""

    TOPIC: ClassVar[str] = "frame.extracted"

    frame_id: str
    """Frame: `{run_id}-{index:09d}` or `{camera_id}-{captured_ms}`."""
    site_id: str
    """Site that owns the data."""
    camera_id: str | None
    """Camera."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    video_id: str | None
    """Video that the frame was cut from; null when live."""
    index: int | None
    """Position in the run, from 0, in media order; null when live."""
    media_ms: int | None
    """Presentation time since the start of the video, milliseconds; null when live."""
    captured_at: datetime
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    object_key: str | None
    """Picture object, JPEG or PNG by the ending of its name; null only on a last marker that carries no picture."""
    width: int
    """Width of the stored picture after rotation, pixels."""
    height: int
    """Height of the stored picture after rotation, pixels."""
    size_bytes: int
    """Size of the picture object, bytes."""
    keyframe: bool
    """Whether the coded frame was a keyframe."""
    sharpness: float
    """Variance of the Laplacian of the luma at 320 pixels width; higher is sharper."""
    brightness: float
    """Mean luma, 0 (black) to 1 (white)."""
    layout_key: str | None
    """Layout object that applies to this frame."""
    previous_frame_id: str | None
    """The frame before it in the same run or camera, the one that changes are measured against."""
    previous_object_key: str | None
    """Object of that frame."""
    make: tuple[str, ...]
    """What this run is asked to make. Known values: `frames`, `tables`, `hazards`."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


def read_frame_extracted(data: dict[str, Any]) -> FrameExtracted:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["frame_id"]) is str
        and type(data["site_id"]) is str
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and (data["video_id"] is None or type(data["video_id"]) is str)
        and (data["index"] is None or type(data["index"]) is int)
        and (data["media_ms"] is None or type(data["media_ms"]) is int)
        and (data["object_key"] is None or type(data["object_key"]) is str)
        and type(data["width"]) is int
        and type(data["height"]) is int
        and type(data["size_bytes"]) is int
        and type(data["keyframe"]) is bool
        and type(data["sharpness"]) in NUMBERS
        and type(data["brightness"]) in NUMBERS
        and (data["layout_key"] is None or type(data["layout_key"]) is str)
        and (data["previous_frame_id"] is None or type(data["previous_frame_id"]) is str)
        and (data["previous_object_key"] is None or type(data["previous_object_key"]) is str)
        and type(data["make"]) is list
        and STRINGS.issuperset(map(type, data["make"]))
        and type(data["last"]) is bool
    ):
        raise TypeError
    return FrameExtracted(
        frame_id=data["frame_id"],
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        run_id=data["run_id"],
        video_id=data["video_id"],
        index=data["index"],
        media_ms=data["media_ms"],
        captured_at=read_time(data["captured_at"]),
        object_key=data["object_key"],
        width=data["width"],
        height=data["height"],
        size_bytes=data["size_bytes"],
        keyframe=data["keyframe"],
        sharpness=data["sharpness"],
        brightness=data["brightness"],
        layout_key=data["layout_key"],
        previous_frame_id=data["previous_frame_id"],
        previous_object_key=data["previous_object_key"],
        make=tuple(data["make"]),
        last=data["last"],
    )


def write_frame_extracted(event: FrameExtracted) -> dict[str, Any]:
    """JSON values of FrameExtracted."""
    return {
        "frame_id": event.frame_id,
        "site_id": event.site_id,
        "camera_id": event.camera_id,
        "run_id": event.run_id,
        "video_id": event.video_id,
        "index": event.index,
        "media_ms": event.media_ms,
        "captured_at": write_time(event.captured_at),
        "object_key": event.object_key,
        "width": event.width,
        "height": event.height,
        "size_bytes": event.size_bytes,
        "keyframe": event.keyframe,
        "sharpness": event.sharpness,
        "brightness": event.brightness,
        "layout_key": event.layout_key,
        "previous_frame_id": event.previous_frame_id,
        "previous_object_key": event.previous_object_key,
        "make": list(event.make),
        "last": event.last,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CropReadyCrop:
    """One crop."""

    table_id: str
    """Table."""
    offset: int
    """First byte in the object."""
    length: int
    """Bytes."""
    box: tuple[float, ...]
    """Bounding box of the region, [x1, y1, x2, y2], relative to the picture, 0 to 1."""
    changed: bool | None
    """Whether the region differs from the previous frame; null if there was none to compare."""
    change: float | None
    """Mean absolute luma difference to the previous frame, 0 to 1."""


def read_crop_ready_crop(data: dict[str, Any]) -> CropReadyCrop:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["table_id"]) is str
        and type(data["offset"]) is int
        and type(data["length"]) is int
        and type(data["box"]) is list
        and NUMBERS.issuperset(map(type, data["box"]))
        and (data["changed"] is None or type(data["changed"]) is bool)
        and (data["change"] is None or type(data["change"]) in NUMBERS)
    ):
        raise TypeError
    return CropReadyCrop(
        table_id=data["table_id"],
        offset=data["offset"],
        length=data["length"],
        box=tuple(data["box"]),
        changed=data["changed"],
        change=data["change"],
    )


def write_crop_ready_crop(event: CropReadyCrop) -> dict[str, Any]:
    """JSON values of CropReadyCrop."""
    return {
        "table_id": event.table_id,
        "offset": event.offset,
        "length": event.length,
        "box": list(event.box),
        "changed": event.changed,
        "change": event.change,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CropReady:
    """The table regions of one frame are cut: one object a frame, JPEGs back to back."""

    TOPIC: ClassVar[str] = "crop.ready"

    frame_id: str
    """Frame: `{run_id}-{index:09d}` or `{camera_id}-{captured_ms}`."""
    site_id: str
    """Site that owns the data."""
    camera_id: str | None
    """Camera."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    video_id: str | None
    """Video that the frame was cut from; null when live."""
    index: int | None
    """Position in the run, from 0, in media order; null when live."""
    media_ms: int | None
    """Presentation time since the start of the video, milliseconds; null when live."""
    captured_at: datetime
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    frame_key: str | None
    """JPEG object of the whole frame; null on a last marker without picture."""
    crops_key: str | None
    """Object with all crops back to back; null if there are none."""
    layout_key: str | None
    """Layout the regions come from."""
    layout_version: int | None
    """Version of that layout."""
    width: int
    """Width of the frame, pixels."""
    height: int
    """Height of the frame, pixels."""
    crops: tuple[CropReadyCrop, ...]
    """One entry a table."""
    make: tuple[str, ...]
    """What this run is asked to make. Known values: `frames`, `tables`, `hazards`."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


def read_crop_ready(data: dict[str, Any]) -> CropReady:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["frame_id"]) is str
        and type(data["site_id"]) is str
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and (data["video_id"] is None or type(data["video_id"]) is str)
        and (data["index"] is None or type(data["index"]) is int)
        and (data["media_ms"] is None or type(data["media_ms"]) is int)
        and (data["frame_key"] is None or type(data["frame_key"]) is str)
        and (data["crops_key"] is None or type(data["crops_key"]) is str)
        and (data["layout_key"] is None or type(data["layout_key"]) is str)
        and (data["layout_version"] is None or type(data["layout_version"]) is int)
        and type(data["width"]) is int
        and type(data["height"]) is int
        and type(data["crops"]) is list
        and type(data["make"]) is list
        and STRINGS.issuperset(map(type, data["make"]))
        and type(data["last"]) is bool
    ):
        raise TypeError
    return CropReady(
        frame_id=data["frame_id"],
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        run_id=data["run_id"],
        video_id=data["video_id"],
        index=data["index"],
        media_ms=data["media_ms"],
        captured_at=read_time(data["captured_at"]),
        frame_key=data["frame_key"],
        crops_key=data["crops_key"],
        layout_key=data["layout_key"],
        layout_version=data["layout_version"],
        width=data["width"],
        height=data["height"],
        crops=tuple([read_crop_ready_crop(each) for each in data["crops"]]),
        make=tuple(data["make"]),
        last=data["last"],
    )


def write_crop_ready(event: CropReady) -> dict[str, Any]:
    """JSON values of CropReady."""
    return {
        "frame_id": event.frame_id,
        "site_id": event.site_id,
        "camera_id": event.camera_id,
        "run_id": event.run_id,
        "video_id": event.video_id,
        "index": event.index,
        "media_ms": event.media_ms,
        "captured_at": write_time(event.captured_at),
        "frame_key": event.frame_key,
        "crops_key": event.crops_key,
        "layout_key": event.layout_key,
        "layout_version": event.layout_version,
        "width": event.width,
        "height": event.height,
        "crops": [write_crop_ready_crop(each) for each in event.crops],
        "make": list(event.make),
        "last": event.last,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEvidenceCrop:
    """Where the crop is."""

    key: str
    """Object."""
    offset: int
    """First byte."""
    length: int
    """Bytes."""


def read_table_evidence_crop(data: dict[str, Any]) -> TableEvidenceCrop:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["key"]) is str and type(data["offset"]) is int and type(data["length"]) is int):
        raise TypeError
    return TableEvidenceCrop(
        key=data["key"],
        offset=data["offset"],
        length=data["length"],
    )


def write_table_evidence_crop(event: TableEvidenceCrop) -> dict[str, Any]:
    """JSON values of TableEvidenceCrop."""
    return {
        "key": event.key,
        "offset": event.offset,
        "length": event.length,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEvidenceModel:
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


def read_table_evidence_model(data: dict[str, Any]) -> TableEvidenceModel:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["name"]) is str and type(data["version"]) is str):
        raise TypeError
    return TableEvidenceModel(
        name=data["name"],
        version=data["version"],
    )


def write_table_evidence_model(event: TableEvidenceModel) -> dict[str, Any]:
    """JSON values of TableEvidenceModel."""
    return {
        "name": event.name,
        "version": event.version,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEvidenceThresholds:
    """Times that the fold uses for this run, from its manifest; null for the defaults."""

    enter_ms: int
    """Capture time of steady evidence before a table becomes occupied."""
    leave_ms: int
    """... before it becomes free."""
    hold_ms: int
    """How long a single contrary verdict is ignored."""
    ttl_ms: int
    """How long a state stays valid without evidence."""


def read_table_evidence_thresholds(data: dict[str, Any]) -> TableEvidenceThresholds:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["enter_ms"]) is int
        and type(data["leave_ms"]) is int
        and type(data["hold_ms"]) is int
        and type(data["ttl_ms"]) is int
    ):
        raise TypeError
    return TableEvidenceThresholds(
        enter_ms=data["enter_ms"],
        leave_ms=data["leave_ms"],
        hold_ms=data["hold_ms"],
        ttl_ms=data["ttl_ms"],
    )


def write_table_evidence_thresholds(event: TableEvidenceThresholds) -> dict[str, Any]:
    """JSON values of TableEvidenceThresholds."""
    return {
        "enter_ms": event.enter_ms,
        "leave_ms": event.leave_ms,
        "hold_ms": event.hold_ms,
        "ttl_ms": event.ttl_ms,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEvidence:
    """One thing that speaks for a table's state: a classifier's verdict, a camera's health, a signal, a tick of
    the clock, the end of a run. The fold reads nothing else.
    """

    TOPIC: ClassVar[str] = "table.evidence"

    kind: str
    """What speaks. Known values: `verdict`, `unavailable`, `camera`, `signal`, `tick`, `end`."""
    site_id: str | None
    """Site that owns the data."""
    table_id: str | None
    """Table; null on a tick, which concerns every table of its partition."""
    camera_id: str | None
    """Camera."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    source_id: str
    """Order is kept per (table, source): a camera, a run, or what sent the signal."""
    captured_at: datetime
    """Capture time; of a tick, the time it was sent. RFC 3339, UTC, millisecond precision."""
    label: str | None
    """What was seen. Known values: `free`, `seated`, `occupied`, `dirty`, `reserved`, `blocked`, `unknown`."""
    confidence: float | None
    """Confidence of the label."""
    people: int | None
    """People given to this table."""
    things: int | None
    """Things seen on it."""
    reason: str | None
    """Why, for unavailable, camera and signal."""
    frame_id: str | None
    """Frame it was concluded from."""
    frame_key: str | None
    """Object of the frame."""
    crop: TableEvidenceCrop | None
    """Where the crop is."""
    model: TableEvidenceModel | None
    """Model that concluded."""
    layout_version: int | None
    """Layout version."""
    thresholds: TableEvidenceThresholds | None
    """Times that the fold uses for this run, from its manifest; null for the defaults."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


def read_table_evidence(data: dict[str, Any]) -> TableEvidence:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["kind"]) is str
        and (data["site_id"] is None or type(data["site_id"]) is str)
        and (data["table_id"] is None or type(data["table_id"]) is str)
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["source_id"]) is str
        and (data["label"] is None or type(data["label"]) is str)
        and (data["confidence"] is None or type(data["confidence"]) in NUMBERS)
        and (data["people"] is None or type(data["people"]) is int)
        and (data["things"] is None or type(data["things"]) is int)
        and (data["reason"] is None or type(data["reason"]) is str)
        and (data["frame_id"] is None or type(data["frame_id"]) is str)
        and (data["frame_key"] is None or type(data["frame_key"]) is str)
        and (data["layout_version"] is None or type(data["layout_version"]) is int)
        and type(data["last"]) is bool
    ):
        raise TypeError
    return TableEvidence(
        kind=data["kind"],
        site_id=data["site_id"],
        table_id=data["table_id"],
        camera_id=data["camera_id"],
        run_id=data["run_id"],
        source_id=data["source_id"],
        captured_at=read_time(data["captured_at"]),
        label=data["label"],
        confidence=data["confidence"],
        people=data["people"],
        things=data["things"],
        reason=data["reason"],
        frame_id=data["frame_id"],
        frame_key=data["frame_key"],
        crop=None if data["crop"] is None else read_table_evidence_crop(data["crop"]),
        model=None if data["model"] is None else read_table_evidence_model(data["model"]),
        layout_version=data["layout_version"],
        thresholds=None if data["thresholds"] is None else read_table_evidence_thresholds(data["thresholds"]),
        last=data["last"],
    )


def write_table_evidence(event: TableEvidence) -> dict[str, Any]:
    """JSON values of TableEvidence."""
    return {
        "kind": event.kind,
        "site_id": event.site_id,
        "table_id": event.table_id,
        "camera_id": event.camera_id,
        "run_id": event.run_id,
        "source_id": event.source_id,
        "captured_at": write_time(event.captured_at),
        "label": event.label,
        "confidence": event.confidence,
        "people": event.people,
        "things": event.things,
        "reason": event.reason,
        "frame_id": event.frame_id,
        "frame_key": event.frame_key,
        "crop": None if event.crop is None else write_table_evidence_crop(event.crop),
        "model": None if event.model is None else write_table_evidence_model(event.model),
        "layout_version": event.layout_version,
        "thresholds": None if event.thresholds is None else write_table_evidence_thresholds(event.thresholds),
        "last": event.last,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStateEvidenceModel:
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


def read_table_state_evidence_model(data: dict[str, Any]) -> TableStateEvidenceModel:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["name"]) is str and type(data["version"]) is str):
        raise TypeError
    return TableStateEvidenceModel(
        name=data["name"],
        version=data["version"],
    )


def write_table_state_evidence_model(event: TableStateEvidenceModel) -> dict[str, Any]:
    """JSON values of TableStateEvidenceModel."""
    return {
        "name": event.name,
        "version": event.version,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStateEvidence:
    """What it was concluded from."""

    evidence_ids: tuple[str, ...]
    """Event ids on table.evidence."""
    frame_ids: tuple[str, ...]
    """Frames."""
    people: int | None
    """People at the table in the newest verdict."""
    model: TableStateEvidenceModel | None
    """Model that concluded."""
    layout_version: int | None
    """Layout version."""


def read_table_state_evidence(data: dict[str, Any]) -> TableStateEvidence:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["evidence_ids"]) is list
        and STRINGS.issuperset(map(type, data["evidence_ids"]))
        and type(data["frame_ids"]) is list
        and STRINGS.issuperset(map(type, data["frame_ids"]))
        and (data["people"] is None or type(data["people"]) is int)
        and (data["layout_version"] is None or type(data["layout_version"]) is int)
    ):
        raise TypeError
    return TableStateEvidence(
        evidence_ids=tuple(data["evidence_ids"]),
        frame_ids=tuple(data["frame_ids"]),
        people=data["people"],
        model=None if data["model"] is None else read_table_state_evidence_model(data["model"]),
        layout_version=data["layout_version"],
    )


def write_table_state_evidence(event: TableStateEvidence) -> dict[str, Any]:
    """JSON values of TableStateEvidence."""
    return {
        "evidence_ids": list(event.evidence_ids),
        "frame_ids": list(event.frame_ids),
        "people": event.people,
        "model": None if event.model is None else write_table_state_evidence_model(event.model),
        "layout_version": event.layout_version,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """The state of one table. Written on a transition and at half of expires_at; past expires_at read it as
    unknown.
    """

    TOPIC: ClassVar[str] = "table.state"

    table_id: str
    """Table."""
    site_id: str
    """Site that owns the data."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    camera_ids: tuple[str, ...]
    """Cameras that it was concluded from."""
    version: int
    """Rises with every record of the key; a reader ignores a lower one."""
    state: str
    """The state. Known values: `free`, `seated`, `occupied`, `dirty`, `reserved`, `blocked`, `unknown`."""
    previous_state: str | None
    """The state before; null at first. Known values: `free`, `seated`, `occupied`, `dirty`, `reserved`, `blocked`,
    `unknown`.
    """
    confidence: float
    """0 to 1."""
    as_of: datetime
    """Capture time of the newest evidence behind it. RFC 3339, UTC, millisecond precision."""
    since: datetime
    """When the table entered this state, dated back to the first evidence of it. RFC 3339, UTC, millisecond
    precision.
    """
    expires_at: datetime
    """Valid until; afterwards unknown. RFC 3339, UTC, millisecond precision."""
    reason: str
    """Why it was written. Known values: `evidence`, `refresh`, `stale`, `camera`, `signal`, `ended`."""
    evidence: TableStateEvidence
    """What it was concluded from."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


def read_table_state(data: dict[str, Any]) -> TableState:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["table_id"]) is str
        and type(data["site_id"]) is str
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["camera_ids"]) is list
        and STRINGS.issuperset(map(type, data["camera_ids"]))
        and type(data["version"]) is int
        and type(data["state"]) is str
        and (data["previous_state"] is None or type(data["previous_state"]) is str)
        and type(data["confidence"]) in NUMBERS
        and type(data["reason"]) is str
        and type(data["last"]) is bool
    ):
        raise TypeError
    return TableState(
        table_id=data["table_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        camera_ids=tuple(data["camera_ids"]),
        version=data["version"],
        state=data["state"],
        previous_state=data["previous_state"],
        confidence=data["confidence"],
        as_of=read_time(data["as_of"]),
        since=read_time(data["since"]),
        expires_at=read_time(data["expires_at"]),
        reason=data["reason"],
        evidence=read_table_state_evidence(data["evidence"]),
        last=data["last"],
    )


def write_table_state(event: TableState) -> dict[str, Any]:
    """JSON values of TableState."""
    return {
        "table_id": event.table_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "camera_ids": list(event.camera_ids),
        "version": event.version,
        "state": event.state,
        "previous_state": event.previous_state,
        "confidence": event.confidence,
        "as_of": write_time(event.as_of),
        "since": write_time(event.since),
        "expires_at": write_time(event.expires_at),
        "reason": event.reason,
        "evidence": write_table_state_evidence(event.evidence),
        "last": event.last,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardCandidateObservation:
    """One suspicious area."""

    kind: str
    """What it looks like. Known values: `spill`, `obstacle`."""
    box: tuple[float, ...]
    """Bounding box, [x1, y1, x2, y2], relative to the picture, 0 to 1."""
    score: float
    """0 to 1."""
    coloured: bool
    """Whether its chroma differs from the floor; grey areas are less certain."""
    area: float
    """Share of the picture."""
    stationary_ms: int
    """How long it has been there, milliseconds of capture time."""
    near_table_ids: tuple[str, ...]
    """Tables nearby, nearest first."""


def read_hazard_candidate_observation(data: dict[str, Any]) -> HazardCandidateObservation:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["kind"]) is str
        and type(data["box"]) is list
        and NUMBERS.issuperset(map(type, data["box"]))
        and type(data["score"]) in NUMBERS
        and type(data["coloured"]) is bool
        and type(data["area"]) in NUMBERS
        and type(data["stationary_ms"]) is int
        and type(data["near_table_ids"]) is list
        and STRINGS.issuperset(map(type, data["near_table_ids"]))
    ):
        raise TypeError
    return HazardCandidateObservation(
        kind=data["kind"],
        box=tuple(data["box"]),
        score=data["score"],
        coloured=data["coloured"],
        area=data["area"],
        stationary_ms=data["stationary_ms"],
        near_table_ids=tuple(data["near_table_ids"]),
    )


def write_hazard_candidate_observation(event: HazardCandidateObservation) -> dict[str, Any]:
    """JSON values of HazardCandidateObservation."""
    return {
        "kind": event.kind,
        "box": list(event.box),
        "score": event.score,
        "coloured": event.coloured,
        "area": event.area,
        "stationary_ms": event.stationary_ms,
        "near_table_ids": list(event.near_table_ids),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardCandidateDetector:
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


def read_hazard_candidate_detector(data: dict[str, Any]) -> HazardCandidateDetector:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["name"]) is str and type(data["version"]) is str):
        raise TypeError
    return HazardCandidateDetector(
        name=data["name"],
        version=data["version"],
    )


def write_hazard_candidate_detector(event: HazardCandidateDetector) -> dict[str, Any]:
    """JSON values of HazardCandidateDetector."""
    return {
        "name": event.name,
        "version": event.version,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardCandidate:
    """What the detector sees on the floor in one frame."""

    TOPIC: ClassVar[str] = "hazard.candidate"

    site_id: str
    """Site that owns the data."""
    camera_id: str | None
    """Camera."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    frame_id: str
    """Frame."""
    frame_key: str | None
    """Object of the frame."""
    captured_at: datetime
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    observations: tuple[HazardCandidateObservation, ...]
    """Areas; empty when there is nothing (any more)."""
    suspended: str | None
    """Why nothing can be said about this frame (camera dark or moved); null when detection works."""
    detector: HazardCandidateDetector
    """Model that concluded."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


def read_hazard_candidate(data: dict[str, Any]) -> HazardCandidate:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["site_id"]) is str
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["frame_id"]) is str
        and (data["frame_key"] is None or type(data["frame_key"]) is str)
        and type(data["observations"]) is list
        and (data["suspended"] is None or type(data["suspended"]) is str)
        and type(data["last"]) is bool
    ):
        raise TypeError
    return HazardCandidate(
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        run_id=data["run_id"],
        frame_id=data["frame_id"],
        frame_key=data["frame_key"],
        captured_at=read_time(data["captured_at"]),
        observations=tuple([read_hazard_candidate_observation(each) for each in data["observations"]]),
        suspended=data["suspended"],
        detector=read_hazard_candidate_detector(data["detector"]),
        last=data["last"],
    )


def write_hazard_candidate(event: HazardCandidate) -> dict[str, Any]:
    """JSON values of HazardCandidate."""
    return {
        "site_id": event.site_id,
        "camera_id": event.camera_id,
        "run_id": event.run_id,
        "frame_id": event.frame_id,
        "frame_key": event.frame_key,
        "captured_at": write_time(event.captured_at),
        "observations": [write_hazard_candidate_observation(each) for each in event.observations],
        "suspended": event.suspended,
        "detector": write_hazard_candidate_detector(event.detector),
        "last": event.last,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardAlertEvidenceDetector:
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


def read_hazard_alert_evidence_detector(data: dict[str, Any]) -> HazardAlertEvidenceDetector:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (type(data["name"]) is str and type(data["version"]) is str):
        raise TypeError
    return HazardAlertEvidenceDetector(
        name=data["name"],
        version=data["version"],
    )


def write_hazard_alert_evidence_detector(event: HazardAlertEvidenceDetector) -> dict[str, Any]:
    """JSON values of HazardAlertEvidenceDetector."""
    return {
        "name": event.name,
        "version": event.version,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardAlertEvidence:
    """What it was concluded from."""

    frame_ids: tuple[str, ...]
    """Frames."""
    frame_key: str | None
    """Object of the frame that shows it best."""
    detector: HazardAlertEvidenceDetector | None
    """Model that concluded."""


def read_hazard_alert_evidence(data: dict[str, Any]) -> HazardAlertEvidence:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["frame_ids"]) is list
        and STRINGS.issuperset(map(type, data["frame_ids"]))
        and (data["frame_key"] is None or type(data["frame_key"]) is str)
    ):
        raise TypeError
    return HazardAlertEvidence(
        frame_ids=tuple(data["frame_ids"]),
        frame_key=data["frame_key"],
        detector=None if data["detector"] is None else read_hazard_alert_evidence_detector(data["detector"]),
    )


def write_hazard_alert_evidence(event: HazardAlertEvidence) -> dict[str, Any]:
    """JSON values of HazardAlertEvidence."""
    return {
        "frame_ids": list(event.frame_ids),
        "frame_key": event.frame_key,
        "detector": None if event.detector is None else write_hazard_alert_evidence_detector(event.detector),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardAlert:
    """One alert of what several frames see, through its life."""

    TOPIC: ClassVar[str] = "hazard.alert"

    hazard_id: str
    """Alert; `end-{run_id}` on the record that ends a run."""
    site_id: str
    """Site that owns the data."""
    camera_id: str | None
    """Camera."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    version: int
    """Rises with every record of the key; a reader ignores a lower one."""
    kind: str
    """What it is; none on the record that ends a run. Known values: `spill`, `obstacle`, `none`."""
    status: str
    """Life cycle; `ended` marks the end of a run. Known values: `opened`, `acknowledged`, `cleared`, `verified`,
    `dismissed`, `expired`, `ended`.
    """
    severity: str
    """Coloured liquids are certain, grey ones less so. Known values: `info`, `warning`, `critical`."""
    confidence: float
    """0 to 1."""
    box: tuple[float, ...] | None
    """Where, [x1, y1, x2, y2], relative to the picture, 0 to 1."""
    near_table_ids: tuple[str, ...]
    """Tables nearby, nearest first."""
    opened_at: datetime
    """Capture time of the first frame that showed it. RFC 3339, UTC, millisecond precision."""
    as_of: datetime
    """Capture time of the newest evidence. RFC 3339, UTC, millisecond precision."""
    evidence: HazardAlertEvidence
    """What it was concluded from."""
    actor: str | None
    """Who acted, on an acknowledged, dismissed or cleared record."""
    note: str | None
    """What they said."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


def read_hazard_alert(data: dict[str, Any]) -> HazardAlert:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["hazard_id"]) is str
        and type(data["site_id"]) is str
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["version"]) is int
        and type(data["kind"]) is str
        and type(data["status"]) is str
        and type(data["severity"]) is str
        and type(data["confidence"]) in NUMBERS
        and (data["box"] is None or (type(data["box"]) is list and NUMBERS.issuperset(map(type, data["box"]))))
        and type(data["near_table_ids"]) is list
        and STRINGS.issuperset(map(type, data["near_table_ids"]))
        and (data["actor"] is None or type(data["actor"]) is str)
        and (data["note"] is None or type(data["note"]) is str)
        and type(data["last"]) is bool
    ):
        raise TypeError
    return HazardAlert(
        hazard_id=data["hazard_id"],
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        run_id=data["run_id"],
        version=data["version"],
        kind=data["kind"],
        status=data["status"],
        severity=data["severity"],
        confidence=data["confidence"],
        box=None if data["box"] is None else tuple(data["box"]),
        near_table_ids=tuple(data["near_table_ids"]),
        opened_at=read_time(data["opened_at"]),
        as_of=read_time(data["as_of"]),
        evidence=read_hazard_alert_evidence(data["evidence"]),
        actor=data["actor"],
        note=data["note"],
        last=data["last"],
    )


def write_hazard_alert(event: HazardAlert) -> dict[str, Any]:
    """JSON values of HazardAlert."""
    return {
        "hazard_id": event.hazard_id,
        "site_id": event.site_id,
        "camera_id": event.camera_id,
        "run_id": event.run_id,
        "version": event.version,
        "kind": event.kind,
        "status": event.status,
        "severity": event.severity,
        "confidence": event.confidence,
        "box": None if event.box is None else list(event.box),
        "near_table_ids": list(event.near_table_ids),
        "opened_at": write_time(event.opened_at),
        "as_of": write_time(event.as_of),
        "evidence": write_hazard_alert_evidence(event.evidence),
        "actor": event.actor,
        "note": event.note,
        "last": event.last,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfigSource:
    """Where pictures come from."""

    type: str
    """Kind of source. Known values: `none`, `rtsp`, `hls`, `snapshot`, `file`."""
    address: str | None
    """Address without user name or password."""
    secret_ref: str | None
    """Where the credentials are kept."""


def read_camera_config_source(data: dict[str, Any]) -> CameraConfigSource:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["type"]) is str
        and (data["address"] is None or type(data["address"]) is str)
        and (data["secret_ref"] is None or type(data["secret_ref"]) is str)
    ):
        raise TypeError
    return CameraConfigSource(
        type=data["type"],
        address=data["address"],
        secret_ref=data["secret_ref"],
    )


def write_camera_config_source(event: CameraConfigSource) -> dict[str, Any]:
    """JSON values of CameraConfigSource."""
    return {
        "type": event.type,
        "address": event.address,
        "secret_ref": event.secret_ref,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfig:
    """How a camera is set up. Compacted; read without a group from the start."""

    TOPIC: ClassVar[str] = "camera.config"

    camera_id: str
    """Camera."""
    site_id: str
    """Site that owns the data."""
    version: int
    """Rises with every record of the key."""
    name: str
    """Name."""
    enabled: bool
    """Whether it should run."""
    source: CameraConfigSource
    """Where pictures come from."""
    cadence_ms: int
    """One frame every so many milliseconds."""
    max_age_ms: int
    """Live frames older than this are dropped and counted."""
    layout_key: str | None
    """Layout in force."""
    layout_version: int | None
    """Its version."""
    updated_at: datetime
    """When it was changed. RFC 3339, UTC, millisecond precision."""


def read_camera_config(data: dict[str, Any]) -> CameraConfig:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["camera_id"]) is str
        and type(data["site_id"]) is str
        and type(data["version"]) is int
        and type(data["name"]) is str
        and type(data["enabled"]) is bool
        and type(data["cadence_ms"]) is int
        and type(data["max_age_ms"]) is int
        and (data["layout_key"] is None or type(data["layout_key"]) is str)
        and (data["layout_version"] is None or type(data["layout_version"]) is int)
    ):
        raise TypeError
    return CameraConfig(
        camera_id=data["camera_id"],
        site_id=data["site_id"],
        version=data["version"],
        name=data["name"],
        enabled=data["enabled"],
        source=read_camera_config_source(data["source"]),
        cadence_ms=data["cadence_ms"],
        max_age_ms=data["max_age_ms"],
        layout_key=data["layout_key"],
        layout_version=data["layout_version"],
        updated_at=read_time(data["updated_at"]),
    )


def write_camera_config(event: CameraConfig) -> dict[str, Any]:
    """JSON values of CameraConfig."""
    return {
        "camera_id": event.camera_id,
        "site_id": event.site_id,
        "version": event.version,
        "name": event.name,
        "enabled": event.enabled,
        "source": write_camera_config_source(event.source),
        "cadence_ms": event.cadence_ms,
        "max_age_ms": event.max_age_ms,
        "layout_key": event.layout_key,
        "layout_version": event.layout_version,
        "updated_at": write_time(event.updated_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatus:
    """How well a camera sees."""

    TOPIC: ClassVar[str] = "camera.status"

    camera_id: str
    """Camera."""
    site_id: str
    """Site that owns the data."""
    version: int
    """Rises with every record of the key; a reader ignores a lower one."""
    status: str
    """Health. Known values: `verified`, `live`, `degraded`, `frozen`, `dark`, `moved`, `offline`."""
    reason: str
    """Why, for a person."""
    since: datetime
    """When this status began. RFC 3339, UTC, millisecond precision."""
    observed_at: datetime
    """When it was last confirmed. RFC 3339, UTC, millisecond precision."""
    last_frame_at: datetime | None
    """Capture time of the last good frame. RFC 3339, UTC, millisecond precision."""
    snapshot_key: str | None
    """Last good snapshot."""


def read_camera_status(data: dict[str, Any]) -> CameraStatus:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["camera_id"]) is str
        and type(data["site_id"]) is str
        and type(data["version"]) is int
        and type(data["status"]) is str
        and type(data["reason"]) is str
        and (data["snapshot_key"] is None or type(data["snapshot_key"]) is str)
    ):
        raise TypeError
    return CameraStatus(
        camera_id=data["camera_id"],
        site_id=data["site_id"],
        version=data["version"],
        status=data["status"],
        reason=data["reason"],
        since=read_time(data["since"]),
        observed_at=read_time(data["observed_at"]),
        last_frame_at=None if data["last_frame_at"] is None else read_time(data["last_frame_at"]),
        snapshot_key=data["snapshot_key"],
    )


def write_camera_status(event: CameraStatus) -> dict[str, Any]:
    """JSON values of CameraStatus."""
    return {
        "camera_id": event.camera_id,
        "site_id": event.site_id,
        "version": event.version,
        "status": event.status,
        "reason": event.reason,
        "since": write_time(event.since),
        "observed_at": write_time(event.observed_at),
        "last_frame_at": None if event.last_frame_at is None else write_time(event.last_frame_at),
        "snapshot_key": event.snapshot_key,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCommand:
    """Cancel, delete or retry a video."""

    TOPIC: ClassVar[str] = "video.command"

    command_id: str
    """Command."""
    video_id: str
    """Video."""
    run_id: str
    """Run."""
    site_id: str
    """Site that owns the data."""
    camera_id: str | None
    """Camera."""
    action: str
    """What to do. Known values: `cancel`, `delete`, `retry`."""
    actor: str
    """Key that asked."""
    requested_at: datetime
    """When. RFC 3339, UTC, millisecond precision."""


def read_video_command(data: dict[str, Any]) -> VideoCommand:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["command_id"]) is str
        and type(data["video_id"]) is str
        and type(data["run_id"]) is str
        and type(data["site_id"]) is str
        and (data["camera_id"] is None or type(data["camera_id"]) is str)
        and type(data["action"]) is str
        and type(data["actor"]) is str
    ):
        raise TypeError
    return VideoCommand(
        command_id=data["command_id"],
        video_id=data["video_id"],
        run_id=data["run_id"],
        site_id=data["site_id"],
        camera_id=data["camera_id"],
        action=data["action"],
        actor=data["actor"],
        requested_at=read_time(data["requested_at"]),
    )


def write_video_command(event: VideoCommand) -> dict[str, Any]:
    """JSON values of VideoCommand."""
    return {
        "command_id": event.command_id,
        "video_id": event.video_id,
        "run_id": event.run_id,
        "site_id": event.site_id,
        "camera_id": event.camera_id,
        "action": event.action,
        "actor": event.actor,
        "requested_at": write_time(event.requested_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardCommand:
    """What a person decided about an alert."""

    TOPIC: ClassVar[str] = "hazard.command"

    command_id: str
    """Command."""
    hazard_id: str
    """Alert."""
    site_id: str
    """Site that owns the data."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    action: str
    """What to do. Known values: `acknowledge`, `clear`, `verify`, `dismiss`."""
    actor: str
    """Key that asked."""
    note: str | None
    """What they said."""
    requested_at: datetime
    """When. RFC 3339, UTC, millisecond precision."""


def read_hazard_command(data: dict[str, Any]) -> HazardCommand:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["command_id"]) is str
        and type(data["hazard_id"]) is str
        and type(data["site_id"]) is str
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["action"]) is str
        and type(data["actor"]) is str
        and (data["note"] is None or type(data["note"]) is str)
    ):
        raise TypeError
    return HazardCommand(
        command_id=data["command_id"],
        hazard_id=data["hazard_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        action=data["action"],
        actor=data["actor"],
        note=data["note"],
        requested_at=read_time(data["requested_at"]),
    )


def write_hazard_command(event: HazardCommand) -> dict[str, Any]:
    """JSON values of HazardCommand."""
    return {
        "command_id": event.command_id,
        "hazard_id": event.hazard_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "action": event.action,
        "actor": event.actor,
        "note": event.note,
        "requested_at": write_time(event.requested_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSignal:
    """What people or other systems say about a table."""

    TOPIC: ClassVar[str] = "table.signal"

    signal_id: str
    """Signal."""
    site_id: str
    """Site that owns the data."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    table_id: str
    """Table."""
    state: str
    """State that is claimed. Known values: `free`, `seated`, `occupied`, `dirty`, `reserved`, `blocked`,
    `unknown`.
    """
    source: str
    """Who says so: staff, reservation, pos."""
    reason: str | None
    """Why."""
    actor: str | None
    """Key or person."""
    signalled_at: datetime
    """When. RFC 3339, UTC, millisecond precision."""
    expires_at: datetime | None
    """Until when it holds. RFC 3339, UTC, millisecond precision."""


def read_table_signal(data: dict[str, Any]) -> TableSignal:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["signal_id"]) is str
        and type(data["site_id"]) is str
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["table_id"]) is str
        and type(data["state"]) is str
        and type(data["source"]) is str
        and (data["reason"] is None or type(data["reason"]) is str)
        and (data["actor"] is None or type(data["actor"]) is str)
    ):
        raise TypeError
    return TableSignal(
        signal_id=data["signal_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        table_id=data["table_id"],
        state=data["state"],
        source=data["source"],
        reason=data["reason"],
        actor=data["actor"],
        signalled_at=read_time(data["signalled_at"]),
        expires_at=None if data["expires_at"] is None else read_time(data["expires_at"]),
    )


def write_table_signal(event: TableSignal) -> dict[str, Any]:
    """JSON values of TableSignal."""
    return {
        "signal_id": event.signal_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "table_id": event.table_id,
        "state": event.state,
        "source": event.source,
        "reason": event.reason,
        "actor": event.actor,
        "signalled_at": write_time(event.signalled_at),
        "expires_at": None if event.expires_at is None else write_time(event.expires_at),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGroup:
    """Tables that are used together."""

    TOPIC: ClassVar[str] = "table.group"

    group_id: str
    """Group."""
    site_id: str
    """Site that owns the data."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    version: int
    """Rises with every record of the group."""
    primary_table_id: str
    """Master table."""
    table_ids: tuple[str, ...]
    """Members."""
    state: str
    """State of the group. Known values: `free`, `seated`, `occupied`, `dirty`, `reserved`, `blocked`, `unknown`."""
    capacity: int | None
    """Seats in all."""
    status: str
    """Merged or split. Known values: `merged`, `split`."""
    reason: str
    """Why."""
    as_of: datetime
    """Capture time. RFC 3339, UTC, millisecond precision."""


def read_table_group(data: dict[str, Any]) -> TableGroup:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["group_id"]) is str
        and type(data["site_id"]) is str
        and (data["run_id"] is None or type(data["run_id"]) is str)
        and type(data["version"]) is int
        and type(data["primary_table_id"]) is str
        and type(data["table_ids"]) is list
        and STRINGS.issuperset(map(type, data["table_ids"]))
        and type(data["state"]) is str
        and (data["capacity"] is None or type(data["capacity"]) is int)
        and type(data["status"]) is str
        and type(data["reason"]) is str
    ):
        raise TypeError
    return TableGroup(
        group_id=data["group_id"],
        site_id=data["site_id"],
        run_id=data["run_id"],
        version=data["version"],
        primary_table_id=data["primary_table_id"],
        table_ids=tuple(data["table_ids"]),
        state=data["state"],
        capacity=data["capacity"],
        status=data["status"],
        reason=data["reason"],
        as_of=read_time(data["as_of"]),
    )


def write_table_group(event: TableGroup) -> dict[str, Any]:
    """JSON values of TableGroup."""
    return {
        "group_id": event.group_id,
        "site_id": event.site_id,
        "run_id": event.run_id,
        "version": event.version,
        "primary_table_id": event.primary_table_id,
        "table_ids": list(event.table_ids),
        "state": event.state,
        "capacity": event.capacity,
        "status": event.status,
        "reason": event.reason,
        "as_of": write_time(event.as_of),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDeleted:
    """Receipt: everything of a video is gone."""

    TOPIC: ClassVar[str] = "asset.deleted"

    video_id: str
    """Video."""
    run_id: str
    """Run."""
    site_id: str
    """Site that owns the data."""
    objects: int
    """Objects deleted by the final sweep."""
    classes: tuple[str, ...]
    """Object classes that were swept."""
    requested_at: datetime
    """When deletion was asked for. RFC 3339, UTC, millisecond precision."""
    deleted_at: datetime
    """When nothing was left. RFC 3339, UTC, millisecond precision."""


def read_asset_deleted(data: dict[str, Any]) -> AssetDeleted:
    """Raises TypeError, KeyError or ValueError if `data` is not one."""
    if not (
        type(data["video_id"]) is str
        and type(data["run_id"]) is str
        and type(data["site_id"]) is str
        and type(data["objects"]) is int
        and type(data["classes"]) is list
        and STRINGS.issuperset(map(type, data["classes"]))
    ):
        raise TypeError
    return AssetDeleted(
        video_id=data["video_id"],
        run_id=data["run_id"],
        site_id=data["site_id"],
        objects=data["objects"],
        classes=tuple(data["classes"]),
        requested_at=read_time(data["requested_at"]),
        deleted_at=read_time(data["deleted_at"]),
    )


def write_asset_deleted(event: AssetDeleted) -> dict[str, Any]:
    """JSON values of AssetDeleted."""
    return {
        "video_id": event.video_id,
        "run_id": event.run_id,
        "site_id": event.site_id,
        "objects": event.objects,
        "classes": list(event.classes),
        "requested_at": write_time(event.requested_at),
        "deleted_at": write_time(event.deleted_at),
    }


Event = (
    VideoUploaded
    | VideoRejected
    | VideoProgress
    | FrameExtracted
    | CropReady
    | TableEvidence
    | TableState
    | HazardCandidate
    | HazardAlert
    | CameraConfig
    | CameraStatus
    | VideoCommand
    | HazardCommand
    | TableSignal
    | TableGroup
    | AssetDeleted
)


__all__ = [
    "AssetDeleted",
    "CameraConfig",
    "CameraConfigSource",
    "CameraStatus",
    "CropReady",
    "CropReadyCrop",
    "Event",
    "FrameExtracted",
    "HazardAlert",
    "HazardAlertEvidence",
    "HazardAlertEvidenceDetector",
    "HazardCandidate",
    "HazardCandidateDetector",
    "HazardCandidateObservation",
    "HazardCommand",
    "TableEvidence",
    "TableEvidenceCrop",
    "TableEvidenceModel",
    "TableEvidenceThresholds",
    "TableGroup",
    "TableSignal",
    "TableState",
    "TableStateEvidence",
    "TableStateEvidenceModel",
    "VideoCommand",
    "VideoProgress",
    "VideoProgressError",
    "VideoProgressGap",
    "VideoProgressThumbnails",
    "VideoRejected",
    "VideoUploaded",
    "VideoUploadedPicture",
    "VideoUploadedSampling",
]
