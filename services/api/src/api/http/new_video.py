"""A new video: the manifest of its run, and where to upload its file."""

from datetime import datetime, timedelta
from urllib.parse import quote

import jwt

from api.http.dependencies import Deps
from api.http.documents.run_options import NewVideo, choose_options
from api.model.errors import CameraRequired
from api.model.events import job_event
from api.model.job import Run, Video
from api.model.plan import UploadLimits, check_start, choose_layout, choose_make
from api.model.types import Json, Sites
from api.store import Connection, cameras, site_events, sites, videos
from api.store.sites import Lock
from tablewatch_schemas import keys as object_keys
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest, Thresholds
from tablewatch_schemas.times import write_time


def limits_of(deps: Deps) -> UploadLimits:
    """What a new video may have at most."""
    settings = deps.settings
    return UploadLimits(settings.api_max_upload_bytes, settings.api_max_duration_ms, settings.api_upload_ttl_s)


async def plan(conn: Connection, deps: Deps, visible: Sites, body: NewVideo) -> tuple[Manifest, Layout | None]:
    """The manifest of the run, and its layout; `visible` are the caller's sites. Raises ApiError."""
    settings, now = deps.settings, deps.now()
    started_at = check_start(body.started_at, now)
    site_id, layout = await _site_and_layout(conn, visible, body, started_at)
    manifest = Manifest(
        run_id=new_id("run"),
        video_id=new_id("vid"),
        site_id=site_id,
        camera_id=body.camera_id,
        layout_key=layout.layout_key if layout else None,
        make=choose_make(body.make, body.camera_id, layout),
        started_at=started_at,
        model=None,
        thresholds=Thresholds(
            enter_ms=settings.api_enter_ms,
            leave_ms=settings.api_leave_ms,
            hold_ms=settings.api_hold_ms,
            ttl_ms=settings.api_state_ttl_ms,
        ),
        created_at=now,
        **choose_options(body, settings.api_sampling_every_ms),
    )
    return manifest, layout


async def _site_and_layout(
    conn: Connection, visible: Sites, body: NewVideo, started_at: datetime | None
) -> tuple[str, Layout | None]:
    if body.camera_id is None:
        if body.layout is not None:
            raise CameraRequired("A layout belongs to a camera; say which, or leave out layout.")
        return await sites.choose(conn, visible, body.site_id, Lock.HOLD), None
    if body.site_id is not None:
        visible = [body.site_id] if visible is None or body.site_id in visible else []
    camera = await cameras.get(conn, visible, body.camera_id)
    await sites.get(conn, visible, camera["site_id"], Lock.HOLD)
    version = choose_layout(body.layout, started_at, await cameras.layout_versions(conn, camera))
    return camera["site_id"], None if version is None else await cameras.layout(conn, camera, version)


async def save(conn: Connection, manifest: Manifest, layout: Layout | None, body: NewVideo, key_id: str) -> Video:
    """Add the video and its run, and an event of its job; `key_id` is who created it."""
    expected = [table.table_id for table in layout.tables] if layout and "tables" in manifest.make else []
    run = Run.from_dict(manifest.to_dict() | {"filename": body.filename, "tables_expected": expected})
    video = await videos.add(conn, run, created_by=key_id, declared_bytes=body.size_bytes or 0)
    await site_events.append(conn, [job_event(video)])
    return video


def upload_target(deps: Deps, manifest: Manifest, limits: UploadLimits, body: NewVideo) -> Json:
    """Where to send the file, with the token that permits it."""
    expires_at = manifest.created_at + timedelta(seconds=limits.ttl_s)
    create_url = _create_url(deps)
    url = f"{create_url}/{manifest.video_id}"
    return {
        "url": url,
        "create_url": create_url,
        "content_url": f"{url}/content",
        "parts_url": f"{url}/parts" if deps.settings.s3_url else None,
        "token": _token(deps, manifest, limits, body.size_bytes, expires_at),
        "expires_at": write_time(expires_at),
        "max_bytes": limits.max_bytes,
    }


def _create_url(deps: Deps) -> str:
    """Address of ingest with the path that creates an upload, as a URL of ASCII."""
    return quote(f"{deps.settings.ingest_public_url.rstrip('/')}/v1/uploads", safe="/:%@[]")


def _token(deps: Deps, manifest: Manifest, limits: UploadLimits, size_bytes: int | None, expires_at: datetime) -> str:
    """The manifest's document with the limits of the upload beside its members, signed for ingest."""
    claims = manifest.to_dict() | {
        "aud": "tablewatch-upload",
        "exp": int(expires_at.timestamp()),
        "manifest_key": manifest_key(manifest),  # for an ingest of the release before
        "max_bytes": limits.max_bytes,
        "max_duration_ms": limits.max_duration_ms,
        "create_url": _create_url(deps),  # ingest makes Location of it
        "size_bytes": size_bytes,  # ingest takes no other; null: not announced
    }
    return jwt.encode(claims, deps.settings.upload_token_secret.get_secret_value(), algorithm="HS256")


def manifest_key(manifest: Manifest) -> str:
    """Object key of the manifest."""
    return object_keys.manifest(manifest.site_id, manifest.run_id)
