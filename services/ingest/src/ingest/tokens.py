"""Upload tokens: what the api allows one uploader to send, signed."""

import re
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from pydantic import SecretStr

from ingest.refusals import Refused

AUDIENCE = "tablewatch-upload"
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadToken:
    """Claims of a token: the video, its run, and the limits (`max_bytes`, `max_duration_ms` of media time)."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    layout_key: str | None
    manifest_key: str
    sampling: dict[str, Any]
    make: list[str]
    started_at: datetime | None
    max_bytes: int
    max_duration_ms: int
    picture: dict[str, Any] | None = None


def read_token(authorization: str | None, secret: SecretStr) -> UploadToken:
    """The token of an Authorization header. Raises Refused: token_missing, token_invalid, token_expired."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Refused("token_missing", headers={"WWW-Authenticate": "Bearer"})
    try:
        token, expires_at = _verified(text.strip(), secret.get_secret_value())
    except jwt.ExpiredSignatureError:
        raise Refused("token_expired") from None
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise Refused("token_invalid") from None
    if expires_at <= time.time():
        raise Refused("token_expired")
    return token


@lru_cache(maxsize=256)
def _verified(text: str, secret: str) -> tuple[UploadToken, int]:
    """A token and when it expires (Unix time). Kept, since every request of an upload brings the same one again."""
    claims = jwt.decode(
        text,
        secret,
        algorithms=["HS256"],
        audience=AUDIENCE,
        options={"require": ["exp", "aud", "video_id", "run_id", "site_id"]},
    )
    return _read_claims(claims), int(claims["exp"])


def _read_claims(claims: dict[str, Any]) -> UploadToken:
    if not _FILE_NAME.fullmatch(claims["video_id"]):
        raise ValueError("video_id names a file here and must be plain")
    started_at = claims.get("started_at")
    sampling = claims["sampling"]
    return UploadToken(
        video_id=claims["video_id"],
        run_id=claims["run_id"],
        site_id=claims["site_id"],
        camera_id=claims.get("camera_id"),
        layout_key=claims.get("layout_key"),
        manifest_key=claims["manifest_key"],
        sampling={"mode": sampling["mode"], "every_ms": sampling.get("every_ms")},
        make=list(claims["make"]),
        started_at=None if started_at is None else datetime.fromisoformat(started_at),
        max_bytes=int(claims["max_bytes"]),
        max_duration_ms=int(claims["max_duration_ms"]),
        picture=_picture(claims.get("picture")),
    )


def _picture(claim: dict[str, Any] | None) -> dict[str, Any] | None:
    """How frames are stored; a token that says nothing of it asks for the usual."""
    if claim is None:
        return None
    return {"format": str(claim["format"]), "quality": claim["quality"], "long_side": claim["long_side"]}
