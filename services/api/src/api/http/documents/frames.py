"""Documents of frames and their crops."""

from pydantic import BaseModel, Field

from api.http.documents.common import TimeText


class Frame(BaseModel):
    """A frame with a link that expires."""

    frame_id: str
    index: int
    media_ms: int
    captured_at: TimeText
    width: int
    height: int
    size_bytes: int
    keyframe: bool
    sharpness: float
    brightness: float
    url: str


class FrameOfVideo(Frame):
    """With the video, run and site that it belongs to."""

    video_id: str
    run_id: str
    site_id: str


class Crop(BaseModel):
    """The picture of a table in a frame; url opens this JPEG alone, object_key has all crops of the frame."""

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
