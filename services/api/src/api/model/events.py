"""From a row to the event that reports it: records for the outbox, and entries of a site's event log."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import orjson

from api.model.camera_states import Transition
from api.model.deletion import Deletion
from api.model.dry_runs import DryRun
from api.model.job import Video
from api.model.keyed_records import Change
from api.model.projections import READ_MODELS
from api.model.site_events import CAMERA_STATE, SITE_DELETED, NewSiteEvent
from api.model.stored_frames import captured_at
from api.model.types import Json
from chassis import trace
from tablewatch_schemas import (
    AssetDeleted,
    CameraCommand,
    CameraCommandSource,
    CameraConfig,
    CameraConfigOpeningHours,
    CameraConfigSource,
    Encoded,
    FrameCommand,
    HazardCommand,
    SiteConfig,
    SiteConfigOpeningHours,
    VideoCommand,
    encode,
    tombstone,
)
from tablewatch_schemas.ids import live_frame_id, new_id
from tablewatch_schemas.keys import layout as layout_key
from tablewatch_schemas.times import read_time

SOURCE = "tablewatch/api"
T = TypeVar("T")
DELETED_CLASSES = ("originals", "frames", "crops", "thumbs", "manifests")


def camera_config_event(camera: Json, now: datetime) -> Encoded:
    """camera.config: how a camera is set up now."""
    version = camera["layout_version"]
    event = CameraConfig(
        camera_id=camera["camera_id"],
        site_id=camera["site_id"],
        version=camera["version"],
        name=camera["name"],
        enabled=camera["enabled"],
        source=CameraConfigSource(**camera["source"]),
        cadence_ms=camera["cadence_ms"],
        look_every_ms=camera["look_every_ms"],
        max_age_ms=camera["max_age_ms"],
        layout_key=None if version is None else layout_key(camera["site_id"], camera["camera_id"], version),
        layout_version=version,
        detector=camera["detector"],
        opening_hours=_hours(CameraConfigOpeningHours, camera),
        source_version=camera["source_version"],
        updated_at=read_time(camera["updated_at"]),
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def _hours(kind: Callable[..., T], configured: Json) -> T | None:
    """With the time zone of the site, so that whoever reads them needs no other record."""
    week = configured["opening_hours"]
    if week is None:
        return None
    return kind(timezone=configured["timezone"], **{day: tuple(intervals) for day, intervals in week.items()})


def camera_command_event(asked: Json, actor: str, now: datetime, expires_at: datetime) -> Encoded:
    """camera.command: a camera to be opened once, or cameras to be looked for. `asked` has fields of the command."""
    source = asked["source"]
    event = CameraCommand(
        probe_id=asked["probe_id"],
        site_id=asked["site_id"],
        action=asked["action"],
        source=None if source is None else CameraCommandSource(**source),
        secret_ref=asked.get("secret_ref"),
        actor=actor,
        requested_at=now,
        expires_at=expires_at,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def frame_command_event(camera: Json, frame_key: str, actor: str, now: datetime, expires_at: datetime) -> Encoded:
    """frame.command: a stored picture of the camera to be looked at apart from its tables."""
    at = captured_at(frame_key)
    event = FrameCommand(
        frame_id=live_frame_id(camera["camera_id"], at),
        site_id=camera["site_id"],
        camera_id=camera["camera_id"],
        action="look",
        object_key=frame_key,
        captured_at=at,
        actor=actor,
        requested_at=now,
        expires_at=expires_at,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def dry_run_command_event(run: DryRun, frame_key: str, now: datetime, expires_at: datetime) -> Encoded:
    """frame.command: a stored picture to be looked at for a dry run."""
    at = captured_at(frame_key)
    event = FrameCommand(
        frame_id=live_frame_id(run.camera_id, at),
        site_id=run.site_id,
        camera_id=run.camera_id,
        action="dry_run",
        dry_run_id=run.dry_run_id,
        layout_key=run.layout_key,
        object_key=frame_key,
        captured_at=at,
        actor=run.key_id,
        requested_at=now,
        expires_at=expires_at,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def camera_deleted_event(camera: Json, now: datetime) -> Encoded:
    """The tombstone of camera.config; its version is above that of the last record."""
    key, version = camera["camera_id"], camera["version"]
    return tombstone(CameraConfig, key, source=SOURCE, time=now, lane="live", version=version)


def site_config_event(site: Json, now: datetime) -> Encoded:
    """site.config: what a site may store, its detector and its hours, as `store.storage.configuration` has them."""
    event = SiteConfig(
        site_id=site["site_id"],
        version=site["version"],
        original_bytes=site["original_limit"],
        picture_bytes=site["picture_limit"],
        detector=site["detector"],
        opening_hours=_hours(SiteConfigOpeningHours, site),
        updated_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def site_config_tombstone(site: Json, now: datetime) -> Encoded:
    """The tombstone of site.config; its version is above that of the last record."""
    version = site["version"] + 1
    return tombstone(SiteConfig, site["site_id"], source=SOURCE, time=now, lane="live", version=version)


def video_command_event(video: Video, action: str, actor: str, now: datetime) -> Encoded:
    """video.command; `action` is cancel, delete or retry."""
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


def hazard_command_event(
    command_id: str, hazard: Json, action: str, actor: str, note: str | None, now: datetime
) -> Encoded:
    """hazard.command: what a person decided about an alert."""
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


def asset_deleted_event(deletion: Deletion, now: datetime) -> Encoded:
    """asset.deleted: the receipt of a deletion."""
    event = AssetDeleted(
        video_id=deletion.video_id,
        run_id=deletion.run_id,
        site_id=deletion.site_id,
        objects=deletion.objects,
        classes=DELETED_CLASSES,
        requested_at=deletion.requested_at,
        deleted_at=now,
    )
    return encode(event, source=SOURCE, time=now, traceparent=trace.current())


def job_event(video: Video) -> NewSiteEvent:
    """video.job: the job document, as the event stream sends it."""
    return _of_video(video, "video.job", video.document())


def video_deleted_event(video: Video) -> NewSiteEvent:
    """video.deleted: readers see the video no more."""
    run = video.run
    return _of_video(video, "video.deleted", {"video_id": run.video_id, "run_id": run.run_id, "site_id": run.site_id})


def record_event(topic: str, change: Change, *, confirms: bool = False) -> NewSiteEvent:
    """The record of a topic under the topic's name, or `<topic>.deleted` with the key of a tombstone."""
    model, event = READ_MODELS[topic], change.event
    key = change.key if model.history else None
    if change.document is None:
        document = orjson.dumps({model.key_column: change.key})
        return NewSiteEvent(site_id=change.site_id, type=f"{topic}.deleted", document=document, key=key)
    return NewSiteEvent(
        site_id=change.site_id,
        type=topic,
        document=change.document,
        run_id=getattr(event, "run_id", None),
        camera_id=",".join(getattr(event, "camera_ids", ())) or getattr(event, "camera_id", None),
        table_id=getattr(event, "table_id", None),
        key=key,
        confirms=confirms,
    )


def camera_config_site_event(camera: Json) -> NewSiteEvent:
    """camera.config: the camera as GET /v1/cameras/{camera_id} shows it."""
    shown = {name: value for name, value in camera.items() if name not in ("timezone", "source_version")}
    return _of_site(camera["site_id"], "camera.config", shown, camera_id=camera["camera_id"])


def camera_state_event(moved: Transition, name: str) -> NewSiteEvent:
    """camera.state: a transition of a camera, with what people call it."""
    return _of_site(moved.site_id, CAMERA_STATE, moved.document() | {"name": name}, camera_id=moved.camera_id)


def camera_deleted_site_event(camera: Json) -> NewSiteEvent:
    """camera.deleted: the camera's id."""
    ids = {"camera_id": camera["camera_id"], "site_id": camera["site_id"]}
    return _of_site(camera["site_id"], "camera.deleted", ids, camera_id=camera["camera_id"])


def section_changed_event(section: Json) -> NewSiteEvent:
    """section.changed: the section."""
    return _of_site(section["site_id"], "section.changed", section)


def section_deleted_event(section: Json) -> NewSiteEvent:
    """section.deleted: the section's id."""
    ids = {"section_id": section["section_id"], "site_id": section["site_id"]}
    return _of_site(section["site_id"], "section.deleted", ids)


def site_changed_event(site: Json) -> NewSiteEvent:
    """site.changed: the site as GET /v1/sites/{site_id} shows it."""
    return _of_site(site["site_id"], "site.changed", site)


def site_deleted_event(site_id: str) -> NewSiteEvent:
    """site.deleted: the last event of a site."""
    return _of_site(site_id, SITE_DELETED, {"site_id": site_id})


def _of_video(video: Video, kind: str, document: Json) -> NewSiteEvent:
    run = video.run
    return _of_site(run.site_id, kind, document, run_id=run.run_id, camera_id=run.camera_id)


def _of_site(
    site_id: str, kind: str, document: Json, *, run_id: str | None = None, camera_id: str | None = None
) -> NewSiteEvent:
    return NewSiteEvent(site_id=site_id, type=kind, document=orjson.dumps(document), run_id=run_id, camera_id=camera_id)
