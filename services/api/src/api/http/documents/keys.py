"""Documents of API keys and sessions."""

from pydantic import BaseModel, ConfigDict, Field

from api.http.documents.common import Body, Id, Name, Time, TimeText, Whole
from api.model.access import Scope


class NewKey(Body):
    """A key to create."""

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
    expires_at: Time | None = None


class Rotation(Body):
    """How a key is replaced."""

    model_config = ConfigDict(json_schema_extra={"example": {"grace_s": 3600}})

    grace_s: Whole = Field(0, ge=0, le=604_800, description="How long the old key stays valid, seconds; up to a week")


class Key(BaseModel):
    """A key without its secret."""

    key_id: str
    prefix: str
    name: str
    scopes: list[Scope]
    site_ids: list[str] | None
    created_at: TimeText
    expires_at: TimeText | None
    revoked_at: TimeText | None
    last_used_at: TimeText | None


class CreatedKey(Key):
    """A key with its text, which is shown this once."""

    key: str


class RotatedKey(CreatedKey):
    """A key that replaces another one."""

    replaces: str = Field(description="key_id of the old key, which is valid until old_expires_at")
    old_expires_at: TimeText


class SignIn(Body):
    """The key of a user who signs in with a browser."""

    key: str = Field(max_length=400)


class Session(BaseModel):
    """Who is signed in."""

    key_id: str
    scopes: list[str]
    site_ids: list[str] | None
