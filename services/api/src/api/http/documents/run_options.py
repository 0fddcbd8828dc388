"""What the uploader of a video may choose for its run: how a request gives it, and how the job document shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.http.documents.common import Body, Id, PlainText, Whole
from api.model.plan import choose_picture, choose_sampling

SamplingMode = Literal["cadence", "keyframes", "all"]
PictureFormat = Literal["jpeg", "png"]
LayoutChoice = Literal["current", "at_time"]
Product = Literal["frames", "tables", "hazards"]


class Sampling(Body):
    """Which frames are taken."""

    mode: SamplingMode | None = None
    every_ms: Whole | None = None


class Picture(Body):
    """How frames are stored: JPEG of a quality, or PNG without loss; scaled down to a longer side, never up."""

    format: PictureFormat = "jpeg"
    quality: Whole | None = Field(default=None, ge=1, le=100, description="Of JPEG; null: 85")
    long_side: Whole | None = Field(default=None, ge=64, le=32768, description="Pixels; null: full size")


class NewVideo(Body):
    """A video that will be uploaded, and what to make of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sampling": {"mode": "cadence", "every_ms": 1000},
                "picture": {"format": "jpeg", "quality": 90, "long_side": 1280},
                "filename": "evening.mp4",
            }
        }
    )

    site_id: Id | None = None
    camera_id: Id | None = None
    sampling: Sampling | None = None
    picture: Picture | None = None
    layout: LayoutChoice | Annotated[Whole, Field(ge=1, lt=2**31)] | None = Field(
        None,
        description="Which version of the camera's layout applies: the newest one, the one that was in force at"
        " started_at, or one by its number. Null: at started_at where that is given and a layout was in force,"
        " otherwise the newest",
    )
    make: list[Product] | None = Field(None, max_length=10)
    started_at: datetime | None = Field(None, description="Start of the recording, with a time zone")
    filename: Annotated[PlainText, Field(max_length=500)] | None = None
    size_bytes: Whole | None = Field(
        None,
        ge=0,
        le=2**62,
        description="Exact size of the file: with it a file that has no room is refused before it is sent, and one of"
        " another size by ingest (`length_mismatch`). Null: not known yet",
    )


class ChosenSampling(BaseModel):
    """Which frames are taken."""

    mode: str
    every_ms: int | None


class PictureChoice(BaseModel):
    """Format, JPEG quality (null: the default) and longer side in pixels (null: full size) of stored frames."""

    format: str
    quality: int | None
    long_side: int | None


class ChosenOptions(BaseModel):
    """The options as the job document shows them."""

    sampling: ChosenSampling
    picture: PictureChoice = Field(description="How frames are stored")


def choose_options(asked: NewVideo, every_ms: int) -> dict[str, Any]:
    """The options of the manifest, by field name. Raises SamplingInvalid, PictureInvalid."""
    sampling, picture = asked.sampling or Sampling(), asked.picture or Picture()
    return {
        "sampling": choose_sampling(sampling.mode, sampling.every_ms, every_ms),
        "picture": choose_picture(picture.format, picture.quality, picture.long_side),
    }
