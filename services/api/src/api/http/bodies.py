"""Request bodies."""

import zoneinfo
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from api.access import Scope
from api.pictures import EVIDENCE_ID, FRAME_ID, OBJECT_KEY
from api.problems import Problem


def _plain(text: str) -> str:
    """Text that a database and a log can keep."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise ValueError("control characters are not allowed")
    return text


def _zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise ValueError("not a time zone of the IANA list, e.g. Europe/Vienna")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Zone = Annotated[Name, AfterValidator(_zone)]
Id = Annotated[str, Field(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def _number(value: object) -> object:
    """What JSON calls a number: pydantic would take "1" and true for 1."""
    if isinstance(value, str | bool):
        raise ValueError("not a number")  # noqa: TRY004 (pydantic makes a problem of a ValueError only)
    return value


Whole = Annotated[int, BeforeValidator(_number)]
Real = Annotated[float, BeforeValidator(_number)]
Points = Annotated[list[Annotated[list[Real], Field(min_length=2, max_length=2)]], Field(max_length=200)]


class Body(BaseModel):
    """A body with nothing in it that we do not know."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class NewSite(Body):
    """A restaurant."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Café Central", "timezone": "Europe/Vienna"}})

    name: Name
    timezone: Zone = "UTC"


class SiteChange(Body):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Café Central, Graben"}})

    name: Name | None = None
    timezone: Zone | None = None


class NewSection(Body):
    """A part of a site."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Terrace"}})

    name: Name


class SectionChange(Body):
    """What shall be different."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Garden"}})

    name: Name | None = None


class Source(Body):
    """Where a camera's pictures come from; `none` for a camera of which only videos are uploaded."""

    type: Literal["none", "rtsp", "hls", "snapshot", "file"] = "none"
    address: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] | None = None
    secret_ref: Name | None = None


class NewCamera(Body):
    """A view of a site."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Window side"}})

    site_id: Id | None = None
    name: Name
    source: Source = Source()
    enabled: StrictBool = True
    cadence_ms: Whole = Field(10_000, ge=100, le=3_600_000)
    max_age_ms: Whole = Field(60_000, ge=1, le=86_400_000)


class CameraChange(Body):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Window side, left"}})

    name: Name | None = None
    source: Source | None = None
    enabled: StrictBool | None = None
    cadence_ms: Whole | None = Field(None, ge=100, le=3_600_000)
    max_age_ms: Whole | None = Field(None, ge=1, le=86_400_000)


class LayoutTable(BaseModel):
    """A table: `polygon` is its seat zone, `top` the table top. Relative coordinates, 0 to 1, y down."""

    model_config = ConfigDict(allow_inf_nan=False)

    table_id: Id | None = None
    label: Name
    seats: Whole | None = Field(None, ge=0, le=1000)
    section_id: Id | None = None
    polygon: Points
    top: Points | None = None


class Reference(BaseModel):
    """Size of the picture that the layout was drawn on, pixels."""

    width: Whole = Field(ge=1, le=32768)
    height: Whole = Field(ge=1, le=32768)


class NewLayout(BaseModel):
    """Tables and floor of a camera's picture. A layout as it was read can be sent back."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "reference": {"width": 1280, "height": 720},
                "tables": [{"label": "1", "seats": 4, "polygon": [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]]}],
                "floor": [[[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]],
            }
        }
    )

    reference: Reference
    tables: list[LayoutTable] = Field(default_factory=list, max_length=500)
    floor: list[Points] = Field(default_factory=list, max_length=100)


class Sampling(Body):
    """Which frames are taken."""

    mode: Literal["cadence", "keyframes", "all"] | None = None
    every_ms: Whole | None = None


class Picture(Body):
    """How frames are stored: JPEG of a quality, or PNG without loss; scaled down to a longer side, never up."""

    format: Literal["jpeg", "png"] = "jpeg"
    quality: Whole | None = Field(None, ge=1, le=100, description="Of JPEG; null: the usual one, 85")
    long_side: Whole | None = Field(None, ge=64, le=32768, description="Pixels; null: full size")


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
    layout: Literal["current", "at_time"] | Annotated[Whole, Field(ge=1, lt=2**31)] | None = Field(
        None,
        description="Which version of the camera's layout applies: the newest one, the one that was in force at"
        " started_at, or one by its number. Null: at started_at where that is given and a layout was in force,"
        " otherwise the newest",
    )
    make: list[Literal["frames", "tables", "hazards"]] | None = Field(None, max_length=10)
    started_at: datetime | None = Field(None, description="Start of the recording, with a time zone")
    filename: Annotated[str, Field(max_length=500), AfterValidator(_plain)] | None = None
    size_bytes: Whole | None = Field(None, ge=0, le=2**62)


class HazardAction(Body):
    """Why somebody acted."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "wiped up"}})

    note: Annotated[str, Field(max_length=1000), AfterValidator(_plain)] | None = None


class NewKey(Body):
    """A key to hand out."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "kitchen display", "scopes": ["read"]},
            "examples": [
                {"name": "kitchen display", "scopes": ["read"]},
                {"name": "menu board", "scopes": ["asset"], "site_ids": ["site_1"]},
            ],
        }
    )

    name: Name
    scopes: list[Scope] = Field(
        min_length=1, max_length=10,
        description="asset: only POST /v1/links; read: everything that is read, with such links; write: reads too;"
        " upload: only POST /v1/videos; admin: all of them, and keys",
    )  # fmt: skip
    site_ids: list[Id] | None = Field(None, min_length=1, max_length=1000, description="None: every site")
    expires_at: AwareDatetime | None = None


class Rotation(Body):
    """How a key is replaced."""

    model_config = ConfigDict(json_schema_extra={"example": {"grace_s": 3600}})

    grace_s: Whole = Field(0, ge=0, le=604_800, description="How long the old key still opens, seconds; up to a week")


class NewLink(Body):
    """A picture as a topic names it: by the key of its object, a frame, a crop or evidence by its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"object_key": "frames/site_1/run_1/000000042.jpg"},
            "examples": [
                {"object_key": "frames/site_1/run_1/000000042.jpg"},
                {"object_key": "crops/site_1/run_1/000000042.bin", "offset": 0, "length": 5120},
                {"frame_id": "run_1-000000042"},
                {"frame_id": "run_1-000000042", "table_id": "tbl_1"},
                {"evidence_id": "0f0c2ab3-6d0e-5a51-9c39-3f1c1c0f7a11", "table_id": "tbl_1", "run_id": "run_1"},
            ],
        }
    )

    object_key: str | None = Field(
        None, max_length=500, pattern=OBJECT_KEY, description="frame_key, crops_key or object_key of a topic"
    )
    offset: Whole | None = Field(
        None, ge=0, lt=10**12, description="With object_key: of one crop, as crop.ready has it"
    )
    length: Whole | None = Field(None, ge=1, lt=10**12, description="With offset: the link opens these bytes only")
    frame_id: str | None = Field(
        None, max_length=100, pattern=FRAME_ID, description="Instead: the id of a frame; with table_id: of a crop of it"
    )
    evidence_id: str | None = Field(
        None, max_length=36, pattern=EVIDENCE_ID,
        description="Instead: one of the evidence_ids of a table.state, with the table_id and run_id that stand there",
    )  # fmt: skip
    table_id: Id | None = Field(None, description="With frame_id or evidence_id")
    run_id: Id | None = Field(None, description="With evidence_id; null on the live lane")

    @model_validator(mode="after")
    def _one(self) -> "NewLink":
        if sum(each is not None for each in (self.object_key, self.frame_id, self.evidence_id)) != 1:
            raise ValueError("give object_key, frame_id or evidence_id, one of them")
        if (self.offset is None) != (self.length is None) or (self.object_key is None and self.offset is not None):
            raise ValueError("offset and length go together, and with object_key")
        if (self.evidence_id is not None and self.table_id is None) or (self.object_key and self.table_id):
            raise ValueError("table_id goes with evidence_id, which needs it, or with frame_id")
        if self.run_id is not None and self.evidence_id is None:
            raise ValueError("run_id goes with evidence_id")
        return self


class SignIn(Body):
    """A browser's key."""

    key: str = Field(max_length=400)


def checked_source(source: Source) -> dict[str, str | None]:
    """The source as it is kept. Raises Problem address_required, address_has_credentials."""
    if source.type != "none" and not source.address:
        raise Problem("address_required", f"A source of type {source.type} needs an address.")
    authority = (source.address or "").partition("://")[2].partition("/")[0]
    if "@" in authority:
        raise Problem(
            "address_has_credentials", "Leave user name and password out of the address and name them by secret_ref."
        )
    return {"type": source.type, "address": source.address, "secret_ref": source.secret_ref}
