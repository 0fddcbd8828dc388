"""The view of a camera or run: its newest judged frame."""

from pydantic import BaseModel, Field

from api.http.documents.common import TimeText
from api.http.documents.tables import State


class JudgedBy(BaseModel):
    """The model that judged."""

    name: str
    version: str


class Seen(BaseModel):
    """One detection that counted, or that made a table doubtful."""

    label: str = Field(description="What it is: person, cup and so on")
    score: float = Field(description="Of the detector, 0 to 1")
    box: list[float] = Field(description="x0, y0, x1, y1 in the frame, 0 to 1")
    table_id: str | None = Field(description="The table that the rule gives it to")
    share: float | None = Field(description="How much of the box is inside that table's zone, 0 to 1")
    second_table_id: str | None = Field(description="The table that the second opinion gives it to")
    doubtful: bool = Field(description="Whether it made a table unknown")
    ignored: str | None = Field(description="Why it counts for no table: `ignore_area`, or null; more may come")


class JudgedTable(BaseModel):
    """What the frame says of one table, and its state, which many frames led to."""

    table_id: str
    label: str | None = Field(description="What people call it; null when the layout is gone")
    verdict: str = Field(description="free, occupied or unknown")
    confidence: float
    people: int
    things: int
    reason: str | None = Field(description="Why nobody can tell: a code of unknown_reason, or one of the classifier's")
    reason_text: str | None
    state: State | None


class Look(BaseModel):
    """What one frame says of one table, with the detections that concern it and a sentence."""

    frame_id: str
    camera_id: str | None = Field(description="Which camera looked; null of a video that names none")
    captured_at: TimeText
    layout_version: int | None
    model: JudgedBy
    rule: str
    url: str
    table_id: str
    label: str | None
    verdict: str
    confidence: float
    people: int
    things: int
    reason: str | None
    reason_text: str | None
    seen: list[Seen]
    why: str


class Why(BaseModel):
    """The state of a table, and the newest of the frames that it was concluded from."""

    table_id: str
    state: State | None = Field(description="null: no camera has reported on it")
    looks: list[Look] = Field(
        description="Newest first, at least one of each camera that votes; without those past their retention"
    )


class View(BaseModel):
    """The newest frame that was judged, with what was seen in it.

    As data of the event `camera.view` its tables have no `state`: the stream has `table.state`.
    """

    site_id: str
    camera_id: str | None
    run_id: str | None
    video_id: str | None
    frame_id: str
    frame_key: str
    captured_at: TimeText
    width: int
    height: int
    layout_version: int | None
    model: JudgedBy
    rule: str = Field(description="The way from detections to verdicts, by name")
    seen: list[Seen]
    tables: list[JudgedTable]
    url: str = Field(description="A link to the picture, which expires")
