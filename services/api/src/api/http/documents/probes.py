"""Documents of probes."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from api.http.documents.cameras import TRANSPORT, Source, Transport
from api.http.documents.common import Body, Id, TimeText, _plain
from api.http.documents.contract import fields_of
from api.model.probes import OF_DISCOVERY

if TYPE_CHECKING:
    Answer = BaseModel
else:
    Answer = fields_of(
        "camera.probe",
        without=("version", "action", "status", "answered_at", "snapshot_key", *OF_DISCOVERY),
    )


ProbeSourceType = Literal["rtsp", "hls", "snapshot", "file"]


class ProbeSource(Body):
    """What to open."""

    type: ProbeSourceType = "rtsp"
    address: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_plain)] = Field(
        description="As of a camera: rtsp:// or rtsps://; hls, snapshot: http:// or https://; file: a path in the"
        " site's folder of local files"
    )
    user: Annotated[str, Field(max_length=200), AfterValidator(_plain)] | None = Field(
        default=None, description="User name of the camera; sealed for this probe, and deleted after it"
    )
    password: Annotated[SecretStr, Field(max_length=400)] | None = Field(
        default=None, description="Its password, the same way"
    )
    transport: Transport | None = TRANSPORT

    def as_of_camera(self) -> Source:
        """To be checked as the source of a camera is."""
        return Source(
            type=self.type, address=self.address, user=self.user, password=self.password, transport=self.transport
        )


class NewProbe(Body):
    """A camera to open once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"source": {"address": "rtsp://192.168.1.20:554/stream1"}},
            "examples": [
                {"source": {"address": "rtsp://192.168.1.20:554/stream1", "user": "admin", "password": "…"}},
                {"site_id": "site_1", "source": {"type": "snapshot", "address": "http://192.168.1.20/snapshot.jpg"}},
            ],
        }
    )

    site_id: Id | None = None
    source: ProbeSource


class ProbedSource(BaseModel):
    """What was opened."""

    type: str
    address: str


class Probe(Answer):
    """What was asked for, and what came of it."""

    source: ProbedSource
    expires_at: TimeText = Field(description="By then there is an answer, or the probe has failed")
    status: str = Field(
        description="waiting: not answered yet; done: `found` says what the camera sends; failed: `error` says what is"
        " wrong and what to do"
    )
    answered_at: TimeText | None
    snapshot_url: str | None = Field(
        description="Link to a picture of the camera; the picture is deleted after an hour"
    )
