"""Documents of discoveries."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from api.http.documents.common import Body, Id, TimeText, _plain
from api.http.documents.contract import fields_of
from api.model.errors import UserRequired
from api.model.probes import OF_PROBE
from credentials import Credentials

if TYPE_CHECKING:
    Answer = BaseModel
else:
    Answer = fields_of("camera.probe", without=("version", "probe_id", "action", "status", "answered_at", *OF_PROBE))


class NewDiscovery(Body):
    """Cameras to look for."""

    model_config = ConfigDict(
        json_schema_extra={"example": {}, "examples": [{}, {"site_id": "site_1", "user": "admin", "password": "…"}]}
    )

    site_id: Id | None = None
    user: Annotated[str, Field(max_length=200), AfterValidator(_plain)] | None = Field(
        default=None,
        description="User name that cameras are asked with which tell a stranger nothing; sealed for this discovery,"
        " and deleted after it",
    )
    password: Annotated[SecretStr, Field(max_length=400)] | None = Field(
        default=None, description="Its password, the same way; cameras are sent a digest of it, never itself"
    )

    def credentials(self) -> Credentials | None:
        """None where none were given. Raises UserRequired."""
        if self.password is not None and not self.user:
            raise UserRequired("Give user and password together.")
        password = "" if self.password is None else self.password.get_secret_value()
        return Credentials(self.user, password) if self.user else None


class Discovery(Answer):
    """What was asked for, and what came of it."""

    discovery_id: str = Field(description="In `camera.probe` of the event stream it is `probe_id`")
    expires_at: TimeText = Field(description="By then there is an answer, or the discovery has failed")
    status: str = Field(
        description="waiting: not answered yet; done: `devices` holds what was found, which may be nothing; failed:"
        " `error` says what is wrong and what to do"
    )
    answered_at: TimeText | None
