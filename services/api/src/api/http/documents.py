"""Response documents, for the OpenAPI description and to keep answers to what it says."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from api.access import Scope

T = TypeVar("T")
Time = str
"""RFC 3339, UTC, milliseconds."""


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Give it as cursor for the next page; null at the end")


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable; see docs/errors-and-retries.md")
    detail: str


class Site(BaseModel):
    """A restaurant."""

    site_id: str
    name: str
    timezone: str
    version: int = Field(description="Rises with every change")
    created_at: Time


class Section(BaseModel):
    """A part of a site."""

    section_id: str
    site_id: str
    name: str
    version: int = Field(description="Rises with every change")
    created_at: Time


class CameraSource(BaseModel):
    """Where pictures come from."""

    type: str
    address: str | None
    secret_ref: str | None


class Camera(BaseModel):
    """A view of a site."""

    camera_id: str
    site_id: str
    name: str
    enabled: bool
    source: CameraSource
    cadence_ms: int
    max_age_ms: int
    version: int
    layout_version: int | None
    created_at: Time
    updated_at: Time


class CameraWithStatus(Camera):
    """With what is known of its health."""

    status: dict[str, Any] | None


class LayoutTable(BaseModel):
    """A table in a layout."""

    table_id: str
    label: str
    seats: int | None
    section_id: str | None
    polygon: list[list[float]]
    top: list[list[float]] | None


class Layout(BaseModel):
    """One version of a camera's layout."""

    layout_key: str
    site_id: str
    camera_id: str
    version: int
    created_at: Time
    reference: dict[str, int]
    tables: list[LayoutTable]
    floor: list[list[list[float]]]


class LayoutVersion(BaseModel):
    """A version of a camera's layout, in short."""

    version: int
    layout_key: str
    created_at: Time
    tables: int
    newest: bool


class Sampling(BaseModel):
    """Which frames are taken."""

    mode: str
    every_ms: int | None


class Stage(BaseModel):
    """One stage of a run."""

    name: Literal["upload", "extract", "tables", "hazards"]
    status: Literal["queued", "processing", "done", "failed", "cancelled"]
    progress: float = Field(description="Per cent")


class Frames(BaseModel):
    """Frames published so far, and in all as far as known."""

    published: int
    expected: int | None


class JobError(BaseModel):
    """Why it failed."""

    code: str
    reason: str
    retryable: bool


class Step(BaseModel):
    """Something that can be done now: a request of this API."""

    action: Literal["cancel", "retry", "delete", "frames", "states"]
    method: Literal["GET", "POST", "DELETE"]
    href: str


class VideoFacts(BaseModel):
    """What the file is."""

    duration_ms: int | None
    fps: float | None
    codec: str
    width: int
    height: int
    rotation_degrees: int
    size_bytes: int
    container: str
    sha256: str


class PictureChoice(BaseModel):
    """Format, JPEG quality (null: the usual one) and longer side in pixels (null: full size) of stored frames."""

    format: str
    quality: int | None
    long_side: int | None


class Job(BaseModel):
    """The job document: the same on create, poll and event stream."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    filename: str | None
    status: Literal["queued", "processing", "done", "failed", "cancelled"]
    stage: str = Field(description="The first stage that is not done; done at the end")
    stages: list[Stage]
    progress: float = Field(description="Per cent of the whole")
    stuck: bool = Field(
        description="Uploaded, and nothing was heard of it for API_JOB_STUCK_S (300 s); an event says no"
    )
    eta_s: int | None = Field(description="Seconds that extraction may still take, as of updated_at; null if unknown")
    frames: Frames
    sampling: Sampling
    picture: PictureChoice = Field(description="How frames are stored")
    layout_version: int | None = Field(description="Version of the camera's layout that applies; null without one")
    make: list[str]
    started_at: Time | None
    error: JobError | None
    next: list[Step] = Field(description="What can be done with it now")
    gaps: list[dict[str, Any]] = Field(description="Stretches of the video that could not be read")
    video: VideoFacts | None
    created_at: Time
    updated_at: Time


class Upload(BaseModel):
    """Where to send the file: by tus 1.0 to create_url, or bare by POST to content_url. The token is the bearer.

    Where files are kept in S3, parts may go straight there by links from parts_url; elsewhere that is null.
    """

    url: str
    create_url: str
    content_url: str
    parts_url: str | None
    token: str
    expires_at: Time
    max_bytes: int


class NewJob(Job):
    """A job that waits for its upload."""

    upload: Upload


class Frame(BaseModel):
    """A frame with a link that expires."""

    frame_id: str
    index: int
    media_ms: int
    captured_at: Time
    width: int
    height: int
    size_bytes: int
    keyframe: bool
    sharpness: float
    brightness: float
    url: str


class FrameOfVideo(Frame):
    """With whose it is, and where its crops are."""

    video_id: str
    run_id: str
    site_id: str


class Crop(BaseModel):
    """A table cut out of a frame; url opens this JPEG alone, object_key holds all crops of the frame."""

    table_id: str
    box: list[float] = Field(description="x0, y0, x1, y1 in the frame, 0 to 1")
    offset: int
    length: int
    changed: bool | None = Field(description="Whether the region differs from the frame before; null without one")
    change: float | None
    url: str


class Crops(BaseModel):
    """The crops of one frame, in the order of their layout."""

    frame_id: str
    object_key: str
    layout_version: int | None
    items: list[Crop]


class Thumbnails(BaseModel):
    """Links to still pictures; null until they are made."""

    first: str | None
    best: str | None


class Deleting(BaseModel):
    """A deletion under way; deleted_at when everything is gone."""

    video_id: str
    status: Literal["deleting", "deleted"]
    requested_at: Time
    deleted_at: Time | None


class State(BaseModel):
    """The state of a table, as of now: a live state past expires_at reads unknown, with `expired` true."""

    table_id: str
    site_id: str
    run_id: str | None
    video_id: str | None = Field(None, description="Video that the run goes through")
    camera_ids: list[str]
    version: int
    state: str
    previous_state: str | None
    confidence: float
    as_of: Time
    since: Time
    expires_at: Time
    expired: bool
    reason: str
    evidence: dict[str, Any]
    last: bool


class Turn(BaseModel):
    """A state that a table came to: the record that told of it, and when the next one came."""

    table_id: str
    site_id: str
    run_id: str | None
    video_id: str | None = Field(None, description="Video that the run goes through")
    camera_ids: list[str]
    version: int
    state: str
    previous_state: str | None
    confidence: float
    as_of: Time
    since: Time
    until: Time | None = Field(description="When the next state began; null while it holds")
    duration_ms: int | None
    reason: str
    evidence: dict[str, Any]
    last: bool


class Table(BaseModel):
    """A table: the same one in all layout versions."""

    table_id: str
    site_id: str
    camera_id: str
    section_id: str | None
    label: str
    seats: int | None
    created_at: Time
    retired_at: Time | None = Field(
        description="When the newest layout left it out, or its camera was deleted; else null"
    )


class TableVersion(BaseModel):
    """The table as a layout version drew it."""

    version: int
    created_at: Time
    label: str
    seats: int | None
    polygon: list[list[float]]


class TableWithState(Table):
    """With its live state, and the newest 100 layout versions that have it."""

    state: State | None
    layouts: list[TableVersion]


class Hazard(BaseModel):
    """An alert; picture_url opens the frame that shows it best."""

    hazard_id: str
    site_id: str
    camera_id: str | None
    run_id: str | None
    version: int
    kind: str
    status: str
    severity: str
    confidence: float
    box: list[float] | None
    near_table_ids: list[str]
    opened_at: Time
    as_of: Time
    evidence: dict[str, Any]
    actor: str | None
    note: str | None
    last: bool
    picture_url: str | None


class Command(BaseModel):
    """An action that was passed on; its effect comes as an event."""

    command_id: str
    hazard_id: str
    action: str


class Key(BaseModel):
    """A key without its secret."""

    key_id: str
    prefix: str
    name: str
    scopes: list[Scope]
    site_ids: list[str] | None
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class NewKey(Key):
    """A key with its text, which is shown this once."""

    key: str


class RotatedKey(NewKey):
    """The key that takes the place of another."""

    replaces: str = Field(description="key_id of the old key, which opens until old_expires_at")
    old_expires_at: Time


class Link(BaseModel):
    """A link that opens one object, whole or ranges of it, until expires_at."""

    object_key: str
    url: str
    expires_at: Time
    size_bytes: int


class Session(BaseModel):
    """Who is signed in."""

    key_id: str
    scopes: list[str]
    site_ids: list[str] | None
