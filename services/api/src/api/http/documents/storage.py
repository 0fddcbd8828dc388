"""Documents of what a site stores and may store."""

from pydantic import BaseModel, ConfigDict, Field

from api.http.documents.common import Body, TimeText, Whole


class Quota(Body):
    """What a site may store, bytes; null, or left out: the default of the installation."""

    model_config = ConfigDict(json_schema_extra={"example": {"original_bytes": 549755813888, "picture_bytes": None}})

    original_bytes: Whole | None = Field(None, ge=0, le=2**62, description="Most bytes of original videos")
    picture_bytes: Whole | None = Field(None, ge=0, le=2**62, description="Most bytes of frames and crops together")


class Originals(BaseModel):
    """Original videos, bytes."""

    used_bytes: int
    reserved_bytes: int = Field(description="Files that are announced with their size and not stored yet")
    limit_bytes: int


class Pictures(BaseModel):
    """Frames and crops, bytes."""

    used_bytes: int = Field(description="Frames and crops together")
    frames_bytes: int
    crops_bytes: int
    reserved_bytes: int = Field(description="Set aside for runs that are under way")
    limit_bytes: int


class Usage(BaseModel):
    """What a site stores, by kind, and its limits; a few seconds old."""

    site_id: str
    originals: Originals
    pictures: Pictures
    as_of: TimeText
