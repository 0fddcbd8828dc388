"""Documents of videos: the job, its history, the upload, the deletion."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from api.http.documents.common import TimeText
from api.http.documents.contract import item_of
from api.http.documents.run_options import ChosenOptions

Status = Literal["awaiting_file", "queued", "processing", "done", "failed", "cancelled"]
StageName = Literal["upload", "extract", "tables", "hazards"]
StageStatus = Literal["queued", "processing", "done", "failed", "cancelled"]
StepAction = Literal["cancel", "retry", "delete", "frames", "states"]
StepMethod = Literal["GET", "POST", "DELETE"]
DeletingStatus = Literal["deleting", "deleted"]
if TYPE_CHECKING:
    Gap = dict[str, Any]
else:
    Gap = item_of("video.progress", "gaps", "Gap")


class Stage(BaseModel):
    """One stage of a run."""

    name: StageName
    status: StageStatus
    progress: float = Field(description="Per cent")


class Frames(BaseModel):
    """Frames published so far, and expected in all; null while unknown."""

    published: int
    expected: int | None


class JobError(BaseModel):
    """Why it failed."""

    code: str
    reason: str
    retryable: bool


class Waiting(BaseModel):
    """What the job waits for, though nothing is wrong with it; it goes on by itself."""

    code: str
    reason: str


class Step(BaseModel):
    """A request of this API that is possible now."""

    action: StepAction
    method: StepMethod
    href: str


class VideoFacts(BaseModel):
    """Properties of the file."""

    duration_ms: int | None = Field(
        description="By its headers; changes once, when the file has been read, where they do not tell the truth"
    )
    fps: float | None
    codec: str
    width: int
    height: int
    rotation_degrees: int = Field(description="Clockwise, as players show it; pictures of frames are upright")
    mirrored: bool = Field(default=False, description="Mirrored left to right for display, before it is rotated")
    transfer: str | None = Field(
        default=None,
        description="How the file codes light: sdr, or HDR as hlg or pq; null: not known. Pictures of frames are SDR",
    )
    size_bytes: int
    container: str
    sha256: str
    video_track: int | None = Field(
        default=None, description="Which of the file's video tracks is taken, from 0 with covers (FFmpeg's `v:N`)"
    )
    video_tracks: int | None = Field(default=None, description="How many video tracks the file has, with covers")


class Job(ChosenOptions):
    """The job document: the same on create, poll and event stream."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    filename: str | None
    status: Status = Field(
        description="awaiting_file: announced, and no file is stored yet; queued: it waits for a worker"
    )
    stage: str = Field(description="The first stage that is not done; done at the end")
    stages: list[Stage]
    progress: float = Field(
        description="Per cent of the frames that have gone through every stage: that of the slowest. It never falls"
    )
    stuck: bool = Field(
        description="Uploaded, and without an event for API_JOB_STUCK_S (300 s); always false in events"
    )
    eta_s: int | None = Field(
        description="Seconds that the slowest stage may still take at its pace, as of updated_at; null if unknown"
    )
    frames: Frames
    layout_version: int | None = Field(description="Version of the camera's layout that applies; null without one")
    make: list[str]
    started_at: TimeText | None
    error: JobError | None
    waiting: Waiting | None = Field(description="What it waits for now; null: it does not wait")
    next: list[Step] = Field(description="Requests that are possible now")
    gaps: list[Gap] = Field(description="Stretches of the video that could not be read")
    video: VideoFacts | None
    created_at: TimeText
    updated_at: TimeText


class UploadTarget(BaseModel):
    """Where to send the file: by tus 1.0 to create_url, or by one POST to content_url, with the token as bearer token.

    With S3 the parts of a file may be sent there directly, by links from parts_url; null without S3.
    """

    url: str
    create_url: str
    content_url: str
    parts_url: str | None
    token: str
    expires_at: TimeText
    max_bytes: int


class NewJob(Job):
    """A job that waits for its upload."""

    upload: UploadTarget


class Thumbnails(BaseModel):
    """Links to still pictures; null until they exist."""

    first: str | None
    best: str | None


class Deleting(BaseModel):
    """A deletion; deleted_at is set when everything is deleted."""

    video_id: str
    status: DeletingStatus
    requested_at: TimeText
    deleted_at: TimeText | None


class Transition(BaseModel):
    """A change of a job."""

    at: TimeText
    status: str = Field(description="As in the job document")
    stage: str = Field(description="As in the job document")
    step: str | None = Field(
        description="What the extractor is doing: plan, extract, publish, done; null before it began"
    )
    attempt: int = Field(description="From 1; a retry begins the next")
    error: JobError | None


class JobHistory(BaseModel):
    """Every transition of a job since it was created, at most the newest 1000, in order."""

    video_id: str
    run_id: str
    attempts: int
    transitions: list[Transition]
