"""The events that the api itself writes, encoded for the outbox. Pure."""

from datetime import datetime

from api.store import Json
from api.store.deletions import Deletion
from api.store.videos import Video
from chassis import trace
from tablewatch_schemas import (
    AssetDeleted,
    CameraConfig,
    CameraConfigSource,
    Encoded,
    HazardCommand,
    VideoCommand,
    encode,
    tombstone,
)
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.keys import layout as layout_key
from tablewatch_schemas.times import read_time

SOURCE = "tablewatch/api"
SWEPT = ("originals", "frames", "crops", "thumbs", "manifests")


def camera_config(camera: Json, now: datetime) -> Encoded:
    """How a camera is set up now."""
    version = camera["layout_version"]
    event = CameraConfig(
        camera_id=camera["camera_id"],
        site_id=camera["site_id"],
        version=camera["version"],
        name=camera["name"],
        enabled=camera["enabled"],
        source=CameraConfigSource(**camera["source"]),
        cadence_ms=camera["cadence_ms"],
        max_age_ms=camera["max_age_ms"],
        layout_key=None if version is None else layout_key(camera["site_id"], camera["camera_id"], version),
        layout_version=version,
        updated_at=read_time(camera["updated_at"]),
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def camera_gone(camera: Json, now: datetime) -> Encoded:
    """The end of a camera; its version is above the last one."""
    key, version = camera["camera_id"], camera["version"]
    return tombstone(CameraConfig, key, source=SOURCE, time=now, lane="live", version=version)


def video_command(video: Video, action: str, actor: str, now: datetime) -> Encoded:
    """cancel, delete or retry."""
    run = video.run
    event = VideoCommand(
        command_id=new_id("cmd"),
        video_id=run.video_id,
        run_id=run.run_id,
        site_id=run.site_id,
        camera_id=run.camera_id,
        action=action,
        actor=actor,
        requested_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def hazard_command(command_id: str, hazard: Json, action: str, actor: str, note: str | None, now: datetime) -> Encoded:
    """What a person decided about an alert."""
    event = HazardCommand(
        command_id=command_id,
        hazard_id=hazard["hazard_id"],
        site_id=hazard["site_id"],
        run_id=hazard["run_id"],
        action=action,
        actor=actor,
        note=note,
        requested_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def asset_deleted(deletion: Deletion, now: datetime) -> Encoded:
    """The receipt."""
    event = AssetDeleted(
        video_id=deletion.video_id,
        run_id=deletion.run_id,
        site_id=deletion.site_id,
        objects=deletion.objects,
        classes=SWEPT,
        requested_at=deletion.requested_at,
        deleted_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())
