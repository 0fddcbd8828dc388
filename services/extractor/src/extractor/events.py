"""Rows and values to events: `video.progress` and `frame.extracted`. Ids and keys come from the contracts."""

from datetime import datetime
from typing import Any, Protocol

import orjson

from extractor.model.failures import WAITING, failure_of
from extractor.model.frames import StoredFrame, object_key
from extractor.model.sampling import captured_at
from tablewatch_schemas import (
    Encoded,
    FrameExtracted,
    Received,
    VideoProgress,
    VideoProgressError,
    VideoProgressGap,
    VideoProgressStorage,
    VideoProgressThumbnails,
    VideoProgressWaiting,
    VideoUploaded,
    encode,
    from_json,
    keys,
)
from tablewatch_schemas.ids import frame_id

SOURCE = "tablewatch/extractor"


class Row(Protocol):
    """A row of `jobs`, as asyncpg gives it or as a dict."""

    def __getitem__(self, name: str, /) -> Any: ...


def upload_of(row: Row) -> VideoUploaded:
    """The video.uploaded that the job was made of."""
    return from_json(VideoUploaded, row["upload"])


def cause_json(received: Received[Any]) -> str:
    """What is stored of the record that the job was made of, so that later events can name it as their cause."""
    parts = {"id": received.id, "correlation_id": received.correlation_id, "traceparent": received.traceparent}
    return orjson.dumps(parts).decode()


def upload_record(row: Row) -> Received[VideoUploaded]:
    """The record that the job was made of, as far as `encode` needs it for a cause."""
    cause, upload = orjson.loads(row["cause"]), upload_of(row)
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


def progress_event(row: Row, now: datetime) -> Encoded:
    """How far a job is; `row` has besides the columns of `jobs` what its segments add: `jobs.enqueue_progress`."""
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
        percent=percent_done(row),
        error=error_of(row),
        gaps=tuple(VideoProgressGap(**gap) for gap in orjson.loads(row["gaps"])),
        thumbnails=VideoProgressThumbnails(
            first=keys.thumbnail(site, run, "first") if row["first_thumb"] else None,
            best=keys.thumbnail(site, run, "best") if row["best_thumb"] else None,
        ),
        storage=VideoProgressStorage(
            frames_bytes=row["frames_stored"], crops_bytes=row["crop_bytes"], reserved_bytes=row["reserved"]
        ),
        waiting=_waiting(row),
        updated_at=now,
    )
    return encode(event, source=SOURCE, time=now, cause=upload_record(row))


def _waiting(row: Row) -> VideoProgressWaiting | None:
    if row["waiting"] is None or row["state"] not in ("queued", "processing"):
        return None
    return VideoProgressWaiting(code=row["waiting"], reason=WAITING[row["waiting"]])


def percent_done(row: Row) -> float:
    """Share of the media time that is decoded; 100 only when all is published."""
    if row["state"] == "done":
        return 100.0
    if not row["duration_ms"]:
        return 0.0
    share = float(row["done_ms"]) / float(row["duration_ms"])
    return round(min(99.0, 100.0 * share), 1)


def error_of(row: Row) -> VideoProgressError | None:
    """The failure of a failed or cancelled job. Not retryable once the folds have finished the run."""
    if row["error_code"] is None:
        return None
    failure = failure_of(row["error_code"])
    folds_finished = row["given_up"] and len(upload_of(row).make) > 1
    return VideoProgressError(
        code=failure.code, reason=failure.sentence, retryable=failure.retryable and not folds_finished
    )


def frame_event(cause: Received[VideoUploaded], frame: StoredFrame, last: bool, now: datetime) -> Encoded:
    """One frame of a run."""
    upload = _uploaded(cause)
    return _encoded(cause, upload, frame, object_key(upload, frame.index), last, now)


def end_marker_event(cause: Received[VideoUploaded], index: int, media_ms: int, now: datetime) -> Encoded:
    """The end of a run that has no more pictures: `last` without an object, at the index behind the last frame."""
    return _encoded(cause, _uploaded(cause), StoredFrame(index, media_ms, 0, 0, 0, False, 0.0, 0.0), None, True, now)


def _uploaded(cause: Received[VideoUploaded]) -> VideoUploaded:
    if cause.event is None:
        raise ValueError("a job is made of an upload, not of a tombstone")
    return cause.event


def _encoded(
    cause: Received[VideoUploaded],
    upload: VideoUploaded,
    frame: StoredFrame,
    key: str | None,
    last: bool,
    now: datetime,
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
        previous_object_key=object_key(upload, before) if before >= 0 else None,
        make=upload.make,
        last=last,
    )
    return encode(event, source=SOURCE, time=now, cause=cause)
