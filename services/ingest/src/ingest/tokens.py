"""Upload tokens: what the api allows one uploader to send, signed (JWT, HS256)."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

import jwt
from pydantic import SecretStr

from ingest.refusals import TokenExpired, TokenInvalid, TokenMissing
from tablewatch_schemas import ContractError
from tablewatch_schemas.manifest import RunSpec
from webserver.forwarded import is_path

AUDIENCE = "tablewatch-upload"
BASE = "/v1/uploads"
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadToken:
    """Claims of a token: the run, the limits of its file (`max_duration_ms` of media time), and where it is sent to.

    `create_url` is the address that creates an upload, as uploaders see it; empty in tokens of releases before.
    `size_bytes` is the size of the file where the API was told it, and then exact.
    """

    run: RunSpec
    max_bytes: int
    max_duration_ms: int
    create_url: str = ""
    size_bytes: int | None = None

    @property
    def video_id(self) -> str:
        """The upload that the token is for."""
        return self.run.video_id


def read_token(authorization: str | None, secret: SecretStr, now: datetime) -> UploadToken:
    """The token of an Authorization header. Raises Refusal: token_missing, token_invalid, token_expired."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise TokenMissing(headers={"WWW-Authenticate": "Bearer"})
    try:
        token, expires_at = _verified(text.strip(), secret.get_secret_value())
    # A header that is nested deep raises RecursionError, before the signature is looked at; int() of infinity the other
    except (jwt.InvalidTokenError, ContractError, KeyError, TypeError, ValueError, RecursionError, OverflowError):
        raise TokenInvalid from None
    if expires_at <= now.timestamp():
        raise TokenExpired
    return token


@lru_cache(maxsize=256)
def _verified(text: str, secret: str) -> tuple[UploadToken, int]:
    """A token and when it expires (Unix time). Cached: every request of an upload brings the same one."""
    claims = jwt.decode(
        text,
        secret,
        algorithms=["HS256"],
        audience=AUDIENCE,
        options={"require": ["exp", "aud"], "verify_exp": False},  # the time is compared with the clock passed in
    )
    run = RunSpec.from_dict(claims)
    if not _FILE_NAME.fullmatch(run.video_id):
        raise ValueError("video_id names a file here and must be plain")
    limits = {name: int(claims[name]) for name in ("max_bytes", "max_duration_ms")}
    create_url = str(claims.get("create_url", ""))
    if not is_path(urlsplit(create_url).path):
        raise ValueError("what create_url ends with is no path")
    size = claims.get("size_bytes")
    size_bytes = None if size is None else int(size)
    return UploadToken(run=run, create_url=create_url, size_bytes=size_bytes, **limits), int(claims["exp"])
