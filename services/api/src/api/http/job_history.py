"""What a job went through."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.http.documents import JobError, Time
from api.http.parts import Has, Reader
from api.store import history, videos
from tablewatch_schemas.times import write_time

router = APIRouter(prefix="/v1/videos", tags=["videos"])


class Transition(BaseModel):
    """A job came to stand here."""

    at: Time
    status: str = Field(description="As in the job document")
    stage: str = Field(description="As in the job document")
    step: str | None = Field(
        description="What the extractor is doing: plan, extract, publish, done; null before it began"
    )
    attempt: int = Field(description="From 1; a retry begins the next")
    error: JobError | None


class JobHistory(BaseModel):
    """Every transition of a job since it was announced, at most the newest 1000, in order."""

    video_id: str
    run_id: str
    attempts: int
    transitions: list[Transition]


@router.get("/{video_id}/job/history", response_model=JobHistory)
async def get_job_history(video_id: str, who: Reader, has: Has) -> Any:
    """Attempts, transitions and errors of a job, those too that a retry has left behind."""
    async with has.inside(who.site_list) as conn:
        video = await videos.get(conn, who.site_list, video_id)
        later = await history.of_run(conn, video.run.run_id)
    announced = {"at": write_time(video.run.created_at), "status": "queued", "stage": "upload", "step": None}
    return {
        "video_id": video_id,
        "run_id": video.run.run_id,
        "attempts": max(1, video.facts.attempt),
        "transitions": [announced | {"attempt": 1, "error": None}, *later],
    }
