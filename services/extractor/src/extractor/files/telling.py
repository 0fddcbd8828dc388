"""From rows to events: `video.progress` and `frame.extracted`. Pure; ids and keys come from the contracts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from extractor.files.failures import failure_of
from extractor.files.rules import captured_at
from tablewatch_schemas import (
    Encoded,
    FrameExtracted,
    Received,
    VideoProgress,
    VideoProgressError,
    VideoProgressGap,
    VideoProgressThumbnails,
    VideoUploaded,
    encode,
    from_json,
    keys,
)

SOURCE = "tablewatch/extractor"


@dataclass(frozen=True, slots=True)
class Frame:
    """One stored frame as `frames` keeps it."""

    index: int
    media_ms: int
    width: int
    height: int
    size_bytes: int
    keyframe: bool
    sharpness: float
    brightness: float


def upload_of(row: Mapping[str, Any]) -> VideoUploaded:
    """The event that a job came from."""
    return from_json(VideoUploaded, row["upload"])


def cause_of(received: Received[Any]) -> str:
    """What later events need to name their cause, as JSON."""
    parts = {"id": received.id, "correlation_id": received.correlation_id, "traceparent": received.traceparent}
    return orjson.dumps(parts).decode()


def received_of(row: Mapping[str, Any]) -> Received[VideoUploaded]:
    """The cause again, as far as `encode` looks at it."""
    cause = orjson.loads(row["cause"])
    upload = upload_of(row)
    return Received(
        event=upload,
        topic=VideoUploaded.TOPIC,
        key=upload.video_id,
        id=cause["id"],
        source="",
        type="",
        time=upload.uploaded_at,
        subject=None,
        correlation_id=cause["correlation_id"],
        causation_id=None,
        traceparent=cause["traceparent"],
        version=None,
    )


def percent_of(row: Mapping[str, Any]) -> float:
    """Share of the media time that is through; 100 only when everything is published."""
    if row["state"] == "done":
        return 100.0
    if not row["duration_ms"]:
        return 0.0
    share = float(row["done_ms"]) / float(row["duration_ms"])
    return round(min(99.0, 100.0 * share), 1)


def error_of(row: Mapping[str, Any]) -> VideoProgressError | None:
    """The code, sentence and hope of a failed or cancelled job; none once the folds were told its end."""
    if row["error_code"] is None:
        return None
    failure = failure_of(row["error_code"])
    over = row["given_up"] and len(upload_of(row).make) > 1
    return VideoProgressError(code=failure.code, reason=failure.reason, retryable=failure.retryable and not over)


def progress(row: Mapping[str, Any], now: datetime) -> Encoded:
    """How far a job is; `row` is one of `jobs` with `done_ms`, the sum over its segments."""
    site, run = row["site_id"], row["run_id"]
    done = row["done_ms"] if row["duration_ms"] is None else min(row["done_ms"], row["duration_ms"])
    event = VideoProgress(
        video_id=row["video_id"],
        site_id=site,
        run_id=run,
        sequence=row["sequence"],
        status=row["state"],
        stage=row["stage"],
        attempt=row["attempt"],
        frames_published=row["published"],
        frames_expected=row["total"] if row["total"] is not None else row["expected"],
        media_ms_done=row["duration_ms"] if row["state"] == "done" and row["duration_ms"] is not None else done,
        media_ms_total=row["duration_ms"],
        percent=percent_of(row),
        error=error_of(row),
        gaps=tuple(VideoProgressGap(**gap) for gap in orjson.loads(row["gaps"])),
        thumbnails=VideoProgressThumbnails(
            first=keys.thumbnail(site, run, "first") if row["first_thumb"] else None,
            best=keys.thumbnail(site, run, "best") if row["best_thumb"] else None,
        ),
        updated_at=now,
    )
    return encode(event, source=SOURCE, time=now, cause=received_of(row))


def frame_key(upload: VideoUploaded, index: int) -> str:
    """The object of a frame."""
    return keys.run_frame(upload.site_id, upload.run_id, index, "png" if _lossless(upload) else "jpg")


def frame_type(upload: VideoUploaded) -> str:
    """Media type of the frames' objects."""
    return "image/png" if _lossless(upload) else "image/jpeg"


def _lossless(upload: VideoUploaded) -> bool:
    return upload.picture is not None and upload.picture.format == "png"


def frame_id(run_id: str, index: int) -> str:
    return f"{run_id}-{index:09d}"


def frame_event(cause: Received[VideoUploaded], frame: Frame, last: bool, now: datetime) -> Encoded:
    """One frame of a run."""
    upload = cause.event
    if upload is None:
        raise ValueError("a run has an upload")
    return _encoded(cause, upload, frame, frame_key(upload, frame.index), last, now)


def last_marker(cause: Received[VideoUploaded], index: int, media_ms: int, now: datetime) -> Encoded:
    """The end of a run that has no more pictures: `last` without an object, one index behind the last frame."""
    upload = cause.event
    if upload is None:
        raise ValueError("a run has an upload")
    return _encoded(cause, upload, Frame(index, media_ms, 0, 0, 0, False, 0.0, 0.0), None, True, now)


def _encoded(
    cause: Received[VideoUploaded], upload: VideoUploaded, frame: Frame, key: str | None, last: bool, now: datetime
) -> Encoded:
    before = frame.index - 1
    event = FrameExtracted(
        frame_id=frame_id(upload.run_id, frame.index),
        site_id=upload.site_id,
        camera_id=upload.camera_id,
        run_id=upload.run_id,
        video_id=upload.video_id,
        index=frame.index,
        media_ms=frame.media_ms,
        captured_at=captured_at(upload.started_at, upload.uploaded_at, frame.media_ms),
        object_key=key,
        width=frame.width,
        height=frame.height,
        size_bytes=frame.size_bytes,
        keyframe=frame.keyframe,
        sharpness=frame.sharpness,
        brightness=frame.brightness,
        layout_key=upload.layout_key,
        previous_frame_id=frame_id(upload.run_id, before) if before >= 0 else None,
        previous_object_key=frame_key(upload, before) if before >= 0 else None,
        make=upload.make,
        last=last,
    )
    return encode(event, source=SOURCE, time=now, cause=cause)
