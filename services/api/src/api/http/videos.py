"""Videos: announced, followed, looked at."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import jwt
import structlog
from fastapi import APIRouter, Response

from api.http import documents, paging
from api.http.bodies import NewVideo
from api.http.idempotent import Idempotent
from api.http.parts import Has, Parts, Reader, Uploader
from api.plan import Limits, check_size, check_start, choose_layout, choose_make, choose_picture, choose_sampling
from api.problems import Problem
from api.project.apply import job_event
from api.project.job import Run, stuck
from api.store import Connection, Json, cameras, site_events, sites, videos
from api.store.sites import Lock
from api.store.videos import Video
from tablewatch_schemas import keys as object_keys
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest, Picture, Sampling, Thresholds
from tablewatch_schemas.times import write_time

log = structlog.get_logger("api")
router = APIRouter(prefix="/v1/videos", tags=["videos"], route_class=Idempotent)


@router.post("", status_code=201, response_model=documents.NewJob)
async def create_video(body: NewVideo, who: Uploader, has: Has, response: Response) -> Any:
    """Announce a video: the answer says where to upload it. What shall be made of it is fixed now, in its manifest."""
    limits = _limits(has)
    check_size(body.size_bytes, limits)
    async with has.inside(who.site_list) as conn:
        manifest, layout = await _plan(conn, has, who.site_list, body)
        await has.objects.put(_manifest_key(manifest), manifest.to_json(), "application/json")
        video = await _keep(conn, manifest, layout, body.filename, who.key_id)
    ids = {"video_id": manifest.video_id, "run_id": manifest.run_id, "camera_id": manifest.camera_id}
    log.info("video_announced", **ids, site_id=manifest.site_id)
    response.headers["Location"] = f"/v1/videos/{manifest.video_id}"
    return video.document() | {"upload": _upload(has, manifest, limits)}


@router.get("", response_model=documents.Page[documents.Job])
async def list_videos(
    who: Reader, has: Has, site_id: str | None = None, camera_id: str | None = None, cursor: paging.Cursor = None,
    limit: paging.Limit = 50,
) -> Any:  # fmt: skip
    """Job documents, newest first."""
    before = paging.read(cursor)
    async with has.inside(who.site_list) as conn:
        found = await videos.page(conn, who.site_list, site_id=site_id, camera_id=camera_id, before=before, limit=limit)
    documents_ = [told(video, has) for video in found]
    return paging.page(documents_, limit, found[-1].run.video_id if found else None)


@router.get("/{video_id}", response_model=documents.Job)
async def get_video(video_id: str, who: Reader, has: Has) -> Any:
    """The job document of a video."""
    async with has.inside(who.site_list) as conn:
        return told(await videos.get(conn, who.site_list, video_id), has)


@router.get("/{video_id}/job", response_model=documents.Job)
async def get_job(video_id: str, who: Reader, has: Has, response: Response) -> Any:
    """The same document, for polling: Retry-After says when it is worth asking again."""
    async with has.inside(who.site_list) as conn:
        video = await videos.get(conn, who.site_list, video_id)
    if not videos.final(video):
        response.headers["Retry-After"] = "1"
    return told(video, has)


@router.get("/{video_id}/frames", response_model=documents.Page[documents.Frame])
async def list_frames(
    video_id: str, who: Reader, has: Has, cursor: paging.Cursor = None, limit: paging.Limit = 200
) -> Any:
    """Frames in media order, with links that expire."""
    after = paging.read_number(cursor)
    async with has.inside(who.site_list) as conn:
        video = await videos.get(conn, who.site_list, video_id)
        rows = await videos.frames(conn, video.run.run_id, after, limit)
    items = [videos.frame_document(row, str(await has.link(row["object_key"]))) for row in rows]
    return paging.page(items, limit, str(rows[-1]["index"]) if rows else None)


@router.get("/{video_id}/thumbnails", response_model=documents.Thumbnails)
async def get_thumbnails(video_id: str, who: Reader, has: Has) -> Any:
    """Still pictures of the video, as far as they are made."""
    async with has.inside(who.site_list) as conn:
        facts = (await videos.get(conn, who.site_list, video_id)).facts
    return {"first": await has.link(facts.thumb_first), "best": await has.link(facts.thumb_best)}


def told(video: Video, has: Parts) -> Json:
    """The job document as of now: whether it is stuck is a question of the time that passed."""
    return video.document() | {"stuck": stuck(video.run, video.facts, has.clock.now(), has.settings.api_job_stuck_s)}


def _limits(has: Parts) -> Limits:
    said = has.settings
    return Limits(said.api_max_upload_bytes, said.api_max_duration_ms, said.api_upload_ttl_s)


async def _plan(conn: Connection, has: Parts, wall: list[str] | None, body: NewVideo) -> tuple[Manifest, Layout | None]:
    """What the run shall be, and the layout it uses. Raises Problem."""
    now, asked = has.now(), body.sampling
    started_at = check_start(body.started_at, now)
    site_id, layout = await _place(conn, wall, body, started_at)
    sampling = choose_sampling(
        asked.mode if asked else None, asked.every_ms if asked else None, has.settings.api_sampling_every_ms
    )
    said = has.settings
    manifest = Manifest(
        run_id=new_id("run"),
        video_id=new_id("vid"),
        site_id=site_id,
        camera_id=body.camera_id,
        layout_key=layout.layout_key if layout else None,
        sampling=sampling,
        make=choose_make(body.make, body.camera_id, layout),
        started_at=started_at,
        model=None,
        thresholds=Thresholds(
            enter_ms=said.api_enter_ms,
            leave_ms=said.api_leave_ms,
            hold_ms=said.api_hold_ms,
            ttl_ms=said.api_state_ttl_ms,
        ),
        created_at=now,
        picture=_picture(body),
    )
    return manifest, layout


def _picture(body: NewVideo) -> Picture:
    asked = body.picture
    return choose_picture(asked.format, asked.quality, asked.long_side) if asked else Picture()


async def _place(
    conn: Connection, wall: list[str] | None, body: NewVideo, started_at: datetime | None
) -> tuple[str, Layout | None]:
    if body.camera_id is None:
        if body.layout is not None:
            raise Problem("camera_required", "A layout belongs to a camera; say which, or leave out layout.")
        return await sites.choose(conn, wall, body.site_id, Lock.HOLD), None
    inside = wall if body.site_id is None else [body.site_id] if wall is None or body.site_id in wall else []
    camera = await cameras.get(conn, inside, body.camera_id)
    await sites.get(conn, inside, camera["site_id"], Lock.HOLD)
    version = choose_layout(body.layout, started_at, await cameras.layout_versions(conn, camera))
    return camera["site_id"], None if version is None else await cameras.layout(conn, camera, version)


async def _keep(
    conn: Connection, manifest: Manifest, layout: Layout | None, filename: str | None, key_id: str
) -> Video:
    run = Run(
        video_id=manifest.video_id,
        run_id=manifest.run_id,
        site_id=manifest.site_id,
        camera_id=manifest.camera_id,
        filename=filename,
        sampling=_sampling(manifest.sampling),
        picture=asdict(manifest.picture),
        layout_version=layout.version if layout else None,
        make=manifest.make,
        started_at=manifest.started_at,
        tables_expected=tuple(table.table_id for table in layout.tables)
        if layout and "tables" in manifest.make
        else (),
        created_at=manifest.created_at,
    )
    video = await videos.add(
        conn, run, layout_key=manifest.layout_key, manifest_key=_manifest_key(manifest), created_by=key_id
    )
    await site_events.append(conn, [job_event(video)])
    return video


def _upload(has: Parts, manifest: Manifest, limits: Limits) -> Json:
    expires_at = manifest.created_at + timedelta(seconds=limits.ttl_s)
    base = has.settings.ingest_public_url.rstrip("/")
    return {
        "url": f"{base}/v1/uploads/{manifest.video_id}",
        "create_url": f"{base}/v1/uploads",
        "content_url": f"{base}/v1/uploads/{manifest.video_id}/content",
        "parts_url": f"{base}/v1/uploads/{manifest.video_id}/parts" if has.settings.s3_url else None,
        "token": _token(has, manifest, limits, expires_at),
        "expires_at": write_time(expires_at),
        "max_bytes": limits.max_bytes,
    }


def _token(has: Parts, manifest: Manifest, limits: Limits, expires_at: datetime) -> str:
    """What ingest lets in by: everything it has to know of the run, signed."""
    claims = {
        "aud": "tablewatch-upload",
        "exp": int(expires_at.timestamp()),
        "video_id": manifest.video_id,
        "run_id": manifest.run_id,
        "site_id": manifest.site_id,
        "camera_id": manifest.camera_id,
        "layout_key": manifest.layout_key,
        "manifest_key": _manifest_key(manifest),
        "sampling": _sampling(manifest.sampling),
        "picture": asdict(manifest.picture),
        "make": list(manifest.make),
        "started_at": None if manifest.started_at is None else write_time(manifest.started_at),
        "max_bytes": limits.max_bytes,
        "max_duration_ms": limits.max_duration_ms,
    }
    return jwt.encode(claims, has.settings.upload_token_secret.get_secret_value(), algorithm="HS256")


def _manifest_key(manifest: Manifest) -> str:
    return object_keys.manifest(manifest.site_id, manifest.run_id)


def _sampling(sampling: Sampling) -> Json:
    return {"mode": sampling.mode, "every_ms": sampling.every_ms}
