"""Documents of cameras."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool

from api.http.documents.common import Body, DetectorName, Id, Name, TimeText, Whole, _plain, _text
from api.http.documents.contract import document_of
from api.http.documents.opening_hours import HoursOrNothing, NewOpeningHours, OpeningHours, never_null
from api.model.errors import AddressHasCredentials, AddressInvalid, AddressRequired, TransportInvalid, UserRequired
from credentials import Credentials
from outbound import HTTP, RTSP, BadAddress, has_credentials, parse
from outbound.paths import parse_path

SCHEMES = {"rtsp": RTSP, "hls": HTTP, "snapshot": HTTP}
"""Of addresses, with their default ports, by the type of the source."""
SourceType = Literal["none", "rtsp", "hls", "snapshot", "file"]
Transport = Literal["tcp", "udp"]
TRANSPORT = Field(
    default=None,
    description="Of rtsp://: how the camera sends its pictures; null: over TCP. Over UDP a lost packet costs the"
    " pictures up to the next keyframe, and nothing is encrypted, so that rtsps:// goes over TCP alone",
)


class Source(Body):
    """Where a camera's pictures come from; `none` for a camera with uploaded videos only."""

    type: SourceType = "none"
    address: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] | None = Field(
        default=None,
        description="rtsp: rtsp:// or rtsps://; hls, snapshot: http:// or https://, of a playlist or a picture (JPEG or"
        " PNG); file: a path in the site's folder of local files",
    )
    secret_ref: Name | None = Field(default=None, description="As it was answered, to keep user name and password")
    user: Annotated[str, Field(max_length=200), AfterValidator(_plain)] | None = Field(
        default=None, description="User name of the camera; stored sealed, for this address only, and never answered"
    )
    password: Annotated[SecretStr, Field(max_length=400)] | None = Field(
        default=None, description="Its password, the same way"
    )
    transport: Transport | None = TRANSPORT


_LOOK_EVERY = (
    "While nothing changes at its tables, a classifier looks at one picture in so many milliseconds; 0: at every one"
)


_HOURS = "When pictures are taken of it; outside of them capture rests, `status` is paused, and its tables are unknown."
_OPENING_HOURS = f"{_HOURS} Null: as its site has it"
_MADE_WITH_HOURS = f"{_HOURS} Left out: as its site has it"


_NUMBER = "What people call it by, unique among the cameras of its site. Another one keeps the `camera_id`"
_SECTION = "The section of the site that it hangs in"
_NOTES = "For people: where the ladder is, who installed it"
MOST_NUMBER = 9999
Notes = Annotated[str, Field(max_length=2000), AfterValidator(_text)]


class NewCamera(Body):
    """A view of a site."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Window side"}})

    site_id: Id | None = None
    name: Name
    number: Whole | None = Field(
        None, ge=1, le=MOST_NUMBER, description=f"{_NUMBER}. Left out: the lowest that no camera of the site has"
    )
    section_id: Id | None = Field(None, description=_SECTION)
    notes: Notes | None = Field(None, description=_NOTES)
    source: Source = Source()
    enabled: StrictBool = True
    cadence_ms: Whole = Field(10_000, ge=100, le=3_600_000, description="One picture every so many milliseconds")
    look_every_ms: Whole = Field(0, ge=0, le=3_600_000, description=_LOOK_EVERY)
    max_age_ms: Whole = Field(60_000, ge=1, le=86_400_000)
    detector: DetectorName = None
    opening_hours: HoursOrNothing = Field(None, description=_MADE_WITH_HOURS, json_schema_extra=never_null)


class CameraChange(Body):
    """The fields to change; the others stay, also those that are null, but for `detector`, `opening_hours`,
    `section_id` and `notes`."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Window side, left"}})

    name: Name | None = None
    number: Whole | None = Field(None, ge=1, le=MOST_NUMBER, description=_NUMBER)
    section_id: Id | None = Field(None, description=_SECTION)
    notes: Notes | None = Field(None, description=_NOTES)
    source: Source | None = None
    enabled: StrictBool | None = None
    cadence_ms: Whole | None = Field(None, ge=100, le=3_600_000)
    look_every_ms: Whole | None = Field(None, ge=0, le=3_600_000, description=_LOOK_EVERY)
    max_age_ms: Whole | None = Field(None, ge=1, le=86_400_000)
    detector: DetectorName = None
    opening_hours: NewOpeningHours | None = Field(None, description=_OPENING_HOURS)


class CameraSource(BaseModel):
    """Where pictures come from."""

    type: str
    address: str | None
    secret_ref: str | None
    transport: str | None = None


class Capture(BaseModel):
    """Whether anything reads the source of the camera."""

    state: str = Field(
        description="none: the camera has no source; captured: pictures are taken of it while it is enabled, and"
        " `status` of one camera says how it is; unsupported: the source is kept, and nothing reads it yet. Others may"
        " be added"
    )
    reason: str | None = Field(description="A sentence to show; null where there is nothing to say")


_STATE = (
    "How far it has come: draft (registered, and not switched on yet, or without a source), verifying (switched on, and"
    " no good picture of this source yet), verified (pictures come, and no tables are drawn), live (both), paused"
    " (switched off by somebody). Whether it is well now is its `status`: a live camera that is offline stays live."
    " Others may be added"
)


class Camera(BaseModel):
    """A view of a site."""

    camera_id: str
    site_id: str
    number: int | None = Field(description=f"{_NUMBER}. Null: added by an older version; give it one")
    name: str
    section_id: str | None = Field(description=_SECTION)
    notes: str | None = Field(description=_NOTES)
    enabled: bool
    source: CameraSource
    capture: Capture
    state: str = Field(description=_STATE)
    cadence_ms: int
    look_every_ms: int
    max_age_ms: int
    detector: DetectorName
    opening_hours: OpeningHours | None = Field(description=_OPENING_HOURS)
    version: int
    layout_version: int | None
    created_at: TimeText
    updated_at: TimeText


class CameraTransition(BaseModel):
    """From one state of a camera to another; in the event `camera.state` too."""

    camera_id: str
    site_id: str
    seq: int = Field(description="1, 2, 3, … of the camera")
    at: TimeText
    previous_state: str | None = Field(description="Null: it was registered")
    state: str = Field(description=_STATE)
    why: str = Field(
        description="registered, switched_on, resumed, paused, first_picture, tables_drawn, tables_removed,"
        " address_changed or source_removed. Others may be added"
    )
    reason: str = Field(description="Why, for a person")
    who: str = Field(
        description="key: somebody asked for it with that key; camera: what it sends did; cropper: a pulled layout"
    )
    key_id: str | None
    key_name: str | None = Field(description="Name of that key at the time, or from where a layout was pulled")


class CameraWithStatus(Camera):
    """With its health, as far as known."""

    status: document_of("camera.status") | None  # type: ignore[valid-type]


def checked_source(source: Source) -> dict[str, str | None]:
    """The source as it is stored, but for user name and password. Raises AddressRequired, AddressHasCredentials,
    AddressInvalid, UserRequired, TransportInvalid."""
    if source.type != "none" and not source.address:
        raise AddressRequired(f"A source of type {source.type} needs an address.")
    if has_credentials(source.address or ""):
        raise AddressHasCredentials("Leave them out of the address and give them as user and password.")
    if source.type != "none":
        _check_address(source.type, source.address or "")
    if source.password is not None and not source.user:
        raise UserRequired("Give user and password together.")
    if source.transport is not None:
        _check_transport(source)
    given = {"type": source.type, "address": source.address, "secret_ref": source.secret_ref}
    return given | {"transport": source.transport}


def _check_transport(source: Source) -> None:
    """Raises TransportInvalid."""
    if source.type != "rtsp":
        raise TransportInvalid(f"A source of type {source.type} has no transport.")
    if source.transport == "udp" and (source.address or "").lower().startswith("rtsps:"):
        raise TransportInvalid("Over UDP the pictures of an rtsps:// address would not be encrypted.")


def _check_address(source_type: str, address: str) -> None:
    """As the extractor reads it; whether it may be connected to is known there alone. Raises AddressInvalid."""
    try:
        parse_path(address) if source_type == "file" else parse(address, SCHEMES[source_type])
    except BadAddress as error:
        raise AddressInvalid(f"The address cannot be read: {error}.") from error


def credentials_of(source: Source) -> Credentials | None:
    """What is to be sealed; None where none were given."""
    if not source.user or source.address is None:
        return None
    return Credentials(source.user, source.password.get_secret_value() if source.password is not None else "")
