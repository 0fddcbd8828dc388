"""From the row of an upload to its events."""

from datetime import datetime

import orjson

from chassis import trace
from ingest.admission.facts import Video
from ingest.refusals import NoRoom, Refusal
from ingest.store.uploads import Upload
from tablewatch_schemas import Encoded, UploadRefused, VideoRejected, VideoUploaded, encode, from_json, keys
from tablewatch_schemas.manifest import RunSpec
from tablewatch_schemas.times import write_time

SOURCE = "tablewatch/ingest"


def video_uploaded_event(upload: Upload, video: Video, sha256: str, now: datetime) -> Encoded:
    """`video.uploaded`: the run's document beside the facts of the stored file; an option of the run needs no line."""
    run = upload.run
    started_at = run.started_at or video.created_at
    facts = {
        "object_key": keys.original(run.site_id, run.video_id),
        "manifest_key": keys.manifest(run.site_id, run.run_id),
        "size_bytes": upload.size_bytes or 0,
        "sha256": sha256,
        "container": video.container,
        "codec": video.codec,
        "width": video.width,
        "height": video.height,
        "rotation_degrees": video.rotation_degrees,
        "mirrored": video.mirrored,
        "transfer": video.transfer,
        "duration_ms": video.duration_ms,
        "fps": video.fps,
        "video_track": video.track,
        "video_tracks": video.tracks,
        "started_at": None if started_at is None else write_time(started_at),
        "uploaded_at": write_time(upload.received_at or now),
    }
    event = from_json(VideoUploaded, orjson.dumps(run.to_dict() | facts))
    return encode(event, source=SOURCE, time=now, traceparent=trace.child(trace.current()))


def video_rejected_event(upload: Upload, refusal: Refusal, size: int | None, now: datetime) -> Encoded:
    """`video.rejected`: the code, and a sentence for a person."""
    event = VideoRejected(
        video_id=upload.video_id,
        site_id=upload.site_id,
        run_id=upload.run.run_id,
        code=refusal.code,
        reason=refusal.reason,
        retryable=refusal.retryable,
        size_bytes=size,
        rejected_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.child(trace.current()))


def upload_refused_event(run: RunSpec, refusal: NoRoom, now: datetime) -> Encoded:
    """`upload.refused`: why an attempt to send the file of a run was not taken."""
    event = UploadRefused(
        video_id=run.video_id,
        site_id=run.site_id,
        run_id=run.run_id,
        code=refusal.code,
        reason=refusal.reason,
        refused_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.child(trace.current()))
