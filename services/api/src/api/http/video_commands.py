"""Cancel, retry and delete a video."""

from typing import Any

from fastapi import APIRouter

from api.http.authentication import Writer
from api.http.dependencies import Deps
from api.http.documents.videos import Deleting, Job
from api.http.routes import Route
from api.model import events, job
from api.model.access import Caller
from api.model.deletion import Deletion
from api.model.errors import VideoFinished, VideoNotFailed, VideoNotRetryable
from api.model.events import job_event
from api.model.job_transitions import JobTransition, job_state
from api.model.types import Json
from api.store import Connection, deletions, job_history, site_events, videos
from chassis import outbox
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/videos", tags=["videos"], route_class=Route)


@router.post("/{video_id}/cancel", response_model=Job)
async def cancel_video(video_id: str, caller: Writer, deps: Deps) -> Any:
    """Stop a run; its results so far stay until the video is deleted."""
    now = deps.now()
    async with deps.transaction(caller.site_list) as conn:
        video = await videos.get(conn, caller.site_list, video_id, lock=True)
        status = job.status(video.run, video.facts)
        if status == "cancelled":
            return video.document()
        if status in job.FINAL:
            raise VideoFinished(f"The run is {status}; there is nothing to cancel.")
        video = video.with_facts(video.facts.cancel(now))
        await job_history.append(conn, video.run.run_id, [JobTransition(now, job_state(video.run, video.facts))])
        await videos.save(conn, [video])
        await outbox.enqueue(conn, events.video_command_event(video, "cancel", caller.key_id, now))
        await site_events.append(conn, [job_event(video)])
    return video.document()


@router.post("/{video_id}/retry", status_code=202, response_model=Job)
async def retry_video(video_id: str, caller: Writer, deps: Deps) -> Any:
    """Retry a failed run, if its error is retryable."""
    now = deps.now()
    async with deps.transaction(caller.site_list) as conn:
        video = await videos.get(conn, caller.site_list, video_id, lock=True)
        if job.status(video.run, video.facts) != "failed":
            raise VideoNotFailed("Only a failed run can be retried.")
        if not job.retryable(video.run, video.facts):
            raise VideoNotRetryable("It would fail again, or the run has ended for its tables and hazards.")
        await outbox.enqueue(conn, events.video_command_event(video, "retry", caller.key_id, now))
    return video.document()


@router.delete("/{video_id}", status_code=202, response_model=Deleting)
async def delete_video(video_id: str, caller: Writer, deps: Deps) -> Any:
    """Delete a video and everything made of it. It is hidden from now on; asset.deleted follows when all is deleted."""
    async with deps.transaction(caller.site_list) as conn:
        under_way = await deletions.get(conn, caller.site_list, video_id)
        return _document(under_way or await _begin(deps, conn, caller, video_id))


async def _begin(deps: Deps, conn: Connection, caller: Caller, video_id: str) -> Deletion:
    now = deps.now()
    video = await videos.get(conn, caller.site_list, video_id, lock=True)
    run = video.run
    deletion = Deletion(
        video_id=video_id, run_id=run.run_id, site_id=run.site_id, camera_id=run.camera_id, requested_at=now,
        clean_sweeps=0, objects=0, deleted_at=None,
    )  # fmt: skip
    await deletions.add(conn, deletion, caller.key_id)
    await videos.mark_deleting(conn, video_id, now)
    await outbox.enqueue(conn, events.video_command_event(video, "delete", caller.key_id, now))
    await site_events.append(conn, [events.video_deleted_event(video)])
    return deletion


def _document(deletion: Deletion) -> Json:
    deleted_at = deletion.deleted_at
    return {
        "video_id": deletion.video_id,
        "status": "deleting" if deleted_at is None else "deleted",
        "requested_at": write_time(deletion.requested_at),
        "deleted_at": None if deleted_at is None else write_time(deleted_at),
    }
