"""The history of a job."""

from typing import Any

from fastapi import APIRouter

from api.http.authentication import Reader
from api.http.dependencies import Deps
from api.http.documents.videos import JobHistory
from api.http.routes import Route
from api.store import job_history, videos
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/videos", tags=["videos"], route_class=Route)


@router.get("/{video_id}/job/history", response_model=JobHistory)
async def get_job_history(video_id: str, caller: Reader, deps: Deps) -> Any:
    """Attempts, transitions and errors of a job, also those before a retry."""
    async with deps.transaction(caller.site_list) as conn:
        video = await videos.get(conn, caller.site_list, video_id)
        later = await job_history.of_run(conn, video.run.run_id)
    created = {"at": write_time(video.run.created_at), "status": "awaiting_file", "stage": "upload", "step": None}
    return {
        "video_id": video_id,
        "run_id": video.run.run_id,
        "attempts": max(1, video.facts.attempt),
        "transitions": [created | {"attempt": 1, "error": None}, *later],
    }
