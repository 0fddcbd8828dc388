"""Made by schemas/generate.py from schemas/<topic>/topic.yaml; do not edit."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tablewatch_schemas import events
from tablewatch_schemas.topic_info import TopicInfo


def route_video_uploaded(event: events.VideoUploaded) -> tuple[str | None, str]:
    """Key and lane of a record of video.uploaded."""
    return event.video_id, "run"


def route_video_rejected(event: events.VideoRejected) -> tuple[str | None, str]:
    """Key and lane of a record of video.rejected."""
    return event.video_id, "run"


def route_upload_refused(event: events.UploadRefused) -> tuple[str | None, str]:
    """Key and lane of a record of upload.refused."""
    return event.video_id, "run"


def route_video_progress(event: events.VideoProgress) -> tuple[str | None, str]:
    """Key and lane of a record of video.progress."""
    return event.video_id, "run"


def route_frame_extracted(event: events.FrameExtracted) -> tuple[str | None, str]:
    """Key and lane of a record of frame.extracted."""
    if event.run_id is None:
        return event.camera_id, "live"
    return event.run_id, "run"


def route_frame_dropped(event: events.FrameDropped) -> tuple[str | None, str]:
    """Key and lane of a record of frame.dropped."""
    return event.camera_id, "live"


def route_crop_ready(event: events.CropReady) -> tuple[str | None, str]:
    """Key and lane of a record of crop.ready."""
    if event.run_id is None:
        return event.camera_id, "live"
    return event.run_id, "run"


def route_table_evidence(event: events.TableEvidence) -> tuple[str | None, str]:
    """Key and lane of a record of table.evidence."""
    if event.run_id is None:
        return event.table_id, "live"
    return (None if event.table_id is None else f"{event.table_id}@{event.run_id}"), "run"


def route_table_state(event: events.TableState) -> tuple[str | None, str]:
    """Key and lane of a record of table.state."""
    if event.run_id is None:
        return event.table_id, "live"
    return f"{event.table_id}@{event.run_id}", "run"


def route_hazard_candidate(event: events.HazardCandidate) -> tuple[str | None, str]:
    """Key and lane of a record of hazard.candidate."""
    if event.run_id is None:
        return event.site_id, "live"
    return f"{event.site_id}@{event.run_id}", "run"


def route_hazard_alert(event: events.HazardAlert) -> tuple[str | None, str]:
    """Key and lane of a record of hazard.alert."""
    return event.hazard_id, "live" if event.run_id is None else "run"


def route_camera_config(event: events.CameraConfig) -> tuple[str | None, str]:
    """Key and lane of a record of camera.config."""
    return event.camera_id, "live"


def route_site_config(event: events.SiteConfig) -> tuple[str | None, str]:
    """Key and lane of a record of site.config."""
    return event.site_id, "live"


def route_camera_status(event: events.CameraStatus) -> tuple[str | None, str]:
    """Key and lane of a record of camera.status."""
    return event.camera_id, "live"


def route_camera_command(event: events.CameraCommand) -> tuple[str | None, str]:
    """Key and lane of a record of camera.command."""
    return event.probe_id, "live"


def route_camera_probe(event: events.CameraProbe) -> tuple[str | None, str]:
    """Key and lane of a record of camera.probe."""
    return event.probe_id, "live"


def route_frame_command(event: events.FrameCommand) -> tuple[str | None, str]:
    """Key and lane of a record of frame.command."""
    return event.camera_id, "live"


def route_video_command(event: events.VideoCommand) -> tuple[str | None, str]:
    """Key and lane of a record of video.command."""
    return event.video_id, "run"


def route_hazard_command(event: events.HazardCommand) -> tuple[str | None, str]:
    """Key and lane of a record of hazard.command."""
    if event.run_id is None:
        return event.site_id, "live"
    return f"{event.site_id}@{event.run_id}", "run"


def route_table_signal(event: events.TableSignal) -> tuple[str | None, str]:
    """Key and lane of a record of table.signal."""
    if event.run_id is None:
        return event.site_id, "live"
    return f"{event.site_id}@{event.run_id}", "run"


def route_table_group(event: events.TableGroup) -> tuple[str | None, str]:
    """Key and lane of a record of table.group."""
    if event.run_id is None:
        return event.site_id, "live"
    return f"{event.site_id}@{event.run_id}", "run"


def route_asset_deleted(event: events.AssetDeleted) -> tuple[str | None, str]:
    """Key and lane of a record of asset.deleted."""
    return event.video_id, "run"


TOPICS: Mapping[str, TopicInfo] = MappingProxyType(
    {
        "video.uploaded": TopicInfo(
            name="video.uploaded",
            title="VideoUploaded",
            description="A video file is stored and admitted; its run may begin.",
            owner="ingest",
            producers=("ingest",),
            consumers=("extractor", "api-projector"),
            key_live=None,
            key_run="{video_id}",
            keyless=False,
            identity=("video_id", "run_id"),
            lane="run",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=True,
            draft=False,
            event_type=events.VideoUploaded,
            wire=events.wire_video_uploaded,
            utc=events.utc_video_uploaded,
            route=route_video_uploaded,
        ),
        "video.rejected": TopicInfo(
            name="video.rejected",
            title="VideoRejected",
            description="An uploaded file was refused.",
            owner="ingest",
            producers=("ingest",),
            consumers=("api-projector",),
            key_live=None,
            key_run="{video_id}",
            keyless=False,
            identity=("video_id", "run_id"),
            lane="run",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.VideoRejected,
            wire=events.wire_video_rejected,
            utc=events.utc_video_rejected,
            route=route_video_rejected,
        ),
        "upload.refused": TopicInfo(
            name="upload.refused",
            title="UploadRefused",
            description="An attempt to send a file found no room. The upload stays open: a later attempt may be taken.",
            owner="ingest",
            producers=("ingest",),
            consumers=("api-projector",),
            key_live=None,
            key_run="{video_id}",
            keyless=False,
            identity=("video_id", "code", "refused_at"),
            lane="run",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.UploadRefused,
            wire=events.wire_upload_refused,
            utc=events.utc_upload_refused,
            route=route_upload_refused,
        ),
        "video.progress": TopicInfo(
            name="video.progress",
            title="VideoProgress",
            description="How far the extraction of a run is. Written on every relevant change, at most about once a second.",
            owner="extractor",
            producers=("extractor",),
            consumers=("api-projector",),
            key_live=None,
            key_run="{video_id}",
            keyless=False,
            identity=("run_id", "sequence"),
            lane="run",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.VideoProgress,
            wire=events.wire_video_progress,
            utc=events.utc_video_progress,
            route=route_video_progress,
        ),
        "frame.extracted": TopicInfo(
            name="frame.extracted",
            title="FrameExtracted",
            description="One frame is stored. Frames of a run come in media order; the last one has `last` set.",
            owner="extractor",
            producers=("extractor",),
            consumers=("cropper", "hazard-detect", "api-projector"),
            key_live="{camera_id}",
            key_run="{run_id}",
            keyless=False,
            identity=("frame_id", "last"),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="personal",
            public=True,
            draft=False,
            event_type=events.FrameExtracted,
            wire=events.wire_frame_extracted,
            utc=events.utc_frame_extracted,
            route=route_frame_extracted,
        ),
        "frame.dropped": TopicInfo(
            name="frame.dropped",
            title="FrameDropped",
            description="Frames that were taken of a live camera and not published, by hour and reason. Counts of an hour grow; the highest of each reason is right.",
            owner="extractor",
            producers=("extractor",),
            consumers=(),
            key_live="{camera_id}",
            key_run=None,
            keyless=False,
            identity=("camera_id", "hour", "frames"),
            lane="live",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.FrameDropped,
            wire=events.wire_frame_dropped,
            utc=events.utc_frame_dropped,
            route=route_frame_dropped,
        ),
        "crop.ready": TopicInfo(
            name="crop.ready",
            title="CropReady",
            description="The table regions of one frame are cut: one object, JPEGs back to back.",
            owner="cropper",
            producers=("cropper",),
            consumers=("classifier-gateway-dispatch", "api-projector", "extractor-crops"),
            key_live="{camera_id}",
            key_run="{run_id}",
            keyless=False,
            identity=("frame_id", "last"),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="personal",
            public=True,
            draft=False,
            event_type=events.CropReady,
            wire=events.wire_crop_ready,
            utc=events.utc_crop_ready,
            route=route_crop_ready,
        ),
        "table.evidence": TopicInfo(
            name="table.evidence",
            title="TableEvidence",
            description="One piece of evidence for a table's state: a classifier's verdict, a camera's health, a signal, a tick of the clock, the end of a run. The fold reads nothing else.",
            owner="classifier-gateway",
            producers=("classifier-gateway",),
            consumers=("classifier-gateway-fold", "api-projector"),
            key_live="{table_id}",
            key_run="{table_id}@{run_id}",
            keyless=True,
            identity=("kind", "table_id", "source_id", "captured_at", "frame_id"),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.TableEvidence,
            wire=events.wire_table_evidence,
            utc=events.utc_table_evidence,
            route=route_table_evidence,
        ),
        "table.state": TopicInfo(
            name="table.state",
            title="TableState",
            description="The state of one table. Written on a transition and at half of expires_at; past expires_at read it as unknown.",
            owner="classifier-gateway",
            producers=("classifier-gateway",),
            consumers=("api-projector", "classifier-gateway-group"),
            key_live="{table_id}",
            key_run="{table_id}@{run_id}",
            keyless=False,
            identity=("table_id", "run_id", "version"),
            lane="auto",
            cleanup="compact",
            retention_hours=None,
            version_field="version",
            classification="operational",
            public=True,
            draft=False,
            event_type=events.TableState,
            wire=events.wire_table_state,
            utc=events.utc_table_state,
            route=route_table_state,
        ),
        "hazard.candidate": TopicInfo(
            name="hazard.candidate",
            title="HazardCandidate",
            description="What the detector sees on the floor in one frame.",
            owner="hazard",
            producers=("hazard",),
            consumers=("hazard-follow", "api-projector"),
            key_live="{site_id}",
            key_run="{site_id}@{run_id}",
            keyless=False,
            identity=("frame_id", "camera_id", "last"),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.HazardCandidate,
            wire=events.wire_hazard_candidate,
            utc=events.utc_hazard_candidate,
            route=route_hazard_candidate,
        ),
        "hazard.alert": TopicInfo(
            name="hazard.alert",
            title="HazardAlert",
            description="One alert of what several frames see, through its life.",
            owner="hazard",
            producers=("hazard",),
            consumers=("api-projector",),
            key_live="{hazard_id}",
            key_run="{hazard_id}",
            keyless=False,
            identity=("hazard_id", "version"),
            lane="auto",
            cleanup="compact",
            retention_hours=None,
            version_field="version",
            classification="operational",
            public=True,
            draft=False,
            event_type=events.HazardAlert,
            wire=events.wire_hazard_alert,
            utc=events.utc_hazard_alert,
            route=route_hazard_alert,
        ),
        "camera.config": TopicInfo(
            name="camera.config",
            title="CameraConfig",
            description="How a camera is set up. Compacted; read without a group from the start.",
            owner="api",
            producers=("api",),
            consumers=("extractor-config", "classifier-gateway-dispatch"),
            key_live="{camera_id}",
            key_run=None,
            keyless=False,
            identity=("camera_id", "version"),
            lane="live",
            cleanup="compact",
            retention_hours=None,
            version_field="version",
            classification="operational",
            public=False,
            draft=True,
            event_type=events.CameraConfig,
            wire=events.wire_camera_config,
            utc=events.utc_camera_config,
            route=route_camera_config,
        ),
        "site.config": TopicInfo(
            name="site.config",
            title="SiteConfig",
            description="What a site may store, which detector it uses, and when it is open. Compacted: the newest record of a site holds.",
            owner="api",
            producers=("api",),
            consumers=("ingest", "extractor"),
            key_live="{site_id}",
            key_run=None,
            keyless=False,
            identity=("site_id", "version"),
            lane="live",
            cleanup="compact",
            retention_hours=None,
            version_field="version",
            classification="operational",
            public=False,
            draft=True,
            event_type=events.SiteConfig,
            wire=events.wire_site_config,
            utc=events.utc_site_config,
            route=route_site_config,
        ),
        "camera.status": TopicInfo(
            name="camera.status",
            title="CameraStatus",
            description="How well a camera sees.",
            owner="extractor",
            producers=("extractor",),
            consumers=("classifier-gateway-dispatch", "hazard-detect", "api-projector"),
            key_live="{camera_id}",
            key_run=None,
            keyless=False,
            identity=("camera_id", "version"),
            lane="live",
            cleanup="compact",
            retention_hours=None,
            version_field="version",
            classification="operational",
            public=False,
            draft=True,
            event_type=events.CameraStatus,
            wire=events.wire_camera_status,
            utc=events.utc_camera_status,
            route=route_camera_status,
        ),
        "camera.command": TopicInfo(
            name="camera.command",
            title="CameraCommand",
            description="Open a camera that is not registered, or look for cameras on the network; the answer is on camera.probe.",
            owner="api",
            producers=("api",),
            consumers=("extractor-probes",),
            key_live="{probe_id}",
            key_run=None,
            keyless=False,
            identity=("probe_id",),
            lane="live",
            cleanup="delete",
            retention_hours=24,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.CameraCommand,
            wire=events.wire_camera_command,
            utc=events.utc_camera_command,
            route=route_camera_command,
        ),
        "camera.probe": TopicInfo(
            name="camera.probe",
            title="CameraProbe",
            description="What came of a camera.command: what a camera sends, which cameras there are, or why that is not known.",
            owner="extractor",
            producers=("extractor",),
            consumers=("api-projector",),
            key_live="{probe_id}",
            key_run=None,
            keyless=False,
            identity=("probe_id", "version"),
            lane="live",
            cleanup="delete",
            retention_hours=24,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.CameraProbe,
            wire=events.wire_camera_probe,
            utc=events.utc_camera_probe,
            route=route_camera_probe,
        ),
        "frame.command": TopicInfo(
            name="frame.command",
            title="FrameCommand",
            description="Look at a stored picture of a camera: apart from its tables, or at those of a dry run. What comes of it is stored, and makes no evidence.",
            owner="api",
            producers=("api",),
            consumers=("classifier-gateway-dispatch",),
            key_live="{camera_id}",
            key_run=None,
            keyless=False,
            identity=("frame_id", "requested_at", "dry_run_id"),
            lane="live",
            cleanup="delete",
            retention_hours=24,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.FrameCommand,
            wire=events.wire_frame_command,
            utc=events.utc_frame_command,
            route=route_frame_command,
        ),
        "video.command": TopicInfo(
            name="video.command",
            title="VideoCommand",
            description="Cancel, delete or retry a video.",
            owner="api",
            producers=("api",),
            consumers=("ingest", "extractor", "cropper", "classifier-gateway-dispatch", "hazard-detect"),
            key_live=None,
            key_run="{video_id}",
            keyless=False,
            identity=("command_id",),
            lane="run",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.VideoCommand,
            wire=events.wire_video_command,
            utc=events.utc_video_command,
            route=route_video_command,
        ),
        "hazard.command": TopicInfo(
            name="hazard.command",
            title="HazardCommand",
            description="What a person decided about an alert.",
            owner="api",
            producers=("api",),
            consumers=("hazard-follow",),
            key_live="{site_id}",
            key_run="{site_id}@{run_id}",
            keyless=False,
            identity=("command_id",),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.HazardCommand,
            wire=events.wire_hazard_command,
            utc=events.utc_hazard_command,
            route=route_hazard_command,
        ),
        "table.signal": TopicInfo(
            name="table.signal",
            title="TableSignal",
            description="A state of a table that people or other systems report.",
            owner="api",
            producers=("api",),
            consumers=("classifier-gateway-dispatch", "classifier-gateway-group"),
            key_live="{site_id}",
            key_run="{site_id}@{run_id}",
            keyless=False,
            identity=("signal_id",),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.TableSignal,
            wire=events.wire_table_signal,
            utc=events.utc_table_signal,
            route=route_table_signal,
        ),
        "table.group": TopicInfo(
            name="table.group",
            title="TableGroup",
            description="Tables that are used together.",
            owner="classifier-gateway",
            producers=("classifier-gateway",),
            consumers=("api-projector",),
            key_live="{site_id}",
            key_run="{site_id}@{run_id}",
            keyless=False,
            identity=("site_id", "run_id", "group_id", "version"),
            lane="auto",
            cleanup="delete",
            retention_hours=168,
            version_field=None,
            classification="operational",
            public=False,
            draft=True,
            event_type=events.TableGroup,
            wire=events.wire_table_group,
            utc=events.utc_table_group,
            route=route_table_group,
        ),
        "asset.deleted": TopicInfo(
            name="asset.deleted",
            title="AssetDeleted",
            description="Receipt: everything of a video is gone.",
            owner="api",
            producers=("api",),
            consumers=(),
            key_live=None,
            key_run="{video_id}",
            keyless=False,
            identity=("video_id", "run_id"),
            lane="run",
            cleanup="delete",
            retention_hours=720,
            version_field=None,
            classification="operational",
            public=False,
            draft=False,
            event_type=events.AssetDeleted,
            wire=events.wire_asset_deleted,
            utc=events.utc_asset_deleted,
            route=route_asset_deleted,
        ),
    }
)
