"""Documents of what layouts are pulled from."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool

from api.http.documents.common import Body, TimeText, Whole, _plain
from api.http.documents.layouts import LayoutWarning
from api.model.errors import AddressHasCredentials, AddressInvalid
from api.model.layout_sources import EVERY_S, LEAST_EVERY_S, MOST_EVERY_S
from outbound import HTTP, MAX_LENGTH, BadAddress, has_credentials, parse

_TOKEN = re.compile(r"([A-Za-z0-9._~+/-]+=*)?")


def _b64token(token: SecretStr) -> SecretStr:
    """As RFC 6750, 2.1 has it: nothing that could end a header."""
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("letters, digits and -._~+/ alone, with = at the end")
    return token


MOST_URL = MAX_LENGTH - 100
"""Characters: what is asked has the camera's id and the size of its picture too."""
_EVERY = "Seconds between two pulls that succeed"
_SEND = "Send the last good snapshot with each question (POST); false: no picture leaves (GET)"


class NewLayoutSource(Body):
    """An external cropper to ask for the camera's layout."""

    model_config = ConfigDict(json_schema_extra={"example": {"url": "https://cropper.example/layout", "every_s": 600}})

    url: Annotated[str, Field(min_length=1, max_length=MOST_URL), AfterValidator(_plain)] = Field(
        description="http:// or https://, without a user name or a secret in it"
    )
    every_s: Whole = Field(EVERY_S, ge=LEAST_EVERY_S, le=MOST_EVERY_S, description=_EVERY)
    token: Annotated[SecretStr, Field(max_length=2000), AfterValidator(_b64token)] | None = Field(
        None,
        description="Sent as `Authorization: Bearer`; stored sealed, for this address only, and never answered. Left"
        " out or null: the stored one stays while scheme, host and port do; empty: none",
    )
    send_picture: StrictBool = Field(False, description=_SEND)

    def check_url(self) -> None:
        """Raises AddressHasCredentials, AddressInvalid."""
        if has_credentials(self.url):
            raise AddressHasCredentials("Leave them out of the address; give a token.")
        try:
            parse(self.url, HTTP)
        except BadAddress as error:
            raise AddressInvalid(f"The address cannot be read: {error}.") from error
        if self.url.endswith(("?", "#")):
            raise AddressInvalid("The address cannot be read: it ends with ? or #.")


class LayoutPull(BaseModel):
    """What came of a pull."""

    at: TimeText
    code: str = Field(
        description="`layout_pulled`: a version was made; `layout_unchanged`; else why the layout stays as it is:"
        " `layout_source_unreachable` and others that begin so, or what a PUT of the layout would be refused with"
        " (docs/layouts.md)"
    )
    sentence: str = Field(description="For a person")
    version: int | None = Field(description="The version that was made; null: none")


class PulledVersion(BaseModel):
    """What a pulled version changed of the one before, as the answer to a PUT of a layout has it."""

    version: int
    at: TimeText
    kept: list[str]
    new: list[str]
    retired: list[str]
    merged_from: dict[str, list[str]]
    split_from: dict[str, str]
    warnings: list[LayoutWarning]


class LayoutSource(BaseModel):
    """The external cropper that a camera's layout is pulled from."""

    camera_id: str
    site_id: str
    url: str
    every_s: int = Field(description=_EVERY)
    send_picture: bool = Field(description=_SEND)
    has_token: bool
    created_at: TimeText
    updated_at: TimeText
    pulls: int = Field(description="How many have ended since the settings were changed")
    failures: int = Field(description="How many of the last ones failed, in a row")
    next_at: TimeText = Field(description="When the next one is due")
    last: LayoutPull | None = Field(description="null: none has ended since the settings were changed")
    made: PulledVersion | None = Field(description="The newest version that a pull made; null: none yet")
