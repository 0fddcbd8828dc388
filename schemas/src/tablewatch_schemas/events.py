"""Made by schemas/generate.py from schemas/<topic>/v1.schema.json; do not edit.

One frozen msgspec Struct for each topic and for each object inside. Types only: a reader takes wider limits and enum
values that it does not know. `wire_*` makes what is encoded of an event (times as text, to the millisecond), `utc_*`
says whether all its times are in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, defstruct

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
    fps: int | float | None
    """Average frames a second; null if unknown."""
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
    """What this run is asked to make. Known values: `frames`, `tables`, `hazards`."""
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
        "duration_ms",
        "fps",
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
        event.duration_ms,
        event.fps,
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
    """Whether sending the same file again can succeed."""
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


class VideoProgressError(Struct, frozen=True, kw_only=True, gc=False):
    """Why it failed."""

    code: str
    """Stable machine-readable code, listed in docs/errors-and-retries.md."""
    reason: str
    """A sentence for a person, saying what to do."""
    retryable: bool
    """Whether trying again unchanged can succeed."""


class VideoProgressGap(Struct, frozen=True, kw_only=True, gc=False):
    """One gap."""

    from_ms: int
    """Start, milliseconds of media time."""
    to_ms: int | None
    """End, milliseconds; null for the end of the file."""
    code: str
    """Stable code."""


class VideoProgressThumbnails(Struct, frozen=True, kw_only=True, gc=False):
    """Still pictures of the run, where made."""

    first: str | None
    """Object of the first frame's thumbnail."""
    best: str | None
    """Object of the best frame's thumbnail."""


class VideoProgress(Struct, frozen=True, kw_only=True, gc=False):
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
    percent: int | float
    """Progress by media time."""
    error: VideoProgressError | None
    """Why it failed."""
    gaps: tuple[VideoProgressGap, ...]
    """Stretches of media time that could not be read."""
    thumbnails: VideoProgressThumbnails
    """Still pictures of the run, where made."""
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
        write_time(event.updated_at),
    )


def utc_video_progress(event: VideoProgress) -> bool:
    """Whether every time of VideoProgress is in UTC."""
    return event.updated_at.tzinfo is UTC


class FrameExtracted(Struct, frozen=True, kw_only=True, gc=False):
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
    captured_at: Time
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
    """What this run is asked to make. Known values: `frames`, `tables`, `hazards`."""
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
    """Whether the region differs from the previous frame; null if there was none to compare."""
    change: int | float | None
    """Mean absolute luma difference to the previous frame, 0 to 1."""


class CropReady(Struct, frozen=True, kw_only=True, gc=False):
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
    captured_at: Time
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
    video_id: str | None = None
    """Video that the run goes through; missing or null: live, or written before it was told."""
    source_id: str
    """Order is kept per (table, source): a camera, a run, or what sent the signal."""
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
    layout_version: int | None
    """Layout version."""
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
        "layout_version",
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
        event.layout_version,
        event.thresholds,
        event.last,
    )


def utc_table_evidence(event: TableEvidence) -> bool:
    """Whether every time of TableEvidence is in UTC."""
    return event.captured_at.tzinfo is UTC


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


class TableState(Struct, frozen=True, kw_only=True, gc=False):
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
    video_id: str | None = None
    """Video that the run goes through; missing or null: live, or written before it was told."""
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
    """Why it was written. Known values: `evidence`, `refresh`, `stale`, `camera`, `signal`, `ended`."""
    evidence: TableStateEvidence
    """What it was concluded from."""
    last: bool
    """True on the last record of a run; folds then finish and forget the run."""


_TableStateWire: Any = defstruct(
    "TableState",
    [
        "table_id",
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
        "evidence",
        "last",
    ],
    gc=False,
)


def wire_table_state(event: TableState) -> Any:
    """What is encoded of TableState. Raises ValueError or AttributeError where a time is none."""
    return _TableStateWire(
        event.table_id,
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
        event.evidence,
        event.last,
    )


def utc_table_state(event: TableState) -> bool:
    """Whether every time of TableState is in UTC."""
    return event.as_of.tzinfo is UTC and event.since.tzinfo is UTC and event.expires_at.tzinfo is UTC


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
    """Why nothing can be said about this frame (camera dark or moved); null when detection works."""
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
    opened_at: Time
    """Capture time of the first frame that showed it. RFC 3339, UTC, millisecond precision."""
    as_of: Time
    """Capture time of the newest evidence. RFC 3339, UTC, millisecond precision."""
    evidence: HazardAlertEvidence
    """What it was concluded from."""
    actor: str | None
    """Who acted, on an acknowledged, dismissed or cleared record."""
    note: str | None
    """What they said."""
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
        "opened_at",
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
        write_time(event.opened_at),
        write_time(event.as_of),
        event.evidence,
        event.actor,
        event.note,
        event.last,
    )


def utc_hazard_alert(event: HazardAlert) -> bool:
    """Whether every time of HazardAlert is in UTC."""
    return event.opened_at.tzinfo is UTC and event.as_of.tzinfo is UTC


class CameraConfigSource(Struct, frozen=True, kw_only=True, gc=False):
    """Where pictures come from."""

    type: str
    """Kind of source. Known values: `none`, `rtsp`, `hls`, `snapshot`, `file`."""
    address: str | None
    """Address without user name or password."""
    secret_ref: str | None
    """Where the credentials are kept."""


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
    max_age_ms: int
    """Live frames older than this are dropped and counted."""
    layout_key: str | None
    """Layout in force."""
    layout_version: int | None
    """Its version."""
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
        "max_age_ms",
        "layout_key",
        "layout_version",
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
        event.max_age_ms,
        event.layout_key,
        event.layout_version,
        write_time(event.updated_at),
    )


def utc_camera_config(event: CameraConfig) -> bool:
    """Whether every time of CameraConfig is in UTC."""
    return event.updated_at.tzinfo is UTC


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
    """Health. Known values: `verified`, `live`, `degraded`, `frozen`, `dark`, `moved`, `offline`."""
    reason: str
    """Why, for a person."""
    since: Time
    """When this status began. RFC 3339, UTC, millisecond precision."""
    observed_at: Time
    """When it was last confirmed. RFC 3339, UTC, millisecond precision."""
    last_frame_at: Time | None
    """Capture time of the last good frame. RFC 3339, UTC, millisecond precision."""
    snapshot_key: str | None
    """Last good snapshot."""


_CameraStatusWire: Any = defstruct(
    "CameraStatus",
    ["camera_id", "site_id", "version", "status", "reason", "since", "observed_at", "last_frame_at", "snapshot_key"],
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
        write_time(event.since),
        write_time(event.observed_at),
        None if event.last_frame_at is None else write_time(event.last_frame_at),
        event.snapshot_key,
    )


def utc_camera_status(event: CameraStatus) -> bool:
    """Whether every time of CameraStatus is in UTC."""
    return (
        event.since.tzinfo is UTC
        and event.observed_at.tzinfo is UTC
        and (event.last_frame_at is None or event.last_frame_at.tzinfo is UTC)
    )


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
    """Key that asked."""
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
    """Key that asked."""
    note: str | None
    """What they said."""
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
    """When deletion was asked for. RFC 3339, UTC, millisecond precision."""
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
