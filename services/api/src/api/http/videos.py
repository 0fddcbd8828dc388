"""Videos: creating them, their jobs and frames."""

from typing import Any

import structlog
from fastapi import APIRouter, Response

from api.compute import sliced
from api.http import paging
from api.http.authentication import Reader, Uploader
from api.http.dependencies import Deps
from api.http.documents.common import Page
from api.http.documents.frames import Frame
from api.http.documents.run_options import NewVideo
from api.http.documents.videos import Job, NewJob, Status, Thumbnails
from api.http.idempotency import IdempotentRoute
from api.http.new_video import limits_of, manifest_key, plan, save, upload_target
from api.http.storage import stored
from api.model.job import Video, stuck
from api.model.plan import check_size
from api.model.types import Json
from api.store import frames, videos

log = structlog.get_logger("api")
router = APIRouter(prefix="/v1/videos", tags=["videos"], route_class=IdempotentRoute)


@router.post("", status_code=201, response_model=NewJob)
async def create_video(body: NewVideo, caller: Uploader, deps: Deps, response: Response) -> Any:
    """Create a video; the response says where to upload it. What is made of it is fixed now, in its manifest."""
    limits = limits_of(deps)
    check_size(body.size_bytes, limits)
    await deps.space.check(body.size_bytes or 0)
    async with deps.store_writes.place(), deps.transaction(caller.site_list) as conn:
        manifest, layout = await plan(conn, deps, caller.site_list, body)
        (await stored(conn, deps, manifest.site_id)).check_room(body.size_bytes)
        await deps.objects.put(manifest_key(manifest), manifest.to_json(), "application/json")
        video = await save(conn, manifest, layout, body, caller.key_id)
    ids = {"video_id": manifest.video_id, "run_id": manifest.run_id, "camera_id": manifest.camera_id}
    log.info("video_announced", **ids, site_id=manifest.site_id)
    response.headers["Location"] = f"/v1/videos/{manifest.video_id}"
    return video.document() | {"upload": upload_target(deps, manifest, limits, body)}


@router.get("", response_model=Page[Job])
async def list_videos(
    caller: Reader, deps: Deps, site_id: str | None = None, camera_id: str | None = None, status: Status | None = None,
    cursor: paging.Cursor = None, limit: paging.Limit = 50,
) -> Any:  # fmt: skip
    """Job documents, newest first."""
    before = paging.decode_cursor(cursor)
    async with deps.transaction(caller.site_list) as conn:
        found = await videos.page(
            conn, caller.site_list, site_id=site_id, camera_id=camera_id, status=status, before=before, limit=limit
        )
    position = str(found[-1]["video_id"]) if found else None
    return await paging.respond(
        Page[Job], lambda: [_job_now(videos.of_row(row), deps) for row in found], limit, position
    )


@router.get("/{video_id}", response_model=Job)
async def get_video(video_id: str, caller: Reader, deps: Deps) -> Any:
    """The job document of a video."""
    async with deps.transaction(caller.site_list) as conn:
        return _job_now(await videos.get(conn, caller.site_list, video_id), deps)


@router.get("/{video_id}/job", response_model=Job)
async def get_job(video_id: str, caller: Reader, deps: Deps, response: Response) -> Any:
    """The same document, for polling: Retry-After says when to poll again."""
    async with deps.transaction(caller.site_list) as conn:
        video = await videos.get(conn, caller.site_list, video_id)
    if not video.final:
        response.headers["Retry-After"] = "1"
    return _job_now(video, deps)


@router.get("/{video_id}/frames", response_model=Page[Frame])
async def list_frames(
    video_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 200
) -> Any:
    """Frames in media order, with links that expire."""
    after = paging.decode_number(cursor)
    async with deps.transaction(caller.site_list) as conn:
        video = await videos.get(conn, caller.site_list, video_id)
        rows = await frames.page(conn, video.run.run_id, after, limit)
    items = [frames.document(row, str(await deps.link(row["object_key"]))) async for row in sliced(rows)]
    return await paging.respond(Page[Frame], lambda: items, limit, str(rows[-1]["index"]) if rows else None)


@router.get("/{video_id}/thumbnails", response_model=Thumbnails)
async def get_thumbnails(video_id: str, caller: Reader, deps: Deps) -> Any:
    """Links to still pictures of the video, as far as they exist."""
    async with deps.transaction(caller.site_list) as conn:
        facts = (await videos.get(conn, caller.site_list, video_id)).facts
    return {"first": await deps.link(facts.thumb_first), "best": await deps.link(facts.thumb_best)}


def _job_now(video: Video, deps: Deps) -> Json:
    """The job document, with `stuck` as of now: it depends on the time since the last event."""
    return video.document() | {"stuck": stuck(video.run, video.facts, deps.clock.now(), deps.settings.api_job_stuck_s)}
