"""What can be done to a video: cancel, try again, delete."""

from typing import Any

from fastapi import APIRouter

from api import announce
from api.access import Caller
from api.http import documents
from api.http.parts import Has, Parts, Writer
from api.problems import Problem
from api.project import job
from api.project.apply import job_event
from api.project.history import Transition, place
from api.store import Connection, Json, deletions, history, site_events, videos
from api.store.deletions import Deletion
from api.store.site_events import Told
from chassis import outbox
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/videos", tags=["videos"])


@router.post("/{video_id}/cancel", response_model=documents.Job)
async def cancel_video(video_id: str, who: Writer, has: Has) -> Any:
    """Stop a run; what it made so far stays until the video is deleted."""
    now = has.now()
    async with has.inside(who.site_list) as conn:
        video = await videos.get(conn, who.site_list, video_id, lock=True)
        status = job.status(video.run, video.facts)
        if status == "cancelled":
            return video.document()
        if status in job.FINAL:
            raise Problem("video_finished", f"The run is {status}; there is nothing to cancel.")
        video = video.told(video.facts.cancel(now))
        await history.append(conn, video.run.run_id, [Transition(now, place(video.run, video.facts))])
        await videos.save(conn, [video])
        await outbox.add(conn, announce.video_command(video, "cancel", who.key_id, now))
        await site_events.append(conn, [job_event(video)])
    return video.document()


@router.post("/{video_id}/retry", status_code=202, response_model=documents.Job)
async def retry_video(video_id: str, who: Writer, has: Has) -> Any:
    """Try a failed run again, where its error says that this can help."""
    now = has.now()
    async with has.inside(who.site_list) as conn:
        video = await videos.get(conn, who.site_list, video_id, lock=True)
        if job.status(video.run, video.facts) != "failed":
            raise Problem("video_not_failed", "Only a failed run can be tried again.")
        if not job.retryable(video.run, video.facts):
            raise Problem("video_not_retryable", "It would fail again, or its tables and hazards have been concluded.")
        await outbox.add(conn, announce.video_command(video, "retry", who.key_id, now))
    return video.document()


@router.delete("/{video_id}", status_code=202, response_model=documents.Deleting)
async def delete_video(video_id: str, who: Writer, has: Has) -> Any:
    """Delete a video and everything made of it. It is not seen from now on; asset.deleted tells when all is gone."""
    async with has.inside(who.site_list) as conn:
        known = await deletions.get(conn, who.site_list, video_id)
        return _document(known or await _begin(has, conn, who, video_id))


async def _begin(has: Parts, conn: Connection, who: Caller, video_id: str) -> Deletion:
    now = has.now()
    video = await videos.get(conn, who.site_list, video_id, lock=True)
    run = video.run
    deletion = Deletion(
        video_id=video_id, run_id=run.run_id, site_id=run.site_id, camera_id=run.camera_id, requested_at=now,
        clean_sweeps=0, objects=0, deleted_at=None,
    )  # fmt: skip
    await deletions.add(conn, deletion, who.key_id)
    await videos.mark_deleting(conn, video_id, now)
    await outbox.add(conn, announce.video_command(video, "delete", who.key_id, now))
    said = {"video_id": video_id, "run_id": run.run_id, "site_id": run.site_id}
    told = Told(site_id=run.site_id, type="video.deleted", document=said, run_id=run.run_id, camera_id=run.camera_id)
    await site_events.append(conn, [told])
    return deletion


def _document(deletion: Deletion) -> Json:
    gone = deletion.deleted_at
    return {
        "video_id": deletion.video_id,
        "status": "deleting" if gone is None else "deleted",
        "requested_at": write_time(deletion.requested_at),
        "deleted_at": None if gone is None else write_time(gone),
    }
