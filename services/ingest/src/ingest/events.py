"""From a row to the event that tells of it."""

from datetime import datetime

import orjson

from chassis import trace
from ingest.admission.facts import Video
from ingest.refusals import Refused
from ingest.uploads import Upload
from tablewatch_schemas import (
    Encoded,
    VideoRejected,
    VideoUploaded,
    VideoUploadedPicture,
    VideoUploadedSampling,
    encode,
    keys,
)

SOURCE = "tablewatch/ingest"


def uploaded(upload: Upload, video: Video, sha256: str, now: datetime) -> Encoded:
    """`video.uploaded`: the original stands under its key, and this is what is known of it."""
    event = VideoUploaded(
        video_id=upload.video_id,
        site_id=upload.site_id,
        run_id=upload.run_id,
        camera_id=upload.camera_id,
        object_key=keys.original(upload.site_id, upload.video_id),
        manifest_key=upload.manifest_key,
        size_bytes=upload.size_bytes or 0,
        sha256=sha256,
        container=video.container,
        codec=video.codec,
        width=video.width,
        height=video.height,
        rotation_degrees=video.rotation_degrees,
        duration_ms=video.duration_ms,
        fps=video.fps,
        started_at=upload.started_at or video.created_at,
        layout_key=upload.layout_key,
        sampling=VideoUploadedSampling(**orjson.loads(upload.sampling)),
        make=tuple(upload.make),
        uploaded_at=upload.received_at or now,
        picture=None if upload.picture is None else VideoUploadedPicture(**orjson.loads(upload.picture)),
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.child(trace.current()))


def rejected(upload: Upload, refused: Refused, size: int | None, now: datetime) -> Encoded:
    """`video.rejected`: code, and a sentence for a person."""
    refusal = refused.refusal
    event = VideoRejected(
        video_id=upload.video_id,
        site_id=upload.site_id,
        run_id=upload.run_id,
        code=refusal.code,
        reason=refused.reason,
        retryable=refusal.retryable,
        size_bytes=size,
        rejected_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.child(trace.current()))
