"""Made by schemas/generate.py from schemas/<topic>/v1.schema.json; do not edit.

One frozen msgspec Struct for each topic and for each object inside. Types only: a reader takes wider limits and enum
values that it does not know. `wire_*` makes what is encoded of an event (times as text, to the millisecond), `utc_*`
is whether all its times are in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, defstruct

from tablewatch_schemas.times import write_time

Time = Annotated[datetime, Meta(tz=True)]


class VideoUploadedSampling(Struct, frozen=True, kw_only=True, gc=False):
    """Which frames are taken from the video."""

    mode: str
    """cadence: one frame every `every_ms`; keyframes: every keyframe; all: every frame. Known values: `cadence`,
    `keyframes`, `all`.
    """
    every_ms: int | None
    """Cadence in milliseconds of media time; null unless mode is cadence."""


class VideoUploadedPicture(Struct, frozen=True, kw_only=True, gc=False):
    """How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full
    size.
    """

    format: str
    """jpeg, or png without loss. Known values: `jpeg`, `png`."""
    quality: int | None
    """JPEG quality, 1 to 100; null: the extractor's usual one."""
    long_side: int | None
    """Longer side of the stored picture, pixels; a smaller picture stays as it is. Null: full size."""


class VideoUploaded(Struct, frozen=True, kw_only=True, gc=False):
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
    """Container format by content, e.g. mp4, matroska, mpegts, mpegps, avi."""
    codec: str
    """Video codec, e.g. h264."""
    width: int
    """Displayed width before rotation, pixels."""
    height: int
    """Displayed height before rotation, pixels."""
    rotation_degrees: int
    """Clockwise rotation to apply for display: 0, 90, 180 or 270."""
    mirrored: bool | None = None
    """Whether the picture has to be mirrored left to right for display, before it is rotated; missing: no."""
    transfer: str | None = None
    """How the file codes light: sdr, or HDR as hlg (hybrid log-gamma) or pq (perceptual quantiser). Stored
    pictures are SDR BT.709 whatever it is. Missing or null: not known. Known values: `sdr`, `hlg`, `pq`.
    """
    duration_ms: int | None
    """Duration, milliseconds, as the headers of the file (of its first recording) declare it; null if they do not.
    What was read of it is media_ms_total of video.progress.
    """
    fps: int | float | None
    """Average frames a second; null if unknown."""
    video_track: int | None = None
    """Which of the file's video tracks is taken, counted from 0 with covers (FFmpeg's v:N); missing or null: not
    known.
    """
    video_tracks: int | None = None
    """How many video tracks the file has, with covers; missing or null: not known."""
    started_at: Time | None
    """When the recording started, from the uploader or the container; null if unknown. RFC 3339, UTC, millisecond
    precision.
    """
    layout_key: str | None
    """Layout object that applies; null without a camera."""
    sampling: VideoUploadedSampling
    """Which frames are taken from the video."""
    picture: VideoUploadedPicture | None = None
    """How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full
    size.
    """
    make: tuple[str, ...]
    """What this run makes. Known values: `frames`, `tables`, `hazards`."""
    uploaded_at: Time
    """When the last byte was stored. RFC 3339, UTC, millisecond precision."""


_VideoUploadedWire: Any = defstruct(
    "VideoUploaded",
    [
        "video_id",
        "site_id",
        "run_id",
        "camera_id",
        "object_key",
        "manifest_key",
        "size_bytes",
        "sha256",
        "container",
        "codec",
        "width",
        "height",
        "rotation_degrees",
        "mirrored",
        "transfer",
        "duration_ms",
        "fps",
        "video_track",
        "video_tracks",
        "started_at",
        "layout_key",
        "sampling",
        "picture",
        "make",
        "uploaded_at",
    ],
    gc=False,
)


def wire_video_uploaded(event: VideoUploaded) -> Any:
    """What is encoded of VideoUploaded. Raises ValueError or AttributeError where a time is none."""
    return _VideoUploadedWire(
        event.video_id,
        event.site_id,
        event.run_id,
        event.camera_id,
        event.object_key,
        event.manifest_key,
        event.size_bytes,
        event.sha256,
        event.container,
        event.codec,
        event.width,
        event.height,
        event.rotation_degrees,
        UNSET if event.mirrored is None else event.mirrored,
        event.transfer,
        event.duration_ms,
        event.fps,
        event.video_track,
        event.video_tracks,
        None if event.started_at is None else write_time(event.started_at),
        event.layout_key,
        event.sampling,
        event.picture,
        event.make,
        write_time(event.uploaded_at),
    )


def utc_video_uploaded(event: VideoUploaded) -> bool:
    """Whether every time of VideoUploaded is in UTC."""
    return (event.started_at is None or event.started_at.tzinfo is UTC) and event.uploaded_at.tzinfo is UTC


class VideoRejected(Struct, frozen=True, kw_only=True, gc=False):
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
    """Whether sending the same file once more can succeed."""
    size_bytes: int | None
    """Bytes received, if known."""
    rejected_at: Time
    """When it was refused. RFC 3339, UTC, millisecond precision."""


_VideoRejectedWire: Any = defstruct(
    "VideoRejected",
    ["video_id", "site_id", "run_id", "code", "reason", "retryable", "size_bytes", "rejected_at"],
    gc=False,
)


def wire_video_rejected(event: VideoRejected) -> Any:
    """What is encoded of VideoRejected. Raises ValueError or AttributeError where a time is none."""
    return _VideoRejectedWire(
        event.video_id,
        event.site_id,
        event.run_id,
        event.code,
        event.reason,
        event.retryable,
        event.size_bytes,
        write_time(event.rejected_at),
    )


def utc_video_rejected(event: VideoRejected) -> bool:
    """Whether every time of VideoRejected is in UTC."""
    return event.rejected_at.tzinfo is UTC


class UploadRefused(Struct, frozen=True, kw_only=True, gc=False):
    """An attempt to send a file found no room. The upload stays open: a later attempt may be taken."""

    TOPIC: ClassVar[str] = "upload.refused"

    video_id: str
    """Video."""
    site_id: str
    """Site that owns the data."""
    run_id: str
    """Run that begins when the file is stored."""
    code: str
    """Stable refusal code, listed in docs/errors-and-retries.md."""
    reason: str
    """A sentence for a person, with what is left and what to do."""
    refused_at: Time
    """When it was refused. RFC 3339, UTC, millisecond precision."""


_UploadRefusedWire: Any = defstruct(
    "UploadRefused", ["video_id", "site_id", "run_id", "code", "reason", "refused_at"], gc=False
)


def wire_upload_refused(event: UploadRefused) -> Any:
    """What is encoded of UploadRefused. Raises ValueError or AttributeError where a time is none."""
    return _UploadRefusedWire(
        event.video_id,
        event.site_id,
        event.run_id,
        event.code,
        event.reason,
        write_time(event.refused_at),
    )


def utc_upload_refused(event: UploadRefused) -> bool:
    """Whether every time of UploadRefused is in UTC."""
    return event.refused_at.tzinfo is UTC


class VideoProgressError(Struct, frozen=True, kw_only=True, gc=False):
    """Why it failed."""

    code: str
    """Stable machine-readable code, listed in docs/errors-and-retries.md."""
    reason: str
    """A sentence for a person, saying what to do."""
    retryable: bool
    """Whether an unchanged retry can succeed."""


class VideoProgressGap(Struct, frozen=True, kw_only=True, gc=False):
    """One gap."""

    from_ms: int
    """Start, milliseconds of media time."""
    to_ms: int | None
    """End, milliseconds; null for the end of the file."""
    code: str
    """Stable code."""
    bytes: int | None = None
    """Of unread_bytes: how many bytes of the file; else null or absent."""


class VideoProgressThumbnails(Struct, frozen=True, kw_only=True, gc=False):
    """Still pictures of the run, where made."""

    first: str | None
    """Object of the first frame's thumbnail."""
    best: str | None
    """Object of the best frame's thumbnail."""


class VideoProgressStorage(Struct, frozen=True, kw_only=True, gc=False):
    """What the run takes of the storage quota of its site, bytes; null or absent: not known."""

    frames_bytes: int
    """Frames that are stored."""
    crops_bytes: int
    """Crops that are stored, as far as they are counted."""
    reserved_bytes: int
    """Set aside for what is still to be stored."""


class VideoProgressWaiting(Struct, frozen=True, kw_only=True, gc=False):
    """Why the run makes no progress now though nothing is wrong with it; null or absent: it does not wait."""

    code: str
    """Stable machine-readable code, listed in docs/errors-and-retries.md."""
    reason: str
    """A sentence for a person, saying what it waits for."""


class VideoProgress(Struct, frozen=True, kw_only=True, gc=False):
    """How far the extraction of a run is. Written on every relevant change, at most about once a second."""

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
    """Duration, milliseconds; null if not known. From the headers of the file until it has been read (stage plan),
    then what was read: all recordings of a file that were put together, less what was cut off.
    """
    percent: int | float
    """Progress by media time."""
    error: VideoProgressError | None
    """Why it failed."""
    gaps: tuple[VideoProgressGap, ...]
    """Stretches of media time that could not be read."""
    thumbnails: VideoProgressThumbnails
    """Still pictures of the run, where made."""
    storage: VideoProgressStorage | None = None
    """What the run takes of the storage quota of its site, bytes; null or absent: not known."""
    waiting: VideoProgressWaiting | None = None
    """Why the run makes no progress now though nothing is wrong with it; null or absent: it does not wait."""
    updated_at: Time
    """When this was true. RFC 3339, UTC, millisecond precision."""


_VideoProgressWire: Any = defstruct(
    "VideoProgress",
    [
        "video_id",
        "site_id",
        "run_id",
        "sequence",
        "status",
        "stage",
        "attempt",
        "frames_published",
        "frames_expected",
        "media_ms_done",
        "media_ms_total",
        "percent",
        "error",
        "gaps",
        "thumbnails",
        "storage",
        "waiting",
        "updated_at",
    ],
    gc=False,
)


def wire_video_progress(event: VideoProgress) -> Any:
    """What is encoded of VideoProgress. Raises ValueError or AttributeError where a time is none."""
    return _VideoProgressWire(
        event.video_id,
        event.site_id,
        event.run_id,
        event.sequence,
        event.status,
        event.stage,
        event.attempt,
        event.frames_published,
        event.frames_expected,
        event.media_ms_done,
        event.media_ms_total,
        event.percent,
        event.error,
        event.gaps,
        event.thumbnails,
        event.storage,
        event.waiting,
        write_time(event.updated_at),
    )


def utc_video_progress(event: VideoProgress) -> bool:
    """Whether every time of VideoProgress is in UTC."""
    return event.updated_at.tzinfo is UTC


class FrameExtracted(Struct, frozen=True, kw_only=True, gc=False):
    """One frame is stored. Frames of a run come in media order; the last one has `last` set."""

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
    captured_at: Time
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    captured_at_source: str | None = None
    """Whose clock `captured_at` is, of a live frame: the camera's own, that of an HLS playlist, or ours when the
    picture came; null or absent of a run. Known values: `camera`, `playlist`, `receipt`.
    """
    captured_at_error_ms: int | None = None
    """Bound of the error of `captured_at` that 99 of 100 live frames keep, milliseconds; of `receipt` beyond the
    line's least delay. Null or absent of a run.
    """
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
    sharpness: int | float
    """Variance of the Laplacian of the luma at 320 pixels width; higher is sharper."""
    brightness: int | float
    """Mean luma, 0 (black) to 1 (white)."""
    layout_key: str | None
    """Layout object that applies to this frame."""
    previous_frame_id: str | None
    """The frame before it in the same run or camera, the one that changes are measured against."""
    previous_object_key: str | None
    """Object of that frame."""
    make: tuple[str, ...]
    """What this run makes. Known values: `frames`, `tables`, `hazards`."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_FrameExtractedWire: Any = defstruct(
    "FrameExtracted",
    [
        "frame_id",
        "site_id",
        "camera_id",
        "run_id",
        "video_id",
        "index",
        "media_ms",
        "captured_at",
        "captured_at_source",
        "captured_at_error_ms",
        "object_key",
        "width",
        "height",
        "size_bytes",
        "keyframe",
        "sharpness",
        "brightness",
        "layout_key",
        "previous_frame_id",
        "previous_object_key",
        "make",
        "last",
    ],
    gc=False,
)


def wire_frame_extracted(event: FrameExtracted) -> Any:
    """What is encoded of FrameExtracted. Raises ValueError or AttributeError where a time is none."""
    return _FrameExtractedWire(
        event.frame_id,
        event.site_id,
        event.camera_id,
        event.run_id,
        event.video_id,
        event.index,
        event.media_ms,
        write_time(event.captured_at),
        event.captured_at_source,
        event.captured_at_error_ms,
        event.object_key,
        event.width,
        event.height,
        event.size_bytes,
        event.keyframe,
        event.sharpness,
        event.brightness,
        event.layout_key,
        event.previous_frame_id,
        event.previous_object_key,
        event.make,
        event.last,
    )


def utc_frame_extracted(event: FrameExtracted) -> bool:
    """Whether every time of FrameExtracted is in UTC."""
    return event.captured_at.tzinfo is UTC


class FrameDroppedReason(Struct, frozen=True, kw_only=True, gc=False):
    """Frames dropped for one reason."""

    reason: str
    """slow: a newer frame came before it was stored; late: older than the camera's max_age_ms; store_full,
    store_failed: the object store did not take it; lease_lost: another process may have had the camera;
    refused: the broker did not take the event. Others may be added.
    """
    frames: int
    """Frames dropped for it in that hour so far."""


class FrameDropped(Struct, frozen=True, kw_only=True, gc=False):
    """Frames that were taken of a live camera and not published, by hour and reason. Counts of an hour grow; the
    highest of each reason is right.
    """

    TOPIC: ClassVar[str] = "frame.dropped"

    camera_id: str
    """Camera."""
    site_id: str
    """Site that owns the data."""
    hour: Time
    """Beginning of the hour in which they were dropped. RFC 3339, UTC, millisecond precision."""
    frames: int
    """Frames dropped in that hour so far, over all reasons."""
    reasons: tuple[FrameDroppedReason, ...]
    """The same by reason."""


_FrameDroppedWire: Any = defstruct("FrameDropped", ["camera_id", "site_id", "hour", "frames", "reasons"], gc=False)


def wire_frame_dropped(event: FrameDropped) -> Any:
    """What is encoded of FrameDropped. Raises ValueError or AttributeError where a time is none."""
    return _FrameDroppedWire(
        event.camera_id,
        event.site_id,
        write_time(event.hour),
        event.frames,
        event.reasons,
    )


def utc_frame_dropped(event: FrameDropped) -> bool:
    """Whether every time of FrameDropped is in UTC."""
    return event.hour.tzinfo is UTC


class CropReadyCrop(Struct, frozen=True, kw_only=True, gc=False):
    """One crop."""

    table_id: str
    """Table."""
    offset: int
    """First byte in the object."""
    length: int
    """Bytes."""
    box: tuple[int | float, ...]
    """Bounding box of the region, [x1, y1, x2, y2], relative to the picture, 0 to 1."""
    changed: bool | None
    """Whether the region differs from the previous frame, or from the last one that was cut; null if there was
    none to compare.
    """
    change: int | float | None
    """Mean absolute luma difference to the previous frame, 0 to 1."""


class CropReady(Struct, frozen=True, kw_only=True, gc=False):
    """The table regions of one frame are cut: one object, JPEGs back to back."""

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
    captured_at: Time
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    frame_key: str | None
    """JPEG object of the whole frame; null on a last marker without picture."""
    crops_key: str | None
    """Object with all crops back to back; null if there are none. Where no table changed it is that of an earlier
    frame of the same camera or run, up to a minute or, in a run, sixty frames older.
    """
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
    """What this run makes. Known values: `frames`, `tables`, `hazards`."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_CropReadyWire: Any = defstruct(
    "CropReady",
    [
        "frame_id",
        "site_id",
        "camera_id",
        "run_id",
        "video_id",
        "index",
        "media_ms",
        "captured_at",
        "frame_key",
        "crops_key",
        "layout_key",
        "layout_version",
        "width",
        "height",
        "crops",
        "make",
        "last",
    ],
    gc=False,
)


def wire_crop_ready(event: CropReady) -> Any:
    """What is encoded of CropReady. Raises ValueError or AttributeError where a time is none."""
    return _CropReadyWire(
        event.frame_id,
        event.site_id,
        event.camera_id,
        event.run_id,
        event.video_id,
        event.index,
        event.media_ms,
        write_time(event.captured_at),
        event.frame_key,
        event.crops_key,
        event.layout_key,
        event.layout_version,
        event.width,
        event.height,
        event.crops,
        event.make,
        event.last,
    )


def utc_crop_ready(event: CropReady) -> bool:
    """Whether every time of CropReady is in UTC."""
    return event.captured_at.tzinfo is UTC


class TableEvidenceCrop(Struct, frozen=True, kw_only=True, gc=False):
    """Where the crop is."""

    key: str
    """Object."""
    offset: int
    """First byte."""
    length: int
    """Bytes."""


class TableEvidenceModel(Struct, frozen=True, kw_only=True, gc=False):
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


class TableEvidenceThresholds(Struct, frozen=True, kw_only=True, gc=False):
    """Times that the fold uses for this run, from its manifest; null for the defaults."""

    enter_ms: int
    """Capture time of steady evidence before a table becomes occupied."""
    leave_ms: int
    """... before it becomes free."""
    hold_ms: int
    """How long a single contrary verdict is ignored."""
    ttl_ms: int
    """How long a state stays valid without evidence."""


class TableEvidence(Struct, frozen=True, kw_only=True, gc=False):
    """One piece of evidence for a table's state: a classifier's verdict, a camera's health, a signal, a tick of
    the clock, the end of a run. The fold reads nothing else.
    """

    TOPIC: ClassVar[str] = "table.evidence"

    kind: str
    """Kind of evidence; name: the table has a name in a newer layout of its camera; gated: nothing changed at any
    table of the frame since its last look, so that nobody looked again. Known values: `verdict`, `unavailable`,
    `camera`, `signal`, `tick`, `end`, `name`, `gated`.
    """
    site_id: str | None
    """Site that owns the data."""
    table_id: str | None
    """Table; null on a tick, which concerns every table of its partition."""
    table_label: str | None = None
    """What people call the table in layout_version; missing or null: not known, or older than this field."""
    camera_id: str | None
    """Camera."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    video_id: str | None = None
    """Video that the run goes through; missing or null: live, or older than this field."""
    source_id: str
    """Order is per (table, source): a camera, a run, or what sent the signal."""
    captured_at: Time
    """Capture time; of a tick, the time it was sent. RFC 3339, UTC, millisecond precision."""
    label: str | None
    """What was seen. Known values: `free`, `seated`, `occupied`, `dirty`, `reserved`, `blocked`, `unknown`."""
    confidence: int | float | None
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
    judgement_key: str | None = None
    """Object with all that the classifier saw in the frame and what it made of it (tablewatch_schemas.judgement),
    stored before this record. Missing or null: the frame was not judged, or older than this field.
    """
    layout_version: int | None
    """Layout version."""
    layout_created_at: Time | None = None
    """When that layout was drawn; of several that name a table, the newest holds. Missing or null: not known, or
    older than this field. RFC 3339, UTC, millisecond precision.
    """
    zone_pixels: int | None = None
    """Size of the table's zone (its bounding box) in the picture, pixels: what this camera's vote weighs by.
    Missing or null: not known, or older than this field.
    """
    thresholds: TableEvidenceThresholds | None
    """Times that the fold uses for this run, from its manifest; null for the defaults."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_TableEvidenceWire: Any = defstruct(
    "TableEvidence",
    [
        "kind",
        "site_id",
        "table_id",
        "table_label",
        "camera_id",
        "run_id",
        "video_id",
        "source_id",
        "captured_at",
        "label",
        "confidence",
        "people",
        "things",
        "reason",
        "frame_id",
        "frame_key",
        "crop",
        "model",
        "judgement_key",
        "layout_version",
        "layout_created_at",
        "zone_pixels",
        "thresholds",
        "last",
    ],
    gc=False,
)


def wire_table_evidence(event: TableEvidence) -> Any:
    """What is encoded of TableEvidence. Raises ValueError or AttributeError where a time is none."""
    return _TableEvidenceWire(
        event.kind,
        event.site_id,
        event.table_id,
        event.table_label,
        event.camera_id,
        event.run_id,
        event.video_id,
        event.source_id,
        write_time(event.captured_at),
        event.label,
        event.confidence,
        event.people,
        event.things,
        event.reason,
        event.frame_id,
        event.frame_key,
        event.crop,
        event.model,
        event.judgement_key,
        event.layout_version,
        None if event.layout_created_at is None else write_time(event.layout_created_at),
        event.zone_pixels,
        event.thresholds,
        event.last,
    )


def utc_table_evidence(event: TableEvidence) -> bool:
    """Whether every time of TableEvidence is in UTC."""
    return event.captured_at.tzinfo is UTC and (
        event.layout_created_at is None or event.layout_created_at.tzinfo is UTC
    )


class TableStateEvidenceModel(Struct, frozen=True, kw_only=True, gc=False):
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


class TableStateEvidence(Struct, frozen=True, kw_only=True, gc=False):
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


class TableStateVote(Struct, frozen=True, kw_only=True, gc=False):
    """One camera's vote."""

    camera_id: str
    """Camera; the run, of a video without a camera."""
    label: str
    """What it saw; unknown: the look was doubtful. Known values: `free`, `seated`, `occupied`, `dirty`,
    `reserved`, `blocked`, `unknown`.
    """
    reason: str | None
    """Why the look was doubtful, a code of unknown_reason; else null."""
    confidence: int | float
    """Confidence of the label."""
    as_of: Time
    """Capture time of the look. RFC 3339, UTC, millisecond precision."""
    zone_pixels: int | None
    """Size of the table's zone in its picture, pixels; null: not known."""
    doubt: int | float
    """Share of its looks that were doubtful, of the last 50."""
    weight: int | float
    """Its share of all votes that counted; 0 when it did not."""
    excluded: str | None
    """Why it did not count: its camera is not well, it looked too long ago, or another camera has seen the table
    change since; null: it counted. Known values: `blind`, `stale`, `older`.
    """


_TableStateVoteWire: Any = defstruct(
    "TableStateVote",
    ["camera_id", "label", "reason", "confidence", "as_of", "zone_pixels", "doubt", "weight", "excluded"],
    gc=False,
)


def wire_table_state_vote(event: TableStateVote) -> Any:
    """What is encoded of TableStateVote. Raises ValueError or AttributeError where a time is none."""
    return _TableStateVoteWire(
        event.camera_id,
        event.label,
        event.reason,
        event.confidence,
        write_time(event.as_of),
        event.zone_pixels,
        event.doubt,
        event.weight,
        event.excluded,
    )


class TableState(Struct, frozen=True, kw_only=True, gc=False):
    """The state of one table. Written on a transition and at half of expires_at; past expires_at read it as
    unknown.
    """

    TOPIC: ClassVar[str] = "table.state"

    table_id: str
    """Table."""
    label: str | None = None
    """What people call the table, from the layout, e.g. Table 7; missing or null: not known, or older than this
    field.
    """
    site_id: str
    """Site that owns the data."""
    run_id: str | None
    """Run (one pass of a video through the pipeline); null on the live lane."""
    video_id: str | None = None
    """Video that the run goes through; missing or null: live, or older than this field."""
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
    confidence: int | float
    """0 to 1."""
    as_of: Time
    """Capture time of the newest evidence behind it. RFC 3339, UTC, millisecond precision."""
    since: Time
    """When the table entered this state, dated back to the first evidence of it. RFC 3339, UTC, millisecond
    precision.
    """
    expires_at: Time
    """Valid until; afterwards unknown. RFC 3339, UTC, millisecond precision."""
    reason: str
    """Why it was written; a code of unknown_reason when doubt made the table unknown. Known values: `evidence`,
    `refresh`, `stale`, `camera`, `signal`, `ended`, `person_between_tables`, `person_outside_zone`,
    `faint_person`, `zone_too_small`, `doubtful`, `cameras_disagree`.
    """
    unknown_reason: str | None = None
    """Why the state is unknown, also in records that only refresh it; null while it is known, missing: older than
    this field. Known values: `person_between_tables`, `person_outside_zone`, `faint_person`, `zone_too_small`,
    `doubtful`, `cameras_disagree`, `stale`, `camera`, `camera_frozen`, `camera_dark`, `camera_moved`,
    `camera_blocked`, `camera_paused`, `signal`, `no_evidence`.
    """
    evidence: TableStateEvidence
    """What it was concluded from."""
    votes: tuple[TableStateVote, ...] | None = None
    """What each camera of the table said in its newest look, by camera; missing or null: older than this field."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_TableStateWire: Any = defstruct(
    "TableState",
    [
        "table_id",
        "label",
        "site_id",
        "run_id",
        "video_id",
        "camera_ids",
        "version",
        "state",
        "previous_state",
        "confidence",
        "as_of",
        "since",
        "expires_at",
        "reason",
        "unknown_reason",
        "evidence",
        "votes",
        "last",
    ],
    gc=False,
)


def wire_table_state(event: TableState) -> Any:
    """What is encoded of TableState. Raises ValueError or AttributeError where a time is none."""
    return _TableStateWire(
        event.table_id,
        event.label,
        event.site_id,
        event.run_id,
        event.video_id,
        event.camera_ids,
        event.version,
        event.state,
        event.previous_state,
        event.confidence,
        write_time(event.as_of),
        write_time(event.since),
        write_time(event.expires_at),
        event.reason,
        event.unknown_reason,
        event.evidence,
        None if event.votes is None else [wire_table_state_vote(each) for each in event.votes],
        event.last,
    )


def utc_table_state(event: TableState) -> bool:
    """Whether every time of TableState is in UTC."""
    return (
        event.as_of.tzinfo is UTC
        and event.since.tzinfo is UTC
        and event.expires_at.tzinfo is UTC
        and (event.votes is None or all(each.as_of.tzinfo is UTC for each in event.votes))
    )


class HazardCandidateObservation(Struct, frozen=True, kw_only=True, gc=False):
    """One suspicious area."""

    kind: str
    """What it looks like. Known values: `spill`, `obstacle`."""
    box: tuple[int | float, ...]
    """Bounding box, [x1, y1, x2, y2], relative to the picture, 0 to 1."""
    score: int | float
    """0 to 1."""
    coloured: bool
    """Whether its chroma differs from the floor; grey areas are less certain."""
    area: int | float
    """Share of the picture."""
    stationary_ms: int
    """How long it has been there, milliseconds of capture time."""
    near_table_ids: tuple[str, ...]
    """Tables nearby, nearest first."""
    near_table_labels: tuple[str, ...] | None = None
    """What people call the tables of near_table_ids, in the same order, from the layout, e.g. Table 7; missing or
    null: older than this field.
    """


class HazardCandidateDetector(Struct, frozen=True, kw_only=True, gc=False):
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


class HazardCandidate(Struct, frozen=True, kw_only=True, gc=False):
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
    captured_at: Time
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    observations: tuple[HazardCandidateObservation, ...]
    """Areas; empty when there is nothing (any more)."""
    suspended: str | None
    """Why nothing can be observed, for a program; null when detection works. Of the camera: camera_frozen,
    camera_dark, camera_moved, camera_blocked, camera_offline, camera_paused. Of the frame: warming_up (too few
    frames yet to know the floor), no_floor (none is drawn), no_picture, picture_gone, not_a_picture. Of no
    frame: run_cancelled, run_deleted, tick. Others may be added.
    """
    detector: HazardCandidateDetector
    """Model that concluded."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_HazardCandidateWire: Any = defstruct(
    "HazardCandidate",
    [
        "site_id",
        "camera_id",
        "run_id",
        "frame_id",
        "frame_key",
        "captured_at",
        "observations",
        "suspended",
        "detector",
        "last",
    ],
    gc=False,
)


def wire_hazard_candidate(event: HazardCandidate) -> Any:
    """What is encoded of HazardCandidate. Raises ValueError or AttributeError where a time is none."""
    return _HazardCandidateWire(
        event.site_id,
        event.camera_id,
        event.run_id,
        event.frame_id,
        event.frame_key,
        write_time(event.captured_at),
        event.observations,
        event.suspended,
        event.detector,
        event.last,
    )


def utc_hazard_candidate(event: HazardCandidate) -> bool:
    """Whether every time of HazardCandidate is in UTC."""
    return event.captured_at.tzinfo is UTC


class HazardAlertEvidenceDetector(Struct, frozen=True, kw_only=True, gc=False):
    """Model that concluded."""

    name: str
    """Model name."""
    version: str
    """Model version or weights hash prefix."""


class HazardAlertEvidence(Struct, frozen=True, kw_only=True, gc=False):
    """What it was concluded from."""

    frame_ids: tuple[str, ...]
    """Frames."""
    frame_key: str | None
    """Object of the frame that shows it best."""
    detector: HazardAlertEvidenceDetector | None
    """Model that concluded."""


class HazardAlert(Struct, frozen=True, kw_only=True, gc=False):
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
    confidence: int | float
    """0 to 1."""
    box: tuple[int | float, ...] | None
    """Where, [x1, y1, x2, y2], relative to the picture, 0 to 1."""
    near_table_ids: tuple[str, ...]
    """Tables nearby, nearest first."""
    near_table_labels: tuple[str, ...] | None = None
    """What people call the tables of near_table_ids, in the same order, from the layout, e.g. Table 7; missing or
    null: older than this field.
    """
    opened_at: Time
    """Capture time of the first frame that showed it. RFC 3339, UTC, millisecond precision."""
    acknowledged_at: Time | None = None
    """When somebody said that they see to it: by their clock; of a run the capture time of the newest evidence.
    Null while nobody has, and again after it was opened anew; missing or null: older than this field. RFC 3339,
    UTC, millisecond precision.
    """
    cleared_at: Time | None = None
    """When it was gone: as a person said, or the capture time of the first frame without it, which may lie before
    acknowledged_at. Null while it is there, and again after it was opened anew; missing or null: older than
    this field. RFC 3339, UTC, millisecond precision.
    """
    as_of: Time
    """Capture time of the newest evidence. RFC 3339, UTC, millisecond precision."""
    evidence: HazardAlertEvidence
    """What it was concluded from."""
    actor: str | None
    """Who acted, on an acknowledged, dismissed or cleared record."""
    note: str | None
    """The note of the person."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_HazardAlertWire: Any = defstruct(
    "HazardAlert",
    [
        "hazard_id",
        "site_id",
        "camera_id",
        "run_id",
        "version",
        "kind",
        "status",
        "severity",
        "confidence",
        "box",
        "near_table_ids",
        "near_table_labels",
        "opened_at",
        "acknowledged_at",
        "cleared_at",
        "as_of",
        "evidence",
        "actor",
        "note",
        "last",
    ],
    gc=False,
)


def wire_hazard_alert(event: HazardAlert) -> Any:
    """What is encoded of HazardAlert. Raises ValueError or AttributeError where a time is none."""
    return _HazardAlertWire(
        event.hazard_id,
        event.site_id,
        event.camera_id,
        event.run_id,
        event.version,
        event.kind,
        event.status,
        event.severity,
        event.confidence,
        event.box,
        event.near_table_ids,
        event.near_table_labels,
        write_time(event.opened_at),
        None if event.acknowledged_at is None else write_time(event.acknowledged_at),
        None if event.cleared_at is None else write_time(event.cleared_at),
        write_time(event.as_of),
        event.evidence,
        event.actor,
        event.note,
        event.last,
    )


def utc_hazard_alert(event: HazardAlert) -> bool:
    """Whether every time of HazardAlert is in UTC."""
    return (
        event.opened_at.tzinfo is UTC
        and (event.acknowledged_at is None or event.acknowledged_at.tzinfo is UTC)
        and (event.cleared_at is None or event.cleared_at.tzinfo is UTC)
        and event.as_of.tzinfo is UTC
    )


class CameraConfigSource(Struct, frozen=True, kw_only=True, gc=False):
    """Where pictures come from."""

    type: str
    """Kind of source. Known values: `none`, `rtsp`, `hls`, `snapshot`, `file`."""
    address: str | None
    """Address without user name or password."""
    secret_ref: str | None
    """Object that holds the credentials."""
    transport: str | None = None
    """Of rtsp: how the camera sends its pictures; null: over TCP. Known values: `tcp`, `udp`."""


class CameraConfigOpeningHours(Struct, frozen=True, kw_only=True, gc=False):
    """When pictures are taken of the camera, every week by the clock of its site; outside of them capture rests
    and the camera is paused. Null: those of its site hold.
    """

    timezone: str
    """Time zone of the site, by its name in the IANA list."""
    monday: tuple[str, ...]
    """Intervals of Monday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """
    tuesday: tuple[str, ...]
    """Intervals of Tuesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """
    wednesday: tuple[str, ...]
    """Intervals of Wednesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the
    next day; 24:00 is the end of the day.
    """
    thursday: tuple[str, ...]
    """Intervals of Thursday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the
    next day; 24:00 is the end of the day.
    """
    friday: tuple[str, ...]
    """Intervals of Friday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """
    saturday: tuple[str, ...]
    """Intervals of Saturday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the
    next day; 24:00 is the end of the day.
    """
    sunday: tuple[str, ...]
    """Intervals of Sunday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """


class CameraConfig(Struct, frozen=True, kw_only=True, gc=False):
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
    look_every_ms: int | None = None
    """While nothing changes at its tables a classifier looks at one frame in so many milliseconds, and the others
    are gated; null or 0: it looks at every frame.
    """
    max_age_ms: int
    """Live frames older than this are dropped and counted."""
    layout_key: str | None
    """Layout in force."""
    layout_version: int | None
    """Its version."""
    detector: str | None = None
    """Name of the detector that looks at the frames of the camera; null: none is chosen for it."""
    opening_hours: CameraConfigOpeningHours | None = None
    """When pictures are taken of the camera, every week by the clock of its site; outside of them capture rests
    and the camera is paused. Null: those of its site hold.
    """
    source_version: int | None = None
    """Version of this record at which its source was given or changed, or it was switched on or off, last: a
    camera.status of an earlier one is of another source, or of another time. Null: by an older version.
    """
    updated_at: Time
    """When it was changed. RFC 3339, UTC, millisecond precision."""


_CameraConfigWire: Any = defstruct(
    "CameraConfig",
    [
        "camera_id",
        "site_id",
        "version",
        "name",
        "enabled",
        "source",
        "cadence_ms",
        "look_every_ms",
        "max_age_ms",
        "layout_key",
        "layout_version",
        "detector",
        "opening_hours",
        "source_version",
        "updated_at",
    ],
    gc=False,
)


def wire_camera_config(event: CameraConfig) -> Any:
    """What is encoded of CameraConfig. Raises ValueError or AttributeError where a time is none."""
    return _CameraConfigWire(
        event.camera_id,
        event.site_id,
        event.version,
        event.name,
        event.enabled,
        event.source,
        event.cadence_ms,
        event.look_every_ms,
        event.max_age_ms,
        event.layout_key,
        event.layout_version,
        event.detector,
        event.opening_hours,
        event.source_version,
        write_time(event.updated_at),
    )


def utc_camera_config(event: CameraConfig) -> bool:
    """Whether every time of CameraConfig is in UTC."""
    return event.updated_at.tzinfo is UTC


class SiteConfigOpeningHours(Struct, frozen=True, kw_only=True, gc=False):
    """When pictures are taken of the cameras of the site that have no hours of their own, every week by its clock;
    outside of them capture rests. Null: always.
    """

    timezone: str
    """Time zone of the site, by its name in the IANA list."""
    monday: tuple[str, ...]
    """Intervals of Monday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """
    tuesday: tuple[str, ...]
    """Intervals of Tuesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """
    wednesday: tuple[str, ...]
    """Intervals of Wednesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the
    next day; 24:00 is the end of the day.
    """
    thursday: tuple[str, ...]
    """Intervals of Thursday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the
    next day; 24:00 is the end of the day.
    """
    friday: tuple[str, ...]
    """Intervals of Friday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """
    saturday: tuple[str, ...]
    """Intervals of Saturday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the
    next day; 24:00 is the end of the day.
    """
    sunday: tuple[str, ...]
    """Intervals of Sunday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next
    day; 24:00 is the end of the day.
    """


class SiteConfig(Struct, frozen=True, kw_only=True, gc=False):
    """What a site may store, which detector it uses, and when it is open. Compacted: the newest record of a site
    holds.
    """

    TOPIC: ClassVar[str] = "site.config"

    site_id: str
    """Site that owns the data."""
    version: int
    """Rises with every record of the key."""
    original_bytes: int | None
    """Most bytes of original videos that the site may store; null: the default of the installation."""
    picture_bytes: int | None
    """Most bytes of frames and crops together; null: the default of the installation."""
    detector: str | None = None
    """Name of the detector that looks at the frames of the site; null: none is chosen for it."""
    opening_hours: SiteConfigOpeningHours | None = None
    """When pictures are taken of the cameras of the site that have no hours of their own, every week by its clock;
    outside of them capture rests. Null: always.
    """
    updated_at: Time
    """When it was changed. RFC 3339, UTC, millisecond precision."""


_SiteConfigWire: Any = defstruct(
    "SiteConfig",
    ["site_id", "version", "original_bytes", "picture_bytes", "detector", "opening_hours", "updated_at"],
    gc=False,
)


def wire_site_config(event: SiteConfig) -> Any:
    """What is encoded of SiteConfig. Raises ValueError or AttributeError where a time is none."""
    return _SiteConfigWire(
        event.site_id,
        event.version,
        event.original_bytes,
        event.picture_bytes,
        event.detector,
        event.opening_hours,
        write_time(event.updated_at),
    )


def utc_site_config(event: SiteConfig) -> bool:
    """Whether every time of SiteConfig is in UTC."""
    return event.updated_at.tzinfo is UTC


class CameraStatusLayoutProposal(Struct, frozen=True, kw_only=True, gc=False):
    """Of a camera that was moved: where its tables are now, as far as two of its pictures show it, or why that
    cannot be said. It stays until the camera is well again, its layout is drawn anew or its source is another;
    a new one has another id. Null: there is none.
    """

    proposal_id: str
    """Proposal."""
    made_at: Time
    """When it was made. RFC 3339, UTC, millisecond precision."""
    layout_version: int
    """Version of the layout whose tables were carried over."""
    code: str | None
    """Why no layout is proposed, for a program: not_recognised, changed_too_much, not_moved, tables_out_of_view;
    others may be added. Null: one is.
    """
    reason: str
    """What is proposed, or why nothing is, for a person."""
    layout_key: str | None
    """Object of the proposed layout: a layout as it was, with its tables, floor and ignore areas where they are
    now; null where none is proposed.
    """
    lost_table_ids: tuple[str, ...]
    """Tables that are mostly out of the picture now, and not in the proposed layout."""
    transform: tuple[int | float, ...] | None
    """Homography by which positions were carried over, row by row, from the earlier picture to the later one;
    positions relative to the picture, 0 to 1, y down. Null where none is proposed.
    """
    before_key: str
    """Object of the earlier picture: the last good snapshot, as it was when the camera was moved."""
    after_key: str
    """Object of the later picture, in which the tables were looked for."""


_CameraStatusLayoutProposalWire: Any = defstruct(
    "CameraStatusLayoutProposal",
    [
        "proposal_id",
        "made_at",
        "layout_version",
        "code",
        "reason",
        "layout_key",
        "lost_table_ids",
        "transform",
        "before_key",
        "after_key",
    ],
    gc=False,
)


def wire_camera_status_layout_proposal(event: CameraStatusLayoutProposal) -> Any:
    """What is encoded of CameraStatusLayoutProposal. Raises ValueError or AttributeError where a time is none."""
    return _CameraStatusLayoutProposalWire(
        event.proposal_id,
        write_time(event.made_at),
        event.layout_version,
        event.code,
        event.reason,
        event.layout_key,
        event.lost_table_ids,
        event.transform,
        event.before_key,
        event.after_key,
    )


class CameraStatus(Struct, frozen=True, kw_only=True, gc=False):
    """How well a camera sees."""

    TOPIC: ClassVar[str] = "camera.status"

    camera_id: str
    """Camera."""
    site_id: str
    """Site that owns the data."""
    version: int
    """Rises with every record of the key; a reader ignores a lower one."""
    status: str
    """Health. Tables of a camera that is frozen, dark, moved, blocked, offline or paused are unknown, unless
    another camera sees them. Known values: `verified`, `live`, `degraded`, `frozen`, `dark`, `moved`,
    `blocked`, `offline`, `paused`.
    """
    reason: str
    """Why, for a person."""
    code: str | None = None
    """Why, for a program: frozen has same_picture, no_packets, few_pictures, sound_only; dark, moved and blocked
    have themselves; degraded has few_packets, not_stored; paused has by_hand, outside_opening_hours; offline
    has why the camera cannot be read, or removed: it was deleted, and a tombstone follows. Null: live, nothing
    known, or older than this field. Others may be added.
    """
    since: Time
    """When this status began. RFC 3339, UTC, millisecond precision."""
    observed_at: Time
    """When it was last confirmed. RFC 3339, UTC, millisecond precision."""
    last_frame_at: Time | None
    """Capture time of the last good frame. RFC 3339, UTC, millisecond precision."""
    snapshot_key: str | None
    """Object of the last good snapshot: what the camera is compared with; null while there is none of its address
    and layout.
    """
    layout_proposal: CameraStatusLayoutProposal | None = None
    """Of a camera that was moved: where its tables are now, as far as two of its pictures show it, or why that
    cannot be said. It stays until the camera is well again, its layout is drawn anew or its source is another;
    a new one has another id. Null: there is none.
    """
    source_version: int | None = None
    """As camera.config had it when this was seen: of which source it is. Null: of none that is read, or by an
    older version.
    """


_CameraStatusWire: Any = defstruct(
    "CameraStatus",
    [
        "camera_id",
        "site_id",
        "version",
        "status",
        "reason",
        "code",
        "since",
        "observed_at",
        "last_frame_at",
        "snapshot_key",
        "layout_proposal",
        "source_version",
    ],
    gc=False,
)


def wire_camera_status(event: CameraStatus) -> Any:
    """What is encoded of CameraStatus. Raises ValueError or AttributeError where a time is none."""
    return _CameraStatusWire(
        event.camera_id,
        event.site_id,
        event.version,
        event.status,
        event.reason,
        event.code,
        write_time(event.since),
        write_time(event.observed_at),
        None if event.last_frame_at is None else write_time(event.last_frame_at),
        event.snapshot_key,
        None if event.layout_proposal is None else wire_camera_status_layout_proposal(event.layout_proposal),
        event.source_version,
    )


def utc_camera_status(event: CameraStatus) -> bool:
    """Whether every time of CameraStatus is in UTC."""
    return (
        event.since.tzinfo is UTC
        and event.observed_at.tzinfo is UTC
        and (event.last_frame_at is None or event.last_frame_at.tzinfo is UTC)
        and (event.layout_proposal is None or event.layout_proposal.made_at.tzinfo is UTC)
    )


class CameraCommandSource(Struct, frozen=True, kw_only=True, gc=False):
    """What to open; null for an action that opens no single camera."""

    type: str
    """Kind of source. Known values: `rtsp`, `hls`, `snapshot`, `file`."""
    address: str
    """Address without user name or password."""
    secret_ref: str | None
    """Object with the credentials, sealed for this probe and address; it is deleted with the answer."""
    transport: str | None = None
    """Of rtsp: how the camera is to send its pictures; null: over TCP. Known values: `tcp`, `udp`."""


class CameraCommand(Struct, frozen=True, kw_only=True, gc=False):
    """Open a camera that is not registered, or look for cameras on the network, and say what comes of it; the
    answer is on camera.probe.
    """

    TOPIC: ClassVar[str] = "camera.command"

    probe_id: str
    """Probe, or discovery."""
    site_id: str
    """Site that owns the data."""
    action: str
    """What to do: probe opens `source`, discover looks for cameras on the networks of the extractor. Known values:
    `probe`, `discover`.
    """
    source: CameraCommandSource | None
    """What to open; null for an action that opens no single camera."""
    secret_ref: str | None = None
    """Of discover: object with the user name and password that cameras are asked with, sealed for this discovery;
    it is deleted with the answer.
    """
    actor: str
    """Key of the request."""
    requested_at: Time
    """When. RFC 3339, UTC, millisecond precision."""
    expires_at: Time
    """Until when there has to be an answer; later nobody waits for it. RFC 3339, UTC, millisecond precision."""


_CameraCommandWire: Any = defstruct(
    "CameraCommand",
    ["probe_id", "site_id", "action", "source", "secret_ref", "actor", "requested_at", "expires_at"],
    gc=False,
)


def wire_camera_command(event: CameraCommand) -> Any:
    """What is encoded of CameraCommand. Raises ValueError or AttributeError where a time is none."""
    return _CameraCommandWire(
        event.probe_id,
        event.site_id,
        event.action,
        event.source,
        event.secret_ref,
        event.actor,
        write_time(event.requested_at),
        write_time(event.expires_at),
    )


def utc_camera_command(event: CameraCommand) -> bool:
    """Whether every time of CameraCommand is in UTC."""
    return event.requested_at.tzinfo is UTC and event.expires_at.tzinfo is UTC


class CameraProbeError(Struct, frozen=True, kw_only=True, gc=False):
    """Why it failed; null where it did not."""

    code: str
    """For a program."""
    reason: str
    """What is wrong and what to do, for a person."""


class CameraProbeFoundClock(Struct, frozen=True, kw_only=True, gc=False):
    """Whether the camera's own clock can say when a picture was taken."""

    usable: bool
    """False: times are those of receipt."""
    code: str | None
    """Why not, for a program: no_report, unconfirmed, stepped, ahead, behind, no_clock. Others may be added."""
    reason: str | None
    """Why not and what to do, for a person."""


class CameraProbeFound(Struct, frozen=True, kw_only=True, gc=False):
    """Of probe: what the camera sends; null where it could not be read."""

    transport: str
    """How it was read: over tcp or udp (RTSP), tls (RTSPS), http, https, or as a file. Known values: `tcp`, `udp`,
    `tls`, `http`, `https`, `file`.
    """
    codec: str | None
    """Of the pictures, as FFmpeg names it: h264, hevc, mjpeg, png."""
    width: int
    """Of a picture, pixels, upright."""
    height: int
    """Of a picture, pixels, upright."""
    frames_per_s: int | float | None
    """Pictures a second; null of single pictures, and where too few came."""
    gop_frames: int | None
    """Most pictures from a keyframe to the next; null of single pictures, and where no second keyframe came."""
    gop_ms: int | None
    """Longest time from a keyframe to the next, milliseconds; null as gop_frames."""
    bits_per_s: int | None
    """Of the pictures; null as frames_per_s."""
    first_frame_ms: int
    """From opening the camera to its first decoded picture, milliseconds."""
    watched_ms: int
    """For how long pictures were watched after the first, milliseconds."""
    sound: bool | None
    """Whether it sends sound too, which is not used; null: not known."""
    sound_codec: str | None
    """Of the sound, as FFmpeg names it."""
    clock: CameraProbeFoundClock
    """Whether the camera's own clock can say when a picture was taken."""


class CameraProbeDeviceProfileError(Struct, frozen=True, kw_only=True, gc=False):
    """Why there is no stream address; null where there is one."""

    code: str
    """For a program."""
    reason: str
    """What is wrong and what to do, for a person."""


class CameraProbeDeviceProfile(Struct, frozen=True, kw_only=True, gc=False):
    """A stream that a device offers."""

    name: str
    """As the device calls it."""
    codec: str | None
    """Of the pictures, as FFmpeg names it: h264, hevc, mjpeg; null: not known."""
    width: int | None
    """Of a picture, pixels; null: not known."""
    height: int | None
    """Of a picture, pixels; null: not known."""
    frames_per_s: int | float | None
    """Pictures a second at most; null: not known."""
    stream_address: str | None
    """Address of the stream without user name or password, to probe or to register; null: error says why."""
    snapshot_address: str | None
    """Address of single pictures, the same way; null: there is none, or it is not one that may be used."""
    error: CameraProbeDeviceProfileError | None
    """Why there is no stream address; null where there is one."""


class CameraProbeDeviceError(Struct, frozen=True, kw_only=True, gc=False):
    """Why its streams are not known; null where they are."""

    code: str
    """For a program."""
    reason: str
    """What is wrong and what to do, for a person."""


class CameraProbeDevice(Struct, frozen=True, kw_only=True, gc=False):
    """A device that answered."""

    endpoint: str | None
    """Endpoint reference: its own name for itself, which stays; null: it named none."""
    name: str | None
    """As its owner called it."""
    maker: str | None
    """Manufacturer."""
    model: str | None
    """Model, or hardware."""
    addresses: tuple[str, ...]
    """IP addresses that it answered from."""
    service_address: str | None
    """Where its device service is; null: it named no address that may be asked."""
    needs_password: bool | None
    """Whether it names its streams only to whom it knows; null: not known."""
    profiles: tuple[CameraProbeDeviceProfile, ...]
    """Its streams, as far as they could be read."""
    error: CameraProbeDeviceError | None
    """Why its streams are not known; null where they are."""


class CameraProbe(Struct, frozen=True, kw_only=True, gc=False):
    """What came of a camera.command: what a camera sends, which cameras there are, or why that is not known. One
    record for each.
    """

    TOPIC: ClassVar[str] = "camera.probe"

    probe_id: str
    """Probe, or discovery."""
    site_id: str
    """Site that owns the data."""
    version: int
    """1: there is one answer. A reader ignores a lower one than it has, and the same again."""
    action: str
    """What was asked for. Known values: `probe`, `discover`."""
    status: str
    """done: what was asked for was found; failed: error says why not. Known values: `done`, `failed`."""
    requested_at: Time
    """When it was asked for. RFC 3339, UTC, millisecond precision."""
    answered_at: Time
    """When it was answered. RFC 3339, UTC, millisecond precision."""
    error: CameraProbeError | None
    """Why it failed; null where it did not."""
    found: CameraProbeFound | None
    """Of probe: what the camera sends; null where it could not be read."""
    snapshot_key: str | None
    """Of probe: object of a picture of the camera, deleted an hour later; null where there is none."""
    devices: tuple[CameraProbeDevice, ...] | None = None
    """Of discover: the cameras, and the devices that may be some, by address."""
    interfaces: tuple[str, ...] | None = None
    """Of discover: network interfaces that were asked through."""
    others: int | None = None
    """Of discover: devices that answered and are no cameras, such as printers."""
    left_out: int | None = None
    """Of discover: devices that answered and are not in the list, as it is full."""


_CameraProbeWire: Any = defstruct(
    "CameraProbe",
    [
        "probe_id",
        "site_id",
        "version",
        "action",
        "status",
        "requested_at",
        "answered_at",
        "error",
        "found",
        "snapshot_key",
        "devices",
        "interfaces",
        "others",
        "left_out",
    ],
    gc=False,
)


def wire_camera_probe(event: CameraProbe) -> Any:
    """What is encoded of CameraProbe. Raises ValueError or AttributeError where a time is none."""
    return _CameraProbeWire(
        event.probe_id,
        event.site_id,
        event.version,
        event.action,
        event.status,
        write_time(event.requested_at),
        write_time(event.answered_at),
        event.error,
        event.found,
        event.snapshot_key,
        event.devices,
        event.interfaces,
        event.others,
        event.left_out,
    )


def utc_camera_probe(event: CameraProbe) -> bool:
    """Whether every time of CameraProbe is in UTC."""
    return event.requested_at.tzinfo is UTC and event.answered_at.tzinfo is UTC


class FrameCommand(Struct, frozen=True, kw_only=True, gc=False):
    """Look at a stored picture of a camera. `look`: apart from its tables, as nobody may have drawn any yet; what
    is seen in it is stored as its judgement. `dry_run`: at the tables of a layout, which may be none of the
    camera's; what comes of it is stored with the dry run. Neither makes evidence.
    """

    TOPIC: ClassVar[str] = "frame.command"

    frame_id: str
    """Frame: `{camera_id}-{captured_ms}`."""
    site_id: str
    """Site that owns the data."""
    camera_id: str
    """Camera."""
    action: str
    """What to do: look finds people and furniture in the picture, unless it was judged already; dry_run judges
    tables, for nobody but who asked. Known values: `look`, `dry_run`.
    """
    object_key: str
    """Picture object, JPEG."""
    dry_run_id: str | None = None
    """Of `dry_run`: the dry run that the picture is looked at for; null of a look."""
    layout_key: str | None = None
    """Of `dry_run`: the layout object with its tables; null of a look."""
    captured_at: Time
    """When the light was seen. RFC 3339, UTC, millisecond precision."""
    actor: str
    """Key of the request."""
    requested_at: Time
    """When. RFC 3339, UTC, millisecond precision."""
    expires_at: Time
    """Until when somebody waits for it; later it is not looked at. RFC 3339, UTC, millisecond precision."""


_FrameCommandWire: Any = defstruct(
    "FrameCommand",
    [
        "frame_id",
        "site_id",
        "camera_id",
        "action",
        "object_key",
        "dry_run_id",
        "layout_key",
        "captured_at",
        "actor",
        "requested_at",
        "expires_at",
    ],
    gc=False,
)


def wire_frame_command(event: FrameCommand) -> Any:
    """What is encoded of FrameCommand. Raises ValueError or AttributeError where a time is none."""
    return _FrameCommandWire(
        event.frame_id,
        event.site_id,
        event.camera_id,
        event.action,
        event.object_key,
        event.dry_run_id,
        event.layout_key,
        write_time(event.captured_at),
        event.actor,
        write_time(event.requested_at),
        write_time(event.expires_at),
    )


def utc_frame_command(event: FrameCommand) -> bool:
    """Whether every time of FrameCommand is in UTC."""
    return event.captured_at.tzinfo is UTC and event.requested_at.tzinfo is UTC and event.expires_at.tzinfo is UTC


class VideoCommand(Struct, frozen=True, kw_only=True, gc=False):
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
    """Key of the request."""
    requested_at: Time
    """When. RFC 3339, UTC, millisecond precision."""


_VideoCommandWire: Any = defstruct(
    "VideoCommand",
    ["command_id", "video_id", "run_id", "site_id", "camera_id", "action", "actor", "requested_at"],
    gc=False,
)


def wire_video_command(event: VideoCommand) -> Any:
    """What is encoded of VideoCommand. Raises ValueError or AttributeError where a time is none."""
    return _VideoCommandWire(
        event.command_id,
        event.video_id,
        event.run_id,
        event.site_id,
        event.camera_id,
        event.action,
        event.actor,
        write_time(event.requested_at),
    )


def utc_video_command(event: VideoCommand) -> bool:
    """Whether every time of VideoCommand is in UTC."""
    return event.requested_at.tzinfo is UTC


class HazardCommand(Struct, frozen=True, kw_only=True, gc=False):
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
    """Key of the request."""
    note: str | None
    """The note of the person."""
    requested_at: Time
    """When. RFC 3339, UTC, millisecond precision."""


_HazardCommandWire: Any = defstruct(
    "HazardCommand",
    ["command_id", "hazard_id", "site_id", "run_id", "action", "actor", "note", "requested_at"],
    gc=False,
)


def wire_hazard_command(event: HazardCommand) -> Any:
    """What is encoded of HazardCommand. Raises ValueError or AttributeError where a time is none."""
    return _HazardCommandWire(
        event.command_id,
        event.hazard_id,
        event.site_id,
        event.run_id,
        event.action,
        event.actor,
        event.note,
        write_time(event.requested_at),
    )


def utc_hazard_command(event: HazardCommand) -> bool:
    """Whether every time of HazardCommand is in UTC."""
    return event.requested_at.tzinfo is UTC


class TableSignal(Struct, frozen=True, kw_only=True, gc=False):
    """A state of a table that people or other systems report."""

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
    """Who reports it: staff, reservation, pos."""
    reason: str | None
    """Why."""
    actor: str | None
    """Key or person."""
    signalled_at: Time
    """When. RFC 3339, UTC, millisecond precision."""
    expires_at: Time | None
    """Until when it holds. RFC 3339, UTC, millisecond precision."""


_TableSignalWire: Any = defstruct(
    "TableSignal",
    ["signal_id", "site_id", "run_id", "table_id", "state", "source", "reason", "actor", "signalled_at", "expires_at"],
    gc=False,
)


def wire_table_signal(event: TableSignal) -> Any:
    """What is encoded of TableSignal. Raises ValueError or AttributeError where a time is none."""
    return _TableSignalWire(
        event.signal_id,
        event.site_id,
        event.run_id,
        event.table_id,
        event.state,
        event.source,
        event.reason,
        event.actor,
        write_time(event.signalled_at),
        None if event.expires_at is None else write_time(event.expires_at),
    )


def utc_table_signal(event: TableSignal) -> bool:
    """Whether every time of TableSignal is in UTC."""
    return event.signalled_at.tzinfo is UTC and (event.expires_at is None or event.expires_at.tzinfo is UTC)


class TableGroup(Struct, frozen=True, kw_only=True, gc=False):
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
    as_of: Time
    """Capture time. RFC 3339, UTC, millisecond precision."""


_TableGroupWire: Any = defstruct(
    "TableGroup",
    [
        "group_id",
        "site_id",
        "run_id",
        "version",
        "primary_table_id",
        "table_ids",
        "state",
        "capacity",
        "status",
        "reason",
        "as_of",
    ],
    gc=False,
)


def wire_table_group(event: TableGroup) -> Any:
    """What is encoded of TableGroup. Raises ValueError or AttributeError where a time is none."""
    return _TableGroupWire(
        event.group_id,
        event.site_id,
        event.run_id,
        event.version,
        event.primary_table_id,
        event.table_ids,
        event.state,
        event.capacity,
        event.status,
        event.reason,
        write_time(event.as_of),
    )


def utc_table_group(event: TableGroup) -> bool:
    """Whether every time of TableGroup is in UTC."""
    return event.as_of.tzinfo is UTC


class AssetDeleted(Struct, frozen=True, kw_only=True, gc=False):
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
    requested_at: Time
    """When deletion was requested. RFC 3339, UTC, millisecond precision."""
    deleted_at: Time
    """When nothing was left. RFC 3339, UTC, millisecond precision."""


_AssetDeletedWire: Any = defstruct(
    "AssetDeleted", ["video_id", "run_id", "site_id", "objects", "classes", "requested_at", "deleted_at"], gc=False
)


def wire_asset_deleted(event: AssetDeleted) -> Any:
    """What is encoded of AssetDeleted. Raises ValueError or AttributeError where a time is none."""
    return _AssetDeletedWire(
        event.video_id,
        event.run_id,
        event.site_id,
        event.objects,
        event.classes,
        write_time(event.requested_at),
        write_time(event.deleted_at),
    )


def utc_asset_deleted(event: AssetDeleted) -> bool:
    """Whether every time of AssetDeleted is in UTC."""
    return event.requested_at.tzinfo is UTC and event.deleted_at.tzinfo is UTC


Event = (
    VideoUploaded
    | VideoRejected
    | UploadRefused
    | VideoProgress
    | FrameExtracted
    | FrameDropped
    | CropReady
    | TableEvidence
    | TableState
    | HazardCandidate
    | HazardAlert
    | CameraConfig
    | SiteConfig
    | CameraStatus
    | CameraCommand
    | CameraProbe
    | FrameCommand
    | VideoCommand
    | HazardCommand
    | TableSignal
    | TableGroup
    | AssetDeleted
)


__all__ = [
    "AssetDeleted",
    "CameraCommand",
    "CameraCommandSource",
    "CameraConfig",
    "CameraConfigOpeningHours",
    "CameraConfigSource",
    "CameraProbe",
    "CameraProbeDevice",
    "CameraProbeDeviceError",
    "CameraProbeDeviceProfile",
    "CameraProbeDeviceProfileError",
    "CameraProbeError",
    "CameraProbeFound",
    "CameraProbeFoundClock",
    "CameraStatus",
    "CameraStatusLayoutProposal",
    "CropReady",
    "CropReadyCrop",
    "Event",
    "FrameCommand",
    "FrameDropped",
    "FrameDroppedReason",
    "FrameExtracted",
    "HazardAlert",
    "HazardAlertEvidence",
    "HazardAlertEvidenceDetector",
    "HazardCandidate",
    "HazardCandidateDetector",
    "HazardCandidateObservation",
    "HazardCommand",
    "SiteConfig",
    "SiteConfigOpeningHours",
    "TableEvidence",
    "TableEvidenceCrop",
    "TableEvidenceModel",
    "TableEvidenceThresholds",
    "TableGroup",
    "TableSignal",
    "TableState",
    "TableStateEvidence",
    "TableStateEvidenceModel",
    "TableStateVote",
    "UploadRefused",
    "VideoCommand",
    "VideoProgress",
    "VideoProgressError",
    "VideoProgressGap",
    "VideoProgressStorage",
    "VideoProgressThumbnails",
    "VideoProgressWaiting",
    "VideoRejected",
    "VideoUploaded",
    "VideoUploadedPicture",
    "VideoUploadedSampling",
]
